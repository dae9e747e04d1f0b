#include "data/csv.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/text.hpp"

namespace assay::data {

Csv::Csv(Content content, char delimiter) : content_(std::move(content)) { parse(delimiter); }

void Csv::parse(char delimiter) {
  const auto text = content_.text();
  std::size_t at = text.starts_with("\xef\xbb\xbf") ? 3 : 0;  // byte order mark
  int line = 1;
  while (at < text.size()) {
    const auto first_field = fields_.size();
    const int first_line = line;
    for (bool more = true; more;) {
      while (delimiter != ' ' && at < text.size() && text[at] == ' ') ++at;
      if (at < text.size() && text[at] == '"') {
        at = parse_quoted(at, delimiter, line);
      } else {
        const auto end = std::min(text.find_first_of(std::string{delimiter, '\n'}, at), text.size());
        fields_.push_back(base::trim(text.substr(at, end - at)));
        at = end;
      }
      more = at < text.size() && text[at] == delimiter;
      if (more) ++at;
    }
    if (at < text.size()) ++at;  // the line's end
    end_row(first_field, first_line);
    ++line;
  }
  if (lines_.empty()) fail_at(content_.file, "holds no rows; check the file and [data] format");
}

/// From the opening quote to the delimiter or line's end behind the closing one.
std::size_t Csv::parse_quoted(std::size_t at, char delimiter, int& line) {
  const auto text = content_.text();
  const int opened = line;
  std::string value;
  for (++at;; ++at) {
    if (at >= text.size()) {
      throw base::Error(base::Exit::data, {.file = content_.file.string(), .line = opened},
                        "a quoted field has no closing quote; the file is cut off, or a quote stands alone");
    }
    if (text[at] == '\n') ++line;
    if (text[at] != '"') {
      value += text[at];
    } else if (at + 1 < text.size() && text[at + 1] == '"') {
      value += text[at++];
    } else {
      break;
    }
  }
  unescaped_.push_back(std::move(value));
  fields_.push_back(unescaped_.back());
  ++at;
  while (at < text.size() && text[at] != delimiter && (text[at] == ' ' || text[at] == '\r')) ++at;
  if (at < text.size() && text[at] != delimiter && text[at] != '\n') {
    throw base::Error(base::Exit::data, {.file = content_.file.string(), .line = line},
                      "text follows the closing quote of a field; double the quotes inside the field, or remove them");
  }
  return at;
}

void Csv::end_row(std::size_t first_field, int line) {
  const auto count = fields_.size() - first_field;
  if (count == 1 && fields_.back().empty()) {
    fields_.pop_back();
    return;
  }
  if (columns_ == 0) columns_ = count;
  lines_.push_back(line);
  if (count == columns_) return;
  fail(lines_.size() - 1, "has {} fields, but the first row has {}; correct the row, or set [data] delimiter", count,
       columns_);
}

float Csv::to_float(std::size_t row, double number, const std::string& column) const {
  if (std::abs(number) <= static_cast<double>(std::numeric_limits<float>::max())) return static_cast<float>(number);
  fail(row,
       "column \"{}\" holds a number beyond {:.3g}, the largest of single precision; scale the column or correct it",
       column, std::numeric_limits<float>::max());
}

void Csv::check_name(std::size_t row, std::string_view text, const char* what) const {
  if (is_utf8(text)) return;
  fail(row, "this {} is not UTF-8; convert the file (for instance iconv -f ISO-8859-1 -t UTF-8)", what);
}

bool parse_number(std::string_view field, double& number) {
  const auto value = base::number_in(field);
  if (!value || field.find_first_of("nN") != std::string_view::npos) return false;  // "nan" and "inf" are words here
  number = *value;
  return true;
}

bool is_missing(std::string_view field) {
  if (field.empty()) return true;
  for (const char* mark : {"?", "-", "NA", "na", "N/A", "n/a", "NaN", "nan", "null"}) {
    if (field == mark) return true;
  }
  return false;
}

std::size_t find_column(const config::Node& node, const std::string& wanted, const std::vector<std::string>& names) {
  const auto named = std::find(names.begin(), names.end(), wanted);
  if (named != names.end()) return static_cast<std::size_t>(named - names.begin());
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(wanted.data(), wanted.data() + wanted.size(), number);
  const bool is_number = error == std::errc() && end == wanted.data() + wanted.size();
  if (is_number && number < names.size()) return number;
  if (is_number) node.fail(fmt::format("there is no column {}; the columns are 0 .. {}", wanted, names.size() - 1));
  const auto near = base::nearest_word(wanted, names);
  node.fail(fmt::format("there is no column \"{}\"; {}", wanted,
                        near.empty() ? "the columns are " +
                                           base::join({names.begin(),
                                                       names.begin() + static_cast<std::ptrdiff_t>(
                                                                           std::min<std::size_t>(names.size(), 20))},
                                                      ", ")
                                     : "did you mean \"" + near + "\"?"),
            near);
}

}  // namespace assay::data
