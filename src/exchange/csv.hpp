// Tables as CSV text (RFC 4180): one header line, lines end with CR LF, fields are quoted where they must be.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace assay::exchange {

/// The field as it stands in a CSV line: quoted if it holds a comma, a quote, a line break or space at an end.
std::string csv_field(std::string_view text);

/// One line, CR LF included.
std::string csv_line(const std::vector<std::string>& fields);

/// The shortest text that reads back as the same number; empty for what is not finite.
std::string csv_number(double value);

}  // namespace assay::exchange
