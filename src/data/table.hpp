// How a table's columns become numbers: settled on the training file, used again for the validation file.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/csv.hpp"
#include "data/readers.hpp"

namespace assay::data {

/// A feature column. A numeric one gives one value, missing ones the training mean; a categorical one gives one value
/// per category, 1 for its own and 0 else, with "?" for missing ones. A category that training never had is all zeros.
struct Column {
  std::size_t index = 0;
  std::string name;
  std::vector<std::string> categories;  ///< sorted; empty: numeric
  double mean = 0;
};

struct TableEncoding {
  std::vector<std::string> names;  ///< of all columns of the file
  bool header = false;
  std::size_t target = 0;
  std::optional<std::size_t> group;
  std::vector<Column> columns;
};

/// Row of the first data line: 1 if the file begins with a header. `names` become the header's, else "column 0", ...
std::size_t take_header(const Csv& csv, const config::Config& config, std::vector<std::string>& names);

/// Labels or targets of rows `first`.. from one column; the class names are the training part's if there is one, else
/// the different values, sorted (by number if all are numbers).
void read_target(const Csv& csv, std::size_t first, std::size_t column, const std::string& name, const Request& request,
                 Dataset& dataset);

}  // namespace assay::data
