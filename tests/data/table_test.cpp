#include <unistd.h>

#include <cmath>
#include <cstdio>

#include "base/text.hpp"
#include "data/csv.hpp"
#include "support.hpp"

using namespace assay;
using namespace assay::testing;
using Catch::Matchers::ContainsSubstring;
using data::Part;

namespace {

struct Table {
  Folder folder;
  std::string train, valid, extra;

  config::Config config() const {
    return data_config(
        csv_lines(folder.write("train.csv", train), folder.write("valid.csv", valid.empty() ? train : valid)) + extra);
  }
  data::Dataset read() const { return data::read(config(), Part::train); }
  std::string error(Part part = Part::train, base::Exit code = base::Exit::data) const {
    return error_of([&] { data::read(config(), part); }, code);
  }
};

data::Csv csv_of(const std::string& text, char delimiter = ',') {
  data::Content content;
  content.file = "t.csv";
  content.bytes.assign(text.begin(), text.end());
  return data::Csv(std::move(content), delimiter);
}

/// What an action writes to standard error.
std::string errors_of(const std::function<void()>& action) {
  std::FILE* file = std::tmpfile();
  REQUIRE(file != nullptr);
  const int before = ::dup(2);
  ::dup2(::fileno(file), 2);
  action();
  ::dup2(before, 2);
  ::close(before);
  std::rewind(file);
  std::string text(4096, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);
  return text;
}

}  // namespace

TEST_CASE("CSV: quotes, blanks, line ends") {
  const auto csv = csv_of(
      "\xef\xbb\xbf"
      "a, \"b \"\"x\"\", y\" ,c\r\n\r\n1,,\"two\nlines\"\n,2,3");
  REQUIRE(csv.rows() == 3);
  REQUIRE(csv.columns() == 3);
  CHECK(csv.at(0, 0) == "a");
  CHECK(csv.at(0, 1) == "b \"x\", y");
  CHECK(csv.at(0, 2) == "c");
  CHECK(csv.at(1, 1).empty());
  CHECK(csv.at(1, 2) == "two\nlines");
  CHECK(csv.at(2, 0).empty());
  CHECK(csv.line(1) == 3);
  CHECK(csv.line(2) == 5);
  CHECK_THAT(error_of([] { csv_of("1,2\n3,4,5\n"); }),
             ContainsSubstring("t.csv:2: has 3 fields, but the first row has 2"));
  CHECK_THAT(error_of([] { csv_of("1,2\n3\n"); }), ContainsSubstring("t.csv:2: has 1 fields"));
  CHECK_THAT(error_of([] { csv_of("1,\"2\n3,4\n"); }),
             ContainsSubstring("t.csv:1: a quoted field has no closing quote"));
  CHECK_THAT(error_of([] { csv_of("\n\n"); }), ContainsSubstring("holds no rows"));
  CHECK_THAT(error_of([] { csv_of("1,2\n\"3\"x,4\n"); }), ContainsSubstring("t.csv:2: text follows the closing quote"));
  CHECK_THAT(error_of([] { csv_of("\"a\"\"b\" c,4\n"); }), ContainsSubstring("t.csv:1: text follows"));
}

TEST_CASE("CSV: a blank as delimiter") {
  const auto csv = csv_of("1 \"two words\" 3\r\n\"4\" 5 \"6\"\r\n7  \"\"\n", ' ');
  REQUIRE(csv.rows() == 3);
  REQUIRE(csv.columns() == 3);
  CHECK(csv.at(0, 1) == "two words");
  CHECK(csv.at(0, 2) == "3");
  CHECK(csv.at(1, 0) == "4");
  CHECK(csv.at(1, 2) == "6");
  CHECK(csv.at(2, 1).empty());
}

