// A small RFC 4180 reader: delimiter, quoted fields with "" inside, LF or CRLF, blank lines skipped, blanks around
// unquoted fields trimmed. All rows must have as many fields as the first. Knows nothing of what columns mean.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "data/bytes.hpp"

namespace assay::data {

class Csv {
 public:
  Csv(Content content, char delimiter);

  std::size_t rows() const { return lines_.size(); }
  std::size_t columns() const { return columns_; }
  std::string_view at(std::size_t row, std::size_t column) const { return fields_[row * columns_ + column]; }
  /// Line of the file where a row begins, from 1.
  int line(std::size_t row) const { return lines_[row]; }
  const std::filesystem::path& file() const { return content_.file; }
  const std::string& sha256() const { return content_.sha256; }

  /// `number` as a float; Error(data) at the row if it is too large for one.
  float to_float(std::size_t row, double number, const std::string& column) const;
  /// Error(data) at the row unless a text that becomes a name is UTF-8.
  void check_name(std::size_t row, std::string_view text, const char* what) const;

  /// Error(data) at a row.
  template <class... Args>
  [[noreturn]] void fail(std::size_t row, fmt::format_string<Args...> text, Args&&... args) const {
    throw base::Error(base::Exit::data, {.file = file().string(), .line = line(row)},
                      fmt::format(text, std::forward<Args>(args)...));
  }

 private:
  void parse(char delimiter);
  std::size_t parse_quoted(std::size_t at, char delimiter, int& line);
  void end_row(std::size_t first_field, int line);

  Content content_;
  std::vector<std::string_view> fields_;  ///< into content_ or unescaped_
  std::deque<std::string> unescaped_;
  std::vector<int> lines_;
  std::size_t columns_ = 0;
};

/// The number that a whole field is: 0 where it is too small for a double, an infinity where it is too large. The words
/// "inf" and "nan" are no numbers.
bool parse_number(std::string_view field, double& number);
/// Empty, "?", "-", "null", or NA, N/A or NaN, also in small letters.
bool is_missing(std::string_view field);

/// The column that a key of [data] names, by header name or 0-based number. Error(config) at the key.
std::size_t find_column(const config::Node& node, const std::string& wanted, const std::vector<std::string>& names);

}  // namespace assay::data
