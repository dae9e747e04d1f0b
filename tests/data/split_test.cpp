#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "base/json.hpp"
#include "base/random.hpp"
#include "data/split.hpp"
#include "support.hpp"

using namespace assay;
using namespace assay::testing;
using Catch::Matchers::ContainsSubstring;
using data::Dataset;
using data::Split;

namespace {

/// Rows with the given numbers of labels, in random order.
Dataset classes(const std::vector<int>& counts, std::uint64_t seed = 1) {
  Dataset dataset;
  dataset.name = "made up";
  for (std::size_t c = 0; c < counts.size(); ++c) {
    dataset.class_names.push_back(std::to_string(c));
    dataset.labels.insert(dataset.labels.end(), static_cast<std::size_t>(counts[c]), static_cast<std::int32_t>(c));
  }
  base::Rng(seed, "test", 0, "labels").shuffle(dataset.labels);
  return dataset;
}

std::vector<int> count(const Dataset& dataset, const std::vector<std::int64_t>& rows) {
  std::vector<int> counts(dataset.class_names.size());
  for (const auto row : rows) ++counts[static_cast<std::size_t>(dataset.labels[static_cast<std::size_t>(row)])];
  return counts;
}

/// Random class sizes, some of them tiny.
std::vector<int> random_sizes(std::uint64_t seed) {
  base::Rng rng(seed, "test", 0, "sizes");
  std::vector<int> sizes;
  for (auto i = 2 + rng.below(8); i > 0; --i)
    sizes.push_back(static_cast<int>(1 + rng.below(rng.below(3) == 0 ? 4 : 300)));
  return sizes;
}

bool contains(const std::vector<std::string>& texts, const std::string& part) {
  return std::any_of(texts.begin(), texts.end(),
                     [&](const auto& text) { return text.find(part) != std::string::npos; });
}

}  // namespace

TEST_CASE("a split is disjoint, complete, stratified and reproducible") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const auto sizes = random_sizes(seed);
    const auto dataset = classes(sizes, seed);
    if (*std::max_element(sizes.begin(), sizes.end()) < 2) continue;
    const double share = 0.05 + 0.45 * base::Rng(seed, "test", 0, "share").uniform();
    const auto split = data::make_split(dataset, share, seed);
    data::check_split(split, dataset.rows());
    const auto valid = count(dataset, split.valid);
    for (std::size_t c = 0; c < sizes.size(); ++c) {
      INFO("seed " << seed << ", class " << c << " of " << sizes[c] << ", share " << share);
      CHECK(std::abs(valid[c] - share * sizes[c]) < 1);
      CHECK((sizes[c] < 2 ? valid[c] == 0 : valid[c] >= 1));
      CHECK(valid[c] < std::max(sizes[c], 1));
    }
    const auto again = data::make_split(dataset, share, seed);
    CHECK(again.valid == split.valid);
    if (dataset.rows() > 100) CHECK(data::make_split(dataset, share, seed + 1000).valid != split.valid);
  }
}

TEST_CASE("the whole of a split has the size that was asked for") {
  const auto split = data::make_split(classes({376, 389, 380, 389, 387, 376, 377, 387, 380, 382}), 0.1, 1);
  CHECK(split.valid.size() == 382);
  CHECK(split.train.size() == 3441);
}

TEST_CASE("regression is split by quantiles of the target") {
  Dataset dataset;
  dataset.task = data::Task::regression;
  base::Rng rng(3, "test", 0, "targets");
  for (int i = 0; i < 1000; ++i) dataset.targets.push_back(static_cast<float>(std::exp(rng.normal())));
  const auto split = data::make_split(dataset, 0.1, 7);
  data::check_split(split, 1000);
  CHECK(split.valid.size() == 100);
  auto sorted = dataset.targets;
  std::sort(sorted.begin(), sorted.end());
  for (int bin = 0; bin < 10; ++bin) {
    const float lo = sorted[static_cast<std::size_t>(bin) * 100],
                hi = bin == 9 ? INFINITY : sorted[static_cast<std::size_t>(bin + 1) * 100];
    const auto inside = std::count_if(split.valid.begin(), split.valid.end(), [&](auto row) {
      const float target = dataset.targets[static_cast<std::size_t>(row)];
      return target >= lo && target < hi;
    });
    CHECK(inside == 10);
  }
  const auto report = data::describe_split(dataset, split, &dataset);
  CHECK(report.verdict == "targets match");
  CHECK(report.train_histogram == std::vector<std::int64_t>(10, 90));
  dataset.targets.assign(1000, 2.0F);  // one bin only
  data::check_split(data::make_split(dataset, 0.1, 7), 1000);
}