TEST_CASE("numbers are whole fields") {
  double number = 0;
  CHECK((data::parse_number("-1.5e3", number) && number == -1500));
  CHECK((data::parse_number("+2", number) && number == 2));
  for (const char* text : {"", "1x", "inf", "nan", "+-1", "1,5", "1e999x"}) {
    CHECK_FALSE(data::parse_number(text, number));
  }
  CHECK((data::parse_number("1e-999", number) && number == 0));
  CHECK((data::parse_number("-1e999", number) && std::isinf(number) && number < 0));
}

TEST_CASE("numbers that floats cannot hold: too small is zero, too large is refused") {
  Table table;
  table.train = "1,1e-999,a\n2,1e-60,b\n3,5,a\n";
  const auto small = table.read();
  CHECK(small.feature_names.size() == 2);
  CHECK(small.values == std::vector<float>{1, 0, 2, 0, 3, 5});
  for (const char* large : {"1e39", "-4e38", "1e999"}) {
    table.train = "1,2,a\n2,3,b\n3," + std::string(large) + ",a\n";
    CHECK_THAT(table.error(), ContainsSubstring("train.csv:3: column \"column 1\" holds a number beyond 3.4e+38"));
  }
  table.train = "1,2\n2,1e39\n";
  table.extra = "task = \"regression\"\n";
  CHECK_THAT(table.error(), ContainsSubstring("train.csv:2: column \"column 1\" holds a number beyond"));
}

TEST_CASE("a stray word among numbers is warned of, marks of missing values are none") {
  Table table;
  table.train = "N/A,2,a\n2,n/a,b\n3,-,a\n4,na,b\n5,6,b\n";
  const auto marked = table.read();
  CHECK(marked.rows() == 5);
  CHECK(marked.feature_names == std::vector<std::string>{"column 0", "column 1"});
  CHECK(marked.values.front() == 3.5F);
  const auto warned = [&] { return errors_of([&] { table.read(); }); };
  table.train = "1,2,a\n2,3,b\n3,oops,a\n4,5,b\n";
  CHECK_THAT(warned(), ContainsSubstring("train.csv:3: column \"column 1\" holds \"oops\", but mostly numbers"));
  table.extra = "categorical = [1]\n";
  CHECK(warned().empty());
  table.train = "1,x,a\n2,y,b\n3,x,a\n4,5,b\n";
  table.extra.clear();
  CHECK(warned().empty());
  table.train = "1,+\n2,-\n3,-\n";
  CHECK(table.read().class_names == std::vector<std::string>{"+", "-"});
}

TEST_CASE("names that are not UTF-8 are refused with their row") {
  Table table;
  table.train = "1,2,gr\xc3\xbcn\n2,3,rot\n";
  CHECK(table.read().class_names.front() == "gr\xc3\xbcn");
  table.train = "1,2,rot\n2,3,gr\xfcn\n";
  CHECK_THAT(table.error(), ContainsSubstring("train.csv:2: this class name is not UTF-8"));
  table.train =
      "gr\xf6\xdf"
      "e,farbe,art\n1,2,a\n3,4,b\n";
  CHECK_THAT(table.error(), ContainsSubstring("train.csv:1: this header is not UTF-8"));
  table.train = "1,rot,a\n2,gr\xfcn,b\n";
  CHECK_THAT(table.error(), ContainsSubstring("train.csv:2: this value is not UTF-8"));
  for (const char* bad : {"\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\x80"})
    CHECK_FALSE(data::is_utf8(bad));
  for (const char* good : {"", "plain", "\xe2\x82\xac", "\xf0\x9f\x98\x80"}) CHECK(data::is_utf8(good));
}

