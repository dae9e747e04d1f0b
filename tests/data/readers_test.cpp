#include <zlib.h>

#include <chrono>
#include <numeric>

#include "base/hash.hpp"
#include "support.hpp"

using namespace assay;
using namespace assay::testing;
using Catch::Matchers::ContainsSubstring;
using data::Part;

namespace {

std::string big_endian(std::uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
          static_cast<char>(value)};
}

std::string idx_images(std::uint32_t count, std::uint32_t side, int first = 0) {
  std::string text = big_endian(2051) + big_endian(count) + big_endian(side) + big_endian(side);
  for (std::uint32_t i = 0; i < count * side * side; ++i) text += static_cast<char>(first + static_cast<int>(i));
  return text;
}

std::string idx_labels(const std::string& labels) {
  return big_endian(2049) + big_endian(static_cast<std::uint32_t>(labels.size())) + labels;
}

std::string gzip(const std::string& text) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string packed(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

/// Training and validation part in IDX with the given contents.
struct Idx {
  Folder folder;
  std::string images = idx_images(4, 2), labels = idx_labels(std::string("\0\1\2\1", 4));
  std::string valid_images = idx_images(2, 2, 100), valid_labels = idx_labels(std::string("\2\0", 2));
  std::string extra;

  config::Config config() const {
    return data_config("format = \"idx\"\ntrain = " + quoted(folder.write("ti", images)) + "\ntrain_labels = " +
                       quoted(folder.write("tl", labels)) + "\nvalid = " + quoted(folder.write("vi", valid_images)) +
                       "\nvalid_labels = " + quoted(folder.write("vl", valid_labels)) + "\n" + extra);
  }
  std::string error(Part part = Part::train) const {
    return error_of([&] { data::read(config(), part); });
  }
};

}  // namespace

TEST_CASE("IDX: images, labels, plain and gzip") {
  Idx idx;
  const auto train = data::read(idx.config(), Part::train);
  CHECK(train.shape == std::vector<std::int64_t>{1, 2, 2});
  CHECK(train.labels == std::vector<std::int32_t>{0, 1, 2, 1});
  CHECK(train.bytes.size() == 16);
  CHECK(train.bytes[5] == 5);
  CHECK(train.class_names == std::vector<std::string>{"0", "1", "2"});
  CHECK(train.rows() == 4);
  CHECK(train.row_size() == 4);
  const auto valid = data::read(idx.config(), Part::valid, &train);
  CHECK(valid.bytes.front() == 100);
  CHECK(valid.classes() == 3);

  idx.images = gzip(idx.images.substr(0, 10)) + gzip(idx.images.substr(10));  // two members, as `cat a.gz b.gz` gives
  idx.labels = gzip(idx.labels);
  const auto packed = data::read(idx.config(), Part::train);
  CHECK(packed.bytes == train.bytes);
  CHECK(packed.sha256 != train.sha256);
}

