#include "exchange/likeness.hpp"

#include <algorithm>
#include <cctype>

#include "base/error.hpp"
#include "base/text.hpp"
#include "exchange/table.hpp"
#include "space/domain.hpp"

namespace assay::exchange {
namespace {

/// Words of a name: "batchSize", "batch_size" and "Batch size" are batch, size.
std::vector<std::string> words_of(const std::string& name) {
  std::vector<std::string> words(1);
  bool was_small = false;
  for (const unsigned char c : name) {
    const bool letter = std::isalnum(c) != 0;
    if (!letter || (was_small && std::isupper(c) != 0)) words.emplace_back();
    if (letter) words.back() += static_cast<char>(std::tolower(c));
    was_small = std::islower(c) != 0;
  }
  std::erase_if(words, [](const auto& word) { return word.empty(); });
  return words;
}

bool are_initials(const std::string& letters, const std::vector<std::string>& words) {
  if (letters.size() != words.size() || letters.size() < 2) return false;
  for (std::size_t i = 0; i < letters.size(); ++i) {
    if (letters[i] != words[i].front()) return false;
  }
  return true;
}

}  // namespace

double likeness(const std::string& a, const std::string& b) {
  const auto left = words_of(a), right = words_of(b);
  const auto x = base::join(left, ""), y = base::join(right, "");
  if (x.empty() || y.empty()) return 0;
  if (x == y) return 2;
  if (are_initials(x, right) || are_initials(y, left)) return 1.5;
  const auto& shorter = x.size() < y.size() ? x : y;
  const auto& longer = x.size() < y.size() ? y : x;
  if (shorter.size() >= 3 && longer.find(shorter) != std::string::npos) return 1.2;
  if (longer.starts_with(shorter)) return 0.9;
  return base::nearest_word(x, {y}).empty() ? 0 : 1;
}

double fitting_share(const space::Parameter& parameter, const std::vector<base::Json>& cells) {
  double fitting = 0, all = 0;
  for (const auto& cell : cells) {
    if (says_nothing(parameter, cell)) continue;
    ++all;
    try {
      fitting += space::contains(parameter.domain, value_of(parameter, cell)) ? 1 : 0;
    } catch (const base::Error&) {
      continue;
    }
  }
  return all > 0 ? fitting / all : 0;
}

}  // namespace assay::exchange
