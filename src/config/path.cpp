#include "config/path.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "config/document.hpp"

namespace assay::config {
namespace {

bool is_bare(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/// Takes the name at the front: bare, or in quotes.
std::optional<std::string> take_name(std::string_view& rest) {
  std::string name;
  if (rest.empty()) return std::nullopt;
  if (const char quote = rest.front(); quote == '"' || quote == '\'') {
    rest.remove_prefix(1);
    for (; !rest.empty() && rest.front() != quote; rest.remove_prefix(1)) {
      if (quote == '"' && rest.front() == '\\' && rest.size() > 1) rest.remove_prefix(1);
      name += rest.front();
    }
    if (rest.empty()) return std::nullopt;
    rest.remove_prefix(1);
    return name;
  }
  const auto end = std::find_if_not(rest.begin(), rest.end(), is_bare);
  name.assign(rest.begin(), end);
  rest.remove_prefix(name.size());
  if (name.empty()) return std::nullopt;
  return name;
}

/// Takes the "[3]" at the front.
std::optional<std::size_t> take_index(std::string_view& rest) {
  const auto end = rest.find(']');
  if (end == std::string_view::npos || end > 9) return std::nullopt;
  const auto number = base::integer_in(base::trim(rest.substr(1, end - 1)));
  if (!number || *number < 0) return std::nullopt;
  rest.remove_prefix(end + 1);
  return static_cast<std::size_t>(*number);
}

}  // namespace

std::optional<std::vector<Step>> steps_of(std::string_view path) {
  std::vector<Step> steps;
  auto rest = base::trim(path);
  for (;;) {
    rest = base::trim(rest);
    auto name = take_name(rest);
    if (!name) return std::nullopt;
    steps.push_back({std::move(*name), {}});
    rest = base::trim(rest);
    while (rest.starts_with('[')) {
      const auto index = take_index(rest);
      if (!index) return std::nullopt;
      steps.push_back({"", index});
      rest = base::trim(rest);
    }
    if (rest.empty()) return steps;
    if (rest.front() != '.') return std::nullopt;
    rest.remove_prefix(1);
  }
}

std::string path_below(const std::string& prefix, const Step& step) {
  if (step.index) return fmt::format("{}[{}]", prefix, *step.index);
  return prefix.empty() ? toml_key(step.key) : prefix + "." + toml_key(step.key);
}

std::optional<std::pair<std::string_view, std::string_view>> cut_override(std::string_view text) {
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '=') {
      const auto key = base::trim(text.substr(0, i));
      if (key.empty()) return std::nullopt;
      return std::pair(key, base::trim(text.substr(i + 1)));
    }
  }
  return std::nullopt;
}

}  // namespace assay::config