TEST_CASE("IDX: what is wrong is named") {
  Idx idx;
  SECTION("truncated") {
    idx.images.pop_back();
    CHECK_THAT(idx.error(), ContainsSubstring("/ti: should hold 16 values") && ContainsSubstring("cut off"));
  }
  SECTION("within the header") {
    idx.images.resize(9);
    CHECK_THAT(idx.error(), ContainsSubstring("header"));
  }
  SECTION("too long") {
    idx.images += "x";
    CHECK_THAT(idx.error(), ContainsSubstring("holds 17"));
  }
  SECTION("gzip cut off") {
    idx.images = gzip(idx.images);
    idx.images.resize(idx.images.size() - 10);
    CHECK_THAT(idx.error(), ContainsSubstring("/ti: the gzip data end too early"));
  }
  SECTION("gzip damaged") {
    idx.images = gzip(idx.images);
    idx.images[idx.images.size() - 6] ^= 0x55;
    CHECK_THAT(idx.error(), ContainsSubstring("damaged"));
  }
  SECTION("wrong magic") {
    idx.images[0] = 'P';
    CHECK_THAT(idx.error(), ContainsSubstring("no IDX file"));
  }
  SECTION("exchanged") {
    std::swap(idx.images, idx.labels);
    CHECK_THAT(idx.error(), ContainsSubstring("exchanged"));
  }
  SECTION("other counts") {
    idx.labels = idx_labels("\1\2");
    CHECK_THAT(idx.error(), ContainsSubstring("4 images, but") && ContainsSubstring("2 labels"));
  }
  SECTION("empty") {
    idx.images.clear();
    CHECK_THAT(idx.error(), ContainsSubstring("/ti: the file is empty"));
  }
  SECTION("label out of range") {
    idx.valid_labels = idx_labels("\1\7");
    CHECK_THAT(idx.error(Part::valid), ContainsSubstring("/vi: row 1 has label 7, which no training row has (0 .. 2)"));
  }
  SECTION("another size") {
    idx.valid_images = idx_images(2, 3);
    CHECK_THAT(idx.error(Part::valid), ContainsSubstring("[1, 3, 3]") && ContainsSubstring("[1, 2, 2]"));
  }
  SECTION("another shape than configured") {
    idx.extra = "shape = [1, 28, 28]\n";
    CHECK_THAT(error_of([&] { data::read(idx.config(), Part::train); }, base::Exit::config),
               ContainsSubstring("data.shape"));
  }
  SECTION("missing") {
    CHECK_THAT(error_of([&] { data::read(idx.config().with({"data.train=/no/such"}), Part::train); }),
               ContainsSubstring("/no/such: there is no such file"));
    CHECK_THAT(error_of([&] { data::read(idx.config().with({"data.train=datasets/no-such.gz"}), Part::train); }),
               ContainsSubstring("datasets/fetch"));
    CHECK_THAT(error_of([&] { data::read(idx.config().with({"data.train=/tmp"}), Part::train); }),
               ContainsSubstring("is a folder"));
  }
}

TEST_CASE("unreadable files are named") {
  Idx idx;  // reading the first page of a process's memory fails for everybody, root included
  CHECK_THAT(error_of([&] { data::read(idx.config().with({"data.train=/proc/self/mem"}), Part::train); }),
             ContainsSubstring("/proc/self/mem"));
}

TEST_CASE("checksums: the table, the list beside the file, the list one folder up") {
  Idx idx;
  const auto good = base::sha256(idx.images);
  const std::string bad(64, '0');
  CHECK_NOTHROW(data::read(idx.config().with({"data.sha256.ti=" + good}), Part::train));
  CHECK_THAT(error_of([&] { data::read(idx.config().with({"data.sha256.ti=\"" + bad + "\""}), Part::train); }),
             ContainsSubstring(good) && ContainsSubstring(bad));
  idx.folder.write("checksums.txt", "# known\n" + bad + "  other\n" + good + " *ti\n");
  CHECK_NOTHROW(data::read(idx.config(), Part::train));
  idx.folder.write("checksums.txt", bad + "  ti\n");
  CHECK_THAT(idx.error(), ContainsSubstring("checksums.txt says " + bad));
  idx.folder.write("checksums.txt", bad + "  set/a.csv\n");
  const auto file = idx.folder.write("set/a.csv", "1,2\n3,4\n");
  CHECK_THAT(error_of([&] { data::read(data_config(csv_lines(file, file)), Part::train); }),
             ContainsSubstring("checksums.txt says"));
}

