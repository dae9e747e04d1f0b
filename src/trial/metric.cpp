#include "trial/metric.hpp"

#include <algorithm>
#include <cctype>
#include <limits>
#include <set>
#include <vector>

namespace assay::trial {
namespace {

/// In small letters: "Val/Acc@1" is val, acc and 1.
std::vector<std::string> words_of(const std::string& metric) {
  std::vector<std::string> words(1);
  for (const unsigned char letter : metric) {
    if (std::isalnum(letter))
      words.back() += static_cast<char>(std::tolower(letter));
    else if (!words.back().empty())
      words.emplace_back();
  }
  return words;
}

bool says_rows(const std::string& word) {
  static const std::set<std::string> words = {"accuracy", "acc", "acc1", "acc5", "top1", "top5"};
  return words.contains(word);
}

bool says_share(const std::string& word) { return says_rows(word) || word == "precision" || word == "recall"; }

/// Names the part of the data, nothing else.
bool says_part(const std::string& word) {
  static const std::set<std::string> words = {"", "train", "val", "valid", "validation", "test", "eval"};
  return words.contains(word);
}

/// In [0, 1] by definition, though not all of them are written in per cent.
bool says_part_of_one(const std::string& word) {
  static const std::set<std::string> words = {"f1",   "fscore", "auc", "auroc", "auprc", "roc",         "iou",
                                              "miou", "dice",   "ap",  "map",   "ndcg",  "specificity", "sensitivity"};
  return says_share(word) || words.contains(word);
}

/// Errors, times and sizes.
bool says_amount(const std::string& word) {
  static const std::set<std::string> words = {
      "rmse", "mse", "mae",  "mape",   "loss",    "error",   "err",     "wer",        "cer",    "perplexity", "ppl",
      "ms",   "us",  "time", "second", "seconds", "latency", "minutes", "hours",      "params", "parameters", "flops",
      "macs", "mb",  "gb",   "bytes",  "memory",  "size",    "energy",  "throughput", "adds",   "cost",       "nll"};
  return words.contains(word);
}

bool fits(double value) { return value >= 0 && value <= 1; }

}  // namespace

bool named_share(const std::string& metric) {
  const auto words = words_of(metric);
  return std::any_of(words.begin(), words.end(), says_share);
}

bool is_share(const std::string& metric, double value) { return fits(value) && named_share(metric); }

bool is_share_of_rows(const std::string& metric, double value) {
  const auto words = words_of(metric);
  return fits(value) && std::any_of(words.begin(), words.end(), says_rows) &&
         std::all_of(words.begin(), words.end(), [](const auto& word) { return says_rows(word) || says_part(word); });
}

std::pair<double, double> value_range(const std::string& metric, std::span<const double> values) {
  constexpr double infinite = std::numeric_limits<double>::infinity();
  const auto words = words_of(metric);
  const auto says = [&](bool (*what)(const std::string&)) { return std::any_of(words.begin(), words.end(), what); };
  const auto lie = [&](double lo, double hi) {
    return std::all_of(values.begin(), values.end(), [&](double value) { return value >= lo && value <= hi; });
  };
  if (says(says_amount)) return {lie(0, infinite) ? 0 : -infinite, infinite};
  if (says(says_part_of_one)) {
    if (lie(0, 1)) return {0, 1};
    if (lie(0, 100)) return {0, 100};
  }
  const bool determination = says([](const std::string& word) { return word == "r2"; });
  return {-infinite, determination && lie(-infinite, 1) ? 1 : infinite};
}

}  // namespace assay::trial
