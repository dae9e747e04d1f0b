// Tables that people or tools wrote, as measured trials of this search.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "exchange/columns.hpp"
#include "exchange/table.hpp"
#include "trial/reward.hpp"
#include "trial/trial.hpp"

namespace assay::exchange {

/// A row as a trial of this search.
struct Import {
  trial::Proposal what;
  trial::Measurement measured;
  std::set<std::string> written = {};  ///< parameters that the row names; the others have their defaults
  std::string place = {};              ///< file and line, or entry
};

struct ImportOptions {
  ColumnMap map = {};
  bool skip = false;      ///< rows that are no points of the space are left out instead of refused
  bool defaults = false;  ///< parameters that the table does not have were at their defaults
  /// How a message writes a column's other name, and that the defaults are meant: words of `assay import` where empty.
  std::function<std::string(const std::string& old, const std::string& now)> map_text = {};
  std::string defaults_text = "--defaults";
  std::string skip_text = "--skip";
};

struct Reading {
  std::vector<Import> trials;
  std::int64_t without_result = 0, skipped = 0, known = 0;
  std::vector<std::string> remarks;  ///< lines for people: what was ignored, what may not compare
};

/// What a table must be read for.
struct ImportTarget {
  const space::Space& space;
  std::vector<trial::Objective> objectives;
  std::vector<trial::Fidelity> fidelities;  ///< the search's; a row that does not say it was measured at the last
  std::set<std::string> wanted;             ///< metrics that objectives, limits and rewards name
  trial::Reward reward;                     ///< added to the metrics
};
ImportTarget import_target(const config::Config& config, const space::Space& space,
                           std::vector<trial::Objective> objectives, std::vector<trial::Fidelity> fidelities);

/// Error(config) in one sentence where a column that is needed is not there, or a row is no point of the space; nothing
/// is ever taken for a default in the place of what the table holds.
Reading read_results(const std::vector<Row>& rows, const std::string& source, const ImportTarget& target,
                     const ImportOptions& options);

/// Leaves rows out that are among `known` already: the same point, fidelity and metrics.
void leave_out_known(Reading& reading, const std::vector<Import>& known, const std::string& metric);
bool same_result(const Import& row, const trial::Proposal& what, const trial::Measurement& result);

}  // namespace assay::exchange