TEST_CASE("CIFAR records") {
  Folder folder;
  const std::string record =
      std::string(1, '\3') + std::string(1024, 'r') + std::string(1024, 'g') + std::string(1024, 'b');
  const auto a = folder.write("a.bin", record + record), b = folder.write("b.bin.gz", gzip(record));
  const auto lines = [&](const fs::path& last) {
    return "format = \"cifar\"\ntrain = [" + quoted(a) + ", " + quoted(last) + "]\nvalid = " + quoted(a) + "\n";
  };
  const auto dataset = data::read(data_config(lines(b)), Part::train);
  CHECK(dataset.rows() == 3);
  CHECK(dataset.shape == std::vector<std::int64_t>{3, 32, 32});
  CHECK(dataset.bytes[2 * 3072 + 1024] == 'g');
  CHECK(dataset.labels == std::vector<std::int32_t>{3, 3, 3});
  CHECK_THAT(error_of([&] { data::read(data_config(lines(folder.write("c.bin", record + "x"))), Part::train); }),
             ContainsSubstring("c.bin: has 3,074 bytes") && ContainsSubstring("3073"));
  CHECK_THAT(
      error_of([&] { data::read(data_config(lines(folder.write("d.bin", "\x2a" + record.substr(1)))), Part::train); }),
      ContainsSubstring("label 42"));
  const auto small = folder.write("e.bin", "\1abcd\0wxyz" + std::string());
  CHECK_THAT(error_of([&] { data::read(data_config(lines(small) + "shape = [1, 2, 2]\n"), Part::train); }),
             ContainsSubstring("multiple"));
}

TEST_CASE("image folders") {
  Folder folder;
  const auto ppm = [](int width, int height, const std::string& pixels) {
    return "P6\n" + std::to_string(width) + " " + std::to_string(height) + "\n255\n" + pixels;
  };
  folder.write("train/cat/1.ppm", ppm(2, 1, "abcdef"));
  folder.write("train/cat/2.ppm", ppm(2, 1, "ghijkl"));
  folder.write("train/dog/1.ppm", ppm(2, 1, "mnopqr"));
  folder.write("train/dog/notes.txt", "no image");
  folder.write("valid/dog/9.ppm", ppm(2, 1, "mnopqr"));
  const auto config = data_config("format = \"images\"\ntrain = " + quoted(folder / "train") +
                                  "\nvalid = " + quoted(folder / "valid") + "\n");
  const auto train = data::read(config, Part::train);
  CHECK(train.shape == std::vector<std::int64_t>{3, 1, 2});
  CHECK(std::string(train.bytes.begin(), train.bytes.begin() + 6) == "adbecf");
  CHECK(train.labels == std::vector<std::int32_t>{0, 0, 1});
  CHECK(train.class_names == std::vector<std::string>{"cat", "dog"});
  CHECK(data::read(config, Part::valid, &train).labels == std::vector<std::int32_t>{1});
  CHECK(data::read(config.with({"data.shape=[1, 1, 2]"}), Part::train).row_size() == 2);

  SECTION("another size") {
    folder.write("train/dog/2.ppm", ppm(1, 2, "mnopqr"));
    CHECK_THAT(error_of([&] { data::read(config, Part::train); }),
               ContainsSubstring("train/dog/2.ppm: is 2 x 1 pixels") && ContainsSubstring("cat/1.ppm are 1 x 2"));
  }
  SECTION("another colour class") {
    folder.write("train/dog/2.pgm", "P5\n2 1\n255\nab");
    CHECK_THAT(error_of([&] { data::read(config, Part::train); }), ContainsSubstring("dog/2.pgm: is grey, but ") &&
                                                                       ContainsSubstring("cat/1.ppm is in colour") &&
                                                                       ContainsSubstring("shape = [1, 1, 2]"));
    CHECK(data::read(config.with({"data.shape=[3, 1, 2]"}), Part::train).rows() == 4);
    folder.write("valid/dog/8.pgm", "P5\n2 1\n255\nab");
    CHECK_THAT(error_of([&] { data::read(config, Part::valid, &train); }),
               ContainsSubstring("8.pgm: is grey, but the training set is in colour"));
  }
  SECTION("a class name that is not UTF-8") {
    folder.write("train/k\xf6ter/1.ppm", ppm(2, 1, "mnopqr"));
    CHECK_THAT(error_of([&] { data::read(config, Part::train); }), ContainsSubstring("is not UTF-8"));
  }
  SECTION("no image") {
    folder.write("train/dog/2.png", "hello");
    CHECK_THAT(error_of([&] { data::read(config, Part::train); }), ContainsSubstring("2.png: is no image"));
  }
  SECTION("unknown class") {
    folder.write("valid/cow/1.ppm", ppm(2, 1, "mnopqr"));
    CHECK_THAT(error_of([&] { data::read(config, Part::valid, &train); }), ContainsSubstring("no class \"cow\""));
  }
  SECTION("empty class") {
    fs::create_directories(folder / "train/eel");
    CHECK_THAT(error_of([&] { data::read(config, Part::train); }), ContainsSubstring("train/eel: holds no images"));
  }
}

