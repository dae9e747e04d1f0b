#include "run/metric.hpp"

#include <algorithm>
#include <cctype>
#include <set>
#include <vector>

namespace assay::run {
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

}  // namespace assay::run