TEST_CASE("groups are never cut") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    auto dataset = classes({600, 300, 100}, seed);
    base::Rng rng(seed, "test", 0, "groups");
    const auto groups = 2 + rng.below(200);
    for (std::int64_t i = 0; i < dataset.rows(); ++i) dataset.groups.push_back("g" + std::to_string(rng.below(groups)));
    const auto split = data::make_split(dataset, 0.1, seed);
    data::check_split(split, dataset.rows());
    std::set<std::string> train, valid;
    for (const auto row : split.train) train.insert(dataset.groups[static_cast<std::size_t>(row)]);
    for (const auto row : split.valid) valid.insert(dataset.groups[static_cast<std::size_t>(row)]);
    for (const auto& group : valid) CHECK_FALSE(train.contains(group));
    CHECK_FALSE(train.empty());
    CHECK_FALSE(valid.empty());
    if (groups > 60) CHECK(std::abs(static_cast<double>(split.valid.size()) - 100) < 25);
  }
  auto one = classes({10, 10});
  one.groups.assign(20, "all");
  CHECK_THAT(error_of([&] { data::make_split(one, 0.1, 1); }), ContainsSubstring("one group"));
  CHECK_THAT(error_of([&] { data::make_split(classes({1, 1}), 0.5, 1); }), ContainsSubstring("single row"));
}

TEST_CASE("subsets are nested and stratified") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const auto sizes = random_sizes(seed);
    const auto dataset = classes(sizes, seed);
    std::vector<std::int64_t> rows;
    for (std::int64_t i = 0; i < dataset.rows(); i += 1 + i % 2) rows.push_back(i);
    const auto all = count(dataset, rows);
    std::vector<std::int64_t> smaller;
    for (const double share : {0.05, 0.1, 0.25, 0.3, 0.5, 0.75, 0.9, 1.0}) {
      const auto chosen = data::subset(dataset, rows, share, seed);
      CHECK(std::is_sorted(chosen.begin(), chosen.end()));
      CHECK(std::adjacent_find(chosen.begin(), chosen.end()) == chosen.end());
      CHECK(std::includes(rows.begin(), rows.end(), chosen.begin(), chosen.end()));
      CHECK(std::includes(chosen.begin(), chosen.end(), smaller.begin(), smaller.end()));
      const auto counts = count(dataset, chosen);
      for (std::size_t c = 0; c < all.size(); ++c) CHECK((all[c] == 0 || counts[c] >= 1));
      smaller = chosen;
    }
    CHECK(smaller == rows);
  }
  const auto balanced = classes(std::vector<int>(10, 100));
  const auto split = data::make_split(balanced, 0.1, 1);
  for (const int c : count(balanced, data::subset(balanced, split.train, 0.5, 3))) CHECK(c == 45);
  CHECK(data::subset(balanced, split.train, 0.5, 3) != data::subset(balanced, split.train, 0.5, 4));
}

TEST_CASE("a wrong split is a defect") {
  const auto fails = [](Split split) { error_of([&] { data::check_split(split, 4); }, base::Exit::defect); };
  CHECK_NOTHROW(data::check_split({{0, 2}, {1, 3}}, 4));
  fails({{0, 2}, {1}});
  fails({{0, 2, 3}, {1, 3}});
  fails({{2, 0}, {1, 3}});
  fails({{0, 4}, {1, 3}});
  fails({{0, 2}, {-1, 3}});
}