TEST_CASE("tables: numbers, categories, missing values") {
  Table table;
  table.train = "age,colour,label\n10,red,yes\n?,blue,no\n30,,no\n20,red,yes\n";
  table.valid = "age,colour,label\n,green,yes\n5,?,no\n";
  const auto config = table.config();
  const auto train = data::read(config, Part::train);
  CHECK(train.feature_names == std::vector<std::string>{"age", "colour=?", "colour=blue", "colour=red"});
  CHECK(train.class_names == std::vector<std::string>{"no", "yes"});
  CHECK(train.labels == std::vector<std::int32_t>{1, 0, 0, 1});
  CHECK(train.values == std::vector<float>{10, 0, 0, 1, 20, 0, 1, 0, 30, 1, 0, 0, 20, 0, 0, 1});
  CHECK(train.shape == std::vector<std::int64_t>{4});
  const auto valid = data::read(config, Part::valid, &train);
  CHECK(valid.values == std::vector<float>{20, 0, 0, 0, 5, 1, 0, 0});
  CHECK(valid.labels == std::vector<std::int32_t>{1, 0});
  CHECK(data::read(config, Part::valid).values == valid.values);
}

TEST_CASE("tables: target, header, ignored and grouped columns") {
  Table table;
  table.train = "3,1.5,x,k1\n1,2.5,y,k1\n3,3.5,x,k2\n10,0.5,y,k3\n";
  table.extra = "target = 0\ngroup = 3\ncategorical = []\n";
  const auto train = table.read();
  CHECK(train.class_names == std::vector<std::string>{"1", "3", "10"});
  CHECK(train.labels == std::vector<std::int32_t>{1, 0, 1, 2});
  CHECK(train.groups == std::vector<std::string>{"k1", "k1", "k2", "k3"});
  CHECK(train.feature_names == std::vector<std::string>{"column 1", "column 2=x", "column 2=y"});
  table.extra = "target = 0\nignore = [2, 3]\ncategorical = [1]\n";
  CHECK(table.read().feature_names.size() == 4);
  table.extra = "target = \"nothing\"\n";
  CHECK_THAT(table.error(Part::train, base::Exit::config), ContainsSubstring("there is no column \"nothing\""));
  table.extra = "target = 4\n";
  CHECK_THAT(table.error(Part::train, base::Exit::config), ContainsSubstring("0 .. 3"));
  table.extra = "header = \"yes\"\ntarget = \"3\"\n";
  CHECK(table.read().rows() == 3);
}

TEST_CASE("tables: regression, asked for or found") {
  Table table;
  for (int i = 0; i < 40; ++i) table.train += std::to_string(i) + "," + std::to_string(i) + ".25\n";
  const auto train = table.read();
  CHECK(train.task == data::Task::regression);
  CHECK(train.targets[3] == 3.25F);
  CHECK(train.rows() == 40);
  CHECK(train.classes() == 0);
  table.extra = "task = \"classification\"\n";
  CHECK(table.read().classes() == 40);
  table.train = "1,2\n2,3\n";
  table.extra = "task = \"regression\"\n";
  CHECK(table.read().targets == std::vector<float>{2, 3});
  table.train = "1,2\n2,x\n";
  CHECK_THAT(table.error(), ContainsSubstring("train.csv:2: the target \"column 1\" is \"x\""));
}