TEST_CASE("external items: labels, groups, ids") {
  Folder folder;
  const auto items = folder.write("items.csv", "id,class,patient\n1,a,p1\n2,b,p1\n3,a,p2\n");
  const auto config = data_config("external = true\nitems = " + quoted(items) +
                                  "\nlabel = \"class\"\ngroup = \"patient\"\nid = \"id\"\n");
  const auto train = data::read(config, Part::train);
  CHECK(train.rows() == 3);
  CHECK(train.labels == std::vector<std::int32_t>{0, 1, 0});
  CHECK(train.groups == std::vector<std::string>{"p1", "p1", "p2"});
  CHECK(train.shape.empty());
  CHECK(data::is_external(config));
  CHECK(data::read(config, Part::valid, &train).rows() == 0);
  CHECK(data::read(config.with({"data.label=\"\"", "data.group=\"\""}), Part::train).rows() == 3);
  CHECK_THAT(error_of([&] { data::read(config.with({"data.label=clas"}), Part::train); }, base::Exit::config),
             ContainsSubstring("did you mean \"class\"?"));
  folder.write("items.csv", "id,class,patient\n1,a,p1\n1,b,p1\n");
  CHECK_THAT(error_of([&] { data::read(config, Part::train); }),
             ContainsSubstring("items.csv:3: the id \"1\" stands already in line 2"));
}

TEST_CASE("Fashion-MNIST is read completely, and fast") {
  NEEDS_PUBLIC_DATA(root, "fashion-mnist");
  const auto config = data_config("format = \"idx\"\ntrain = " + quoted(root / "train-images-idx3-ubyte.gz") +
                                  "\ntrain_labels = " + quoted(root / "train-labels-idx1-ubyte.gz") +
                                  "\nvalid = " + quoted(root / "t10k-images-idx3-ubyte.gz") +
                                  "\nvalid_labels = " + quoted(root / "t10k-labels-idx1-ubyte.gz") + "\n");
  const auto start = std::chrono::steady_clock::now();
  const auto train = data::read(config, Part::train);
  const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  WARN("60,000 images read in " << seconds << " s");
  CHECK(train.rows() == 60000);
  CHECK(train.labels.front() == 9);
  const double mean =
      std::accumulate(train.bytes.begin(), train.bytes.end(), 0.0) / static_cast<double>(train.bytes.size()) / 255;
  CHECK(std::abs(mean - 0.286041) < 1e-6);
  const auto valid = data::read(config, Part::valid, &train);
  CHECK(valid.rows() == 10000);
  CHECK(valid.labels.front() == 9);
}

TEST_CASE("CIFAR-10 (JPEG)") {
  NEEDS_PUBLIC_DATA(root, "cifar10-jpeg");
  const auto config = data_config("format = \"cifar\"\ntrain = " + quoted(root / "cifar10_train8000.bin.gz") +
                                  "\nvalid = " + quoted(root / "cifar10_test2000.bin.gz") + "\n");
  const auto train = data::read(config, Part::train);
  CHECK(train.rows() == 8000);
  CHECK(train.classes() == 10);
  for (std::int32_t i = 0; i < 20; ++i) CHECK(train.labels[static_cast<std::size_t>(i)] == i % 10);
  CHECK(data::read(config, Part::valid, &train).rows() == 2000);
}