TEST_CASE("the report compares with the real validation set") {
  const auto train = classes({5000, 5000, 5000});
  const auto split = data::make_split(train, 0.1, 1);
  const auto same = classes({1000, 1010, 990}, 2);
  const auto good = data::describe_split(train, split, &same);
  CHECK(good.verdict == "classes match");
  CHECK(good.p_value > 0.9);
  CHECK(good.warnings.empty());
  CHECK(good.train == 13500);
  CHECK(good.untouched == 3000);
  const auto other = classes({1500, 1000, 500}, 2);
  const auto bad = data::describe_split(train, split, &other);
  CHECK(bad.p_value < 1e-6);
  CHECK_THAT(bad.verdict, ContainsSubstring("classes differ: class") && ContainsSubstring("33.3 %"));
  CHECK(data::describe_split(train, split, nullptr).verdict == "no validation set to compare with");
  CHECK_FALSE(data::to_json(data::describe_split(train, split, nullptr)).contains("chi2"));
  CHECK(data::to_json(bad).at("untouched_histogram").dump() == "[1500,1000,500]");

  // R: chisq.test(rbind(c(20, 30), c(30, 20)), correct = FALSE): X-squared = 4, p-value = 0.0455
  const auto two = classes({200, 300});
  const Split made{{}, [&] {
                     std::vector<std::int64_t> rows;
                     std::map<int, int> left{{0, 20}, {1, 30}};
                     for (std::int64_t i = 0; i < 500; ++i) {
                       if (left[two.labels[static_cast<std::size_t>(i)]]-- > 0) rows.push_back(i);
                     }
                     return rows;
                   }()};
  const auto real = classes({30, 20});
  const auto report = data::describe_split(two, made, &real);
  CHECK(std::abs(report.chi2 - 4) < 1e-12);
  CHECK(std::abs(report.p_value - 0.04550026) < 1e-7);
}

TEST_CASE("small, unbalanced and copied data are warned of") {
  const auto warnings = [](const Dataset& dataset) {
    return data::describe_split(dataset, data::make_split(dataset, 0.1, 1), nullptr).warnings;
  };
  CHECK(contains(warnings(classes({90, 88})), "only 178 training rows"));
  CHECK(contains(warnings(classes({90, 88})), "fewer than 10 rows"));
  CHECK(contains(warnings(classes({24720, 7841})), "class 0 has 75.9 % of the rows"));
  CHECK(contains(warnings(classes({3000, 40, 3000})), "unbalanced"));
  CHECK(warnings(classes(std::vector<int>(10, 400))).empty());
  auto copied = classes({2000, 2000});
  copied.shape = {1};
  copied.values.assign(4000, 0);
  for (std::size_t i = 0; i < 4000; ++i) copied.values[i] = static_cast<float>(i < 400 ? i % 10 : i);
  CHECK(contains(warnings(copied), "stand also in its training part"));
}

TEST_CASE("index files are whole or refused") {
  Folder folder;
  const auto file = folder / "train.idx";
  const std::vector<std::int64_t> rows{0, 5, 17, 123456789012};
  data::write_indices(file, rows, "abc");
  CHECK(data::read_indices(file, "abc") == rows);
  CHECK_THAT(error_of([&] { data::read_indices(file, "abd"); }), ContainsSubstring("belongs to other data"));
  CHECK_THAT(error_of([&] { data::read_indices(folder / "no.idx", "abc"); }), ContainsSubstring("split-data"));
  for (const char* text : {"# rows 2 of data abc\n1\n", "# rows 2 of data abc\n1\n2", "# rows 2 of data abc\n1\nx\n",
                           "# rows 1 of data abc\n1\n2\n", "1\n2\n", ""}) {
    folder.write("torn.idx", text);
    CHECK_FALSE(error_of([&] { data::read_indices(folder / "torn.idx", "abc"); }).empty());
  }
  data::write_indices(file, {}, "abc");
  CHECK(data::read_indices(file, "abc").empty());
}
