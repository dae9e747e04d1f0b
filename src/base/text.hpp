// Small text helpers that several folders need.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace assay::base {

std::vector<std::string> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string_view trim(std::string_view text);
/// With `by` in the place of every `what`.
std::string replace_all(std::string text, std::string_view what, std::string_view by);
/// The last `lines` lines, space at both ends left out.
std::string last_lines(std::string_view text, std::size_t lines);

/// The whole text as a number ("1e-3", "+2", "nan", "inf"; too large: infinite), or nothing if anything else stands in
/// it. The locale does not matter.
std::optional<double> number_in(std::string_view text);
/// The whole text as an integer that fits into 64 bits.
std::optional<std::int64_t> integer_in(std::string_view text);

/// The candidate with the smallest edit distance to `word`, or "" if none is near (over a third of the letters differ).
std::string nearest_word(std::string_view word, const std::vector<std::string>& candidates);

/// 3441 -> "3,441".
std::string with_commas(long long number);
/// "[1, 28, 28]".
std::string shape_text(const std::vector<std::int64_t>& shape);
/// How many elements a tensor of this shape has.
std::int64_t element_count(const std::vector<std::int64_t>& shape);

}  // namespace assay::base
