// What people should know of a split before hours go into a search on it.
#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <cmath>
#include <numeric>
#include <string_view>
#include <unordered_set>

#include "base/json.hpp"
#include "base/text.hpp"
#include "data/split.hpp"
#include "data/strata.hpp"

namespace assay::data {
namespace {

using Counts = std::vector<std::int64_t>;

constexpr std::int64_t few_rows = 1000;
constexpr std::int64_t few_of_class = 10;
constexpr double significant = 0.01;
constexpr double least_expected = 5;  ///< below, a class joins the other rare ones in the chi-square test

std::int64_t sum(const Counts& counts) { return std::accumulate(counts.begin(), counts.end(), std::int64_t{0}); }

Counts histogram(const Strata& strata, const std::vector<std::int64_t>& rows) {
  Counts counts(static_cast<std::size_t>(strata.count));
  for (const auto row : rows) ++counts[static_cast<std::size_t>(strata.of[static_cast<std::size_t>(row)])];
  return counts;
}

Counts histogram_of_valid(const Dataset& train, const Dataset& valid, std::int32_t count) {
  Counts counts(static_cast<std::size_t>(count));
  if (train.task == Task::classification) {
    for (const auto label : valid.labels) ++counts[static_cast<std::size_t>(label)];
    return counts;
  }
  const auto edges = bin_edges(train.targets);
  for (const auto target : valid.targets) ++counts[static_cast<std::size_t>(bin_of(target, edges))];
  return counts;
}

/// Both samples' counts per cell, rare classes pooled.
std::vector<std::pair<double, double>> cells_of(const Counts& a, const Counts& b) {
  const double na = static_cast<double>(sum(a)), nb = static_cast<double>(sum(b)), smaller = std::min(na, nb);
  std::vector<std::pair<double, double>> cells;
  std::pair<double, double> rare{0, 0};
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double x = static_cast<double>(a[i]), y = static_cast<double>(b[i]);
    if ((x + y) * smaller / (na + nb) >= least_expected) {
      cells.emplace_back(x, y);
    } else {
      rare.first += x, rare.second += y;
    }
  }
  if (rare.first + rare.second > 0) cells.push_back(rare);
  return cells;
}

/// Chi-square test of homogeneity of two samples.
void compare(const Counts& a, const Counts& b, SplitReport& report) {
  const auto cells = cells_of(a, b);
  if (cells.size() < 2 || sum(a) == 0 || sum(b) == 0) return;
  const double na = static_cast<double>(sum(a)), nb = static_cast<double>(sum(b));
  for (const auto& [x, y] : cells) {
    const double off = x * std::sqrt(nb / na) - y * std::sqrt(na / nb);
    report.chi2 += off * off / (x + y);
  }
  const boost::math::chi_squared distribution(static_cast<double>(cells.size() - 1));
  report.p_value = boost::math::cdf(boost::math::complement(distribution, report.chi2));
}

std::string stratum_name(const Dataset& dataset, std::size_t stratum) {
  if (dataset.task == Task::classification) return fmt::format("class {}", dataset.class_names[stratum]);
  return fmt::format("target bin {}", stratum + 1);
}

std::string verdict_of(const Dataset& dataset, const SplitReport& report) {
  const bool classes = dataset.task == Task::classification;
  if (report.untouched == 0) return "no validation set to compare with";
  if (report.p_value >= significant) return classes ? "classes match" : "targets match";
  std::size_t worst = 0;
  double worst_gap = -1;
  const auto share = [](std::int64_t count, std::int64_t total) {
    return 100.0 * static_cast<double>(count) / static_cast<double>(total);
  };
  const auto& ours = report.valid_histogram;
  const auto& real = report.untouched_histogram;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const double gap = std::abs(share(ours[i], report.valid) - share(real[i], report.untouched));
    if (gap > worst_gap) worst_gap = gap, worst = i;
  }
  return fmt::format("{} differ: {} is {:.1f} % of the search's validation part, but {:.1f} % of the validation set",
                     classes ? "classes" : "targets", stratum_name(dataset, worst), share(ours[worst], report.valid),
                     share(real[worst], report.untouched));
}

void warn_of_size(const Dataset& train, const SplitReport& report, std::vector<std::string>& warnings) {
  if (train.rows() < few_rows) {
    warnings.push_back(
        fmt::format("only {} training rows: differences between networks drown in noise at this size; search the "
                    "hyper-parameters of one network first",
                    base::with_commas(train.rows())));
  }
  if (report.valid > 0 && report.valid < 200 && train.task == Task::classification) {
    warnings.push_back(fmt::format(
        "the search validates on {} rows: an accuracy of 90 % is known to +- {:.1f} points only; raise split.share",
        report.valid, 100 * 1.96 * std::sqrt(0.09 / static_cast<double>(report.valid))));
  }
}

