// Whatever stands in a data file, the answer is a data set or a proper error.
#include "base/random.hpp"
#include "support.hpp"

using namespace assay;
using namespace assay::testing;

namespace {

void feed(const std::string& name, const std::string& seed, const std::string& lines, int times) {
  Folder folder;
  base::Rng rng(1, "test", 0, name);
  for (int i = 0; i < times; ++i) {
    auto content = seed;
    for (auto changes = 1 + rng.below(5); changes > 0 && !content.empty(); --changes) {
      const auto at = static_cast<std::size_t>(rng.below(static_cast<std::int64_t>(content.size())));
      switch (rng.below(4)) {
        case 0:
          content.erase(at, static_cast<std::size_t>(rng.below(20)));
          break;
        case 1:
          content.insert(at, 1, ",\"\n;?.9x"[rng.below(8)]);
          break;
        case 2:
          content.resize(at);
          break;
        default:
          content[at] = static_cast<char>(rng.below(256));
      }
    }
    const auto file = folder.write(name, content);
    try {
      const auto config = data_config(lines + "train = " + quoted(file) + "\nvalid = " + quoted(file) + "\n");
      const auto train = data::read(config, data::Part::train);
      data::read(config, data::Part::valid, &train);
      if (train.rows() < 1) FAIL_CHECK("no rows");
    } catch (const base::Error& error) {
      if (error.code() != base::Exit::data && error.code() != base::Exit::config) FAIL_CHECK(error.what());
    } catch (const std::exception& error) {
      FAIL_CHECK(error.what());
    }
  }
}

}  // namespace

TEST_CASE("damaged files of every format are refused properly") {
  feed("t.csv", "age,colour,label\n10,\"red\",yes\n?,blue,no\n30,,no\n20,red,yes\n", "format = \"csv\"\n", 2000);
  feed("c.bin", std::string(5 * 13, '\1'), "format = \"cifar\"\nshape = [3, 2, 2]\n", 500);
  Folder folder;
  const auto labels = folder.write("labels", std::string("\0\0\x08\x01\0\0\0\2\0\1", 10));
  feed("i.idx", std::string("\0\0\x08\x03\0\0\0\2\0\0\0\2\0\0\0\2abcdefgh", 24),
       "format = \"idx\"\ntrain_labels = " + quoted(labels) + "\nvalid_labels = " + quoted(labels) + "\n", 1000);
}

TEST_CASE("gzip shorter than its header and trailer is cut off") {
  Folder folder;
  for (const auto* start : {"\x1f\x8b\x08", "\x1f\x8b\x08\x01\x01\x01\x01\x01\x01\x01\x01"}) {
    const auto file = folder.write("t.csv.gz", start);
    const auto config = data_config(csv_lines(file, file));
    CHECK_THAT(error_of([&] { data::read(config, data::Part::train); }),
               Catch::Matchers::ContainsSubstring("the file is cut off"));
  }
}

TEST_CASE("damaged gzip is refused properly") {
  const auto root = fs::path(ASSAY_SOURCE_DIR) / "datasets" / "optdigits" / "valid.csv.gz";
  if (!fs::exists(root)) SKIP("datasets/optdigits is not there");
  std::ifstream stream(root, std::ios::binary);
  const std::string packed{std::istreambuf_iterator<char>(stream), {}};
  feed("d.csv.gz", packed, "format = \"csv\"\n", 60);
}