TEST_CASE("tables: what is wrong is named") {
  Table table;
  table.train = "1,2,a\n3,4,b\n";
  SECTION("another number of fields") {
    table.train += "5,b\n";
    CHECK_THAT(table.error(), ContainsSubstring("train.csv:3: has 2 fields"));
  }
  SECTION("missing target") {
    table.train += "5,6,\n";
    CHECK_THAT(table.error(), ContainsSubstring("train.csv:3: the target \"column 2\" is missing"));
  }
  SECTION("new class") {
    table.valid = "1,2,a\n1,2,c\n";
    CHECK_THAT(table.error(Part::valid), ContainsSubstring("valid.csv:2: class \"c\""));
  }
  SECTION("text among numbers") {
    table.valid = "1,2,a\n1,oops,b\n";
    CHECK_THAT(table.error(Part::valid), ContainsSubstring("valid.csv:2: column \"column 1\" holds \"oops\""));
  }
  SECTION("other columns") {
    table.valid = "1,2,3,a\n";
    CHECK_THAT(table.error(Part::valid), ContainsSubstring("4 columns, but the training file has 3"));
  }
  SECTION("wrong delimiter") {
    table.extra = "delimiter = \";\"\n";
    CHECK_THAT(table.error(), ContainsSubstring("delimiter"));
  }
  SECTION("shape") {
    table.extra = "shape = [1, 2, 2]\n";
    CHECK_THAT(table.error(Part::train, base::Exit::config),
               ContainsSubstring("[1, 2, 2] is 4 values") && ContainsSubstring("2 features"));
  }
  SECTION("a quantity as class") {
    table.train.clear();
    for (int i = 0; i < 60; ++i) table.train += "1," + std::to_string(i) + "\n";
    CHECK_THAT(table.error(), ContainsSubstring("data.task = \"regression\""));
  }
  SECTION("one class per row of text") {
    table.train.clear();
    for (int i = 0; i < 1100; ++i) table.train += "id" + std::to_string(i) + "," + std::to_string(i % 2) + "\n";
    CHECK_THAT(table.error(), ContainsSubstring("data.ignore"));
  }
}

TEST_CASE("the shipped digits") {
  const auto root = fs::path(ASSAY_SOURCE_DIR) / "datasets" / "optdigits";
  if (!fs::exists(root / "train.csv.gz")) SKIP("datasets/optdigits is not there");
  const auto config = config::Config::load(fs::path(ASSAY_SOURCE_DIR) / "configs" / "quickstart.toml");
  const auto train = data::read(config, Part::train);
  const auto valid = data::read(config, Part::valid, &train);
  CHECK(train.rows() == 3823);
  CHECK(valid.rows() == 1797);
  CHECK(train.shape == std::vector<std::int64_t>{1, 8, 8});
  CHECK(train.classes() == 10);
  std::vector<int> counts(10);
  for (const auto label : valid.labels) ++counts[static_cast<std::size_t>(label)];
  CHECK(counts == std::vector<int>{178, 182, 177, 183, 181, 182, 181, 179, 174, 180});
}

TEST_CASE("public tables read as documented") {
  NEEDS_PUBLIC_DATA(root, "tabular");
  const auto read = [&](const std::string& train, const std::string& valid, const std::string& extra = "") {
    const auto config = data_config(csv_lines(root / train, root / valid) + extra);
    auto dataset = data::read(config, Part::train);
    return std::pair{dataset, data::read(config, Part::valid, &dataset)};
  };
  std::string adult, adult_test, sonar, abalone, wine;
  for (const auto& entry : fs::directory_iterator(root)) {
    const auto name = entry.path().filename().string();
    if (name.starts_with("adult-train") || name.starts_with("adult_train")) adult = name;
    if (name.starts_with("adult-test") || name.starts_with("adult_test")) adult_test = name;
    if (name.starts_with("sonar")) sonar = name;
    if (name.starts_with("abalone")) abalone = name;
    if (name.find("white") != std::string::npos) wine = name;
  }
  {
    const auto [train, valid] = read(adult, adult_test);
    CHECK(train.rows() == 32561);
    CHECK(valid.rows() == 16281);
    CHECK(train.class_names == std::vector<std::string>{"<=50K", ">50K"});
    CHECK(train.shape.front() == static_cast<std::int64_t>(train.feature_names.size()));
  }
  {
    const auto [train, valid] = read(sonar, sonar);
    CHECK(train.rows() == 208);
    CHECK(train.shape == std::vector<std::int64_t>{60});
    CHECK(train.class_names == std::vector<std::string>{"M", "R"});
  }
  {
    const auto [train, valid] = read(abalone, abalone, "task = \"regression\"\n");
    CHECK(train.rows() == 4177);
    CHECK(train.targets.front() == 15);
  }
  {
    const auto [train, valid] = read(wine, wine);
    CHECK(train.rows() == 4898);
    CHECK(train.task == data::Task::classification);
  }
}