void warn_of_balance(const Dataset& train, const SplitReport& report, std::vector<std::string>& warnings) {
  if (train.task != Task::classification || train.classes() < 2) return;
  Counts all(report.train_histogram);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] += report.valid_histogram[i];
  const auto largest = std::max_element(all.begin(), all.end()), smallest = std::min_element(all.begin(), all.end());
  const double share = static_cast<double>(*largest) / static_cast<double>(sum(all));
  if (share > 3.0 / static_cast<double>(all.size()) || share >= 0.75 || *largest >= 10 * *smallest) {
    warnings.push_back(
        fmt::format("unbalanced classes: {} has {:.1f} % of the rows, {} has {:.1f} %; a network that always says the "
                    "first is {:.1f} % right, "
                    "so balance the data or search the hyper-parameters first",
                    stratum_name(train, static_cast<std::size_t>(largest - all.begin())), 100 * share,
                    stratum_name(train, static_cast<std::size_t>(smallest - all.begin())),
                    100 * static_cast<double>(*smallest) / static_cast<double>(sum(all)), 100 * share));
  }
  std::vector<std::string> rare;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (report.valid_histogram[i] < few_of_class)
      rare.push_back(fmt::format("{} ({})", train.class_names[i], report.valid_histogram[i]));
  }
  if (rare.empty()) return;
  const auto shown = std::vector<std::string>(
      rare.begin(), rare.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(rare.size(), 8)));
  warnings.push_back(
      fmt::format("{} {} fewer than {} rows in the search's validation part: {}{}; the search can hardly see how well "
                  "they are recognised",
                  rare.size(), rare.size() == 1 ? "class has" : "classes have", few_of_class, base::join(shown, ", "),
                  rare.size() > shown.size() ? ", ..." : ""));
}

std::string_view row_bytes(const Dataset& dataset, std::int64_t row) {
  const auto size = static_cast<std::size_t>(dataset.row_size()), at = static_cast<std::size_t>(row) * size;
  if (!dataset.bytes.empty()) return {reinterpret_cast<const char*>(dataset.bytes.data() + at), size};
  return {reinterpret_cast<const char*>(dataset.values.data() + at), size * sizeof(float)};
}

/// Rows that stand on both sides of the split make the search's scores too good.
void warn_of_copies(const Dataset& train, const Split& split, std::vector<std::string>& warnings) {
  if (train.bytes.empty() && train.values.empty()) return;
  std::unordered_set<std::string_view> valid;
  for (const auto row : split.valid) valid.insert(row_bytes(train, row));
  std::unordered_set<std::string_view> shared;
  for (const auto row : split.train) {
    const auto found = valid.find(row_bytes(train, row));
    if (found != valid.end()) shared.insert(*found);
  }
  std::int64_t copies = 0;
  for (const auto row : split.valid) copies += shared.contains(row_bytes(train, row));
  const double share = static_cast<double>(copies) / static_cast<double>(std::max<std::size_t>(split.valid.size(), 1));
  if (share <= 0.01) return;
  warnings.push_back(
      fmt::format("{} rows ({:.1f} %) of the search's validation part stand also in its training part: scores come out "
                  "too good; remove the "
                  "copies or keep them together with data.group",
                  copies, 100 * share));
}

}  // namespace

SplitReport describe_split(const Dataset& train, const Split& split, const Dataset* real_valid) {
  const auto strata = strata_of(train);
  SplitReport report;
  report.train = static_cast<std::int64_t>(split.train.size());
  report.valid = static_cast<std::int64_t>(split.valid.size());
  report.train_histogram = histogram(strata, split.train);
  report.valid_histogram = histogram(strata, split.valid);
  if (real_valid != nullptr && real_valid->rows() > 0) {
    report.untouched = real_valid->rows();
    report.untouched_histogram = histogram_of_valid(train, *real_valid, strata.count);
    compare(report.valid_histogram, report.untouched_histogram, report);
  }
  report.verdict = verdict_of(train, report);
  warn_of_size(train, report, report.warnings);
  warn_of_balance(train, report, report.warnings);
  warn_of_copies(train, split, report.warnings);
  return report;
}

base::Json to_json(const SplitReport& report) {
  base::Json json = {{"train", report.train},
                     {"valid", report.valid},
                     {"untouched", report.untouched},
                     {"train_histogram", report.train_histogram},
                     {"valid_histogram", report.valid_histogram}};
  if (report.untouched > 0) {
    json["untouched_histogram"] = report.untouched_histogram;
    json["chi2"] = report.chi2;
    json["p_value"] = report.p_value;
  }
  json["verdict"] = report.verdict;
  json["warnings"] = report.warnings;
  return json;
}

}  // namespace assay::data
