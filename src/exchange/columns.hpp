// What each column of a table of results is: a parameter of the space, a measurement, a fact, or nothing that counts.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "exchange/table.hpp"
#include "space/space.hpp"

namespace assay::exchange {

/// A column that is given another name (`old` -> `now`), or with an empty one left out: --map, or `map` of the
/// configuration.
using ColumnMap = std::map<std::string, std::string>;
/// Error(config) for a word that is not OLD=NEW.
ColumnMap column_map(const std::vector<std::string>& words);

struct Column {
  enum class Role { parameter, metric, attribute, fact, reports, ignored };
  Role role = Role::ignored;
  std::string name;  ///< of the parameter, metric, attribute or fact
  std::string why;   ///< ignored: why, for people
};

class Columns {
 public:
  /// `wanted`: metrics that objectives, limits and rewards name. Error(config) where a column may mean several
  /// parameters, where two columns are the same one, and for a map of a column that is not there.
  Columns(const std::vector<Row>& rows, const space::Space& space, const std::set<std::string>& wanted,
          const ColumnMap& map, const std::string& source);

  const std::map<std::string, Column>& all() const { return columns_; }
  bool has_parameter(const std::string& name) const { return parameters_.contains(name); }
  /// Columns that are no parameter and no wanted metric, those first that look most like this parameter.
  std::vector<std::string> like(const space::Parameter& parameter) const;
  /// The same for a metric that is wanted; what tools keep under a name of their own first.
  std::vector<std::string> like_metric(const std::string& metric) const;
  /// Lines for people: what is taken as what, and what is ignored.
  std::vector<std::string> remarks() const;

 private:
  Column role_of(const std::string& column, const std::vector<base::Json>& samples) const;
  void take_weak_matches();
  void refuse_doubles() const;
  bool is_wanted(const std::string& metric) const { return wanted_.contains(metric); }

  const space::Space& space_;
  std::set<std::string> wanted_;
  std::string source_;
  bool marked_ = false;  ///< columns say which of them are parameters
  std::map<std::string, Column> columns_;
  std::map<std::string, std::vector<base::Json>> samples_;  ///< some cells of each column
  std::map<std::string, std::string> parameters_;           ///< parameter -> column
};

/// The highest finished measurement of a row of `assay export --json` in the row itself, at the cost of all.
Row flattened(const Row& row);

}  // namespace assay::exchange
