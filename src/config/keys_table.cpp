// The settings table as Markdown: configs/keys.md.
#include <fmt/format.h>

#include "base/text.hpp"
#include "config/settings.hpp"

namespace assay::config {
namespace {

std::string type_text(const Setting& row) {
  if (!row.choices.empty()) {
    std::vector<std::string> choices;
    for (const auto& choice : base::split(std::string(row.choices), '|')) choices.push_back("`" + choice + "`");
    return base::join(choices, ", ");
  }
  static const char* names[] = {"integer",       "number",           "text", "true or false", "duration",
                                "list of texts", "list of integers", "path", "table"};
  return names[static_cast<int>(row.type)];
}

std::string range_note(const Setting& row) {
  std::vector<std::string> parts;
  if (row.least) parts.push_back(fmt::format("{} {}", row.above ? "above" : "from", *row.least));
  if (row.most) parts.push_back(fmt::format("{} {}", row.below ? "below" : "to", *row.most));
  return parts.empty() ? "" : ", " + base::join(parts, " ");
}

std::string_view class_text(KeyClass key_class) {
  switch (key_class) {
    case KeyClass::identity:
      return "identity";
    case KeyClass::judging:
      return "judging";
    case KeyClass::limit:
      return "limit";
    case KeyClass::site:
      return "site";
  }
  return "";
}

/// A bar would end the cell.
std::string cell(std::string_view text) {
  std::string result;
  for (const char c : text) result += c == '|' ? std::string("\\|") : std::string(1, c);
  return result;
}

std::string section_of(std::string_view key) { return std::string(key.substr(0, key.find_first_of(".["))); }

}  // namespace

std::string keys_table() {
  std::string text =
      "# Keys of a configuration\n\n"
      "Printed by `assay new --keys` from the settings table (`src/config/settings.cpp`). `*` is a name of your own, "
      "`[]` an "
      "entry of a list.\nKeys that may be searched take a domain in the place of a value, for instance `{ float = "
      "[1e-4, "
      "1e-1], log = true }`.\n"
      "[README.md](README.md) says what a change of a key of each class does, and describes `[model]`, `[params]` and "
      "`[define]`.\n";
  std::string section;
  for (const auto& row : settings()) {
    if (section_of(row.key) != section) {
      section = section_of(row.key);
      text += fmt::format("\n## {}\n\n| key | value | default | class | meaning |\n|---|---|---|---|---|\n", section);
    }
    text += fmt::format("| `{}` | {}{}{} | {} | {} | {} |\n", row.key, type_text(row), range_note(row),
                        row.domain ? "; may be searched" : "", row.initial.empty() ? "" : "`" + cell(row.initial) + "`",
                        class_text(row.key_class), cell(row.help));
  }
  return text;
}

}  // namespace assay::config
