// Dotted paths of keys, as people write them: model.blocks[0].width.choice, define."my block".op.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace assay::config {

/// A key of a table, or, with an index, a place in an array.
struct Step {
  std::string key;
  std::optional<std::size_t> index;
};

/// The steps of a path; nothing where the text is no path. Names other than letters, digits, - and _ stand in quotes.
std::optional<std::vector<Step>> steps_of(std::string_view path);

/// As steps_of reads it: `prefix` with one step more.
std::string path_below(const std::string& prefix, const Step& step);

/// "key=value" cut at the first "=" outside of quotes, both trimmed; nothing where there is none, or no key.
std::optional<std::pair<std::string_view, std::string_view>> cut_override(std::string_view text);

}  // namespace assay::config
