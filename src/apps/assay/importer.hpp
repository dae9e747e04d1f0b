// Rows of tables that people or tools wrote, as measured trials of this search.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "apps/assay/table.hpp"
#include "base/json.hpp"
#include "study/reward.hpp"
#include "study/trial.hpp"

namespace assay::apps {

/// A row as a trial of this search.
struct Import {
  study::Proposal what;
  study::Measurement measured;
  std::set<std::string> written = {};  ///< parameters that the row names; the others have their defaults
  std::string place = {};              ///< file and line, or entry
};

class Importer {
 public:
  /// `fidelities`: the search's; a row that does not say it was measured at the last. `reward` is added to the metrics.
  /// `map`: OLD=NEW words; OLD= leaves a column out.
  Importer(const space::Space& space, std::vector<study::Objective> objectives, std::vector<study::Fidelity> fidelities,
           const std::vector<std::string>& map, study::Reward reward);

  /// Nothing for rows without a result. Error(config) for what is no point of the space.
  std::optional<Import> read(const Row& row, const std::string& source);

  /// Error(config) if the row leaves a parameter out that other rows have: its result belongs to another value than the
  /// default. Only once all rows are read.
  void check_whole(const Import& trial) const;
  /// Parameters of the space that no row had.
  std::vector<std::string> missing() const;
  /// Numbers that were read, of rows without a result too.
  const std::set<std::string>& metrics() const { return metrics_; }
  /// Rows that were measured at none of the search's fidelities.
  std::int64_t other_fidelity() const { return other_fidelity_; }
  /// Error(config) if --map names a column that no row had.
  void check_map() const;

 private:
  using Cells = std::map<std::string, base::Json>;

  Cells mapped(const Cells& flat);
  /// True for what an export tells beside parameters, metrics and attributes. In a table whose columns do not say
  /// which of them are parameters, a name that means one is that parameter.
  bool is_fact(const std::string& column, bool parameters_are_marked) const;
  bool is_objective(const std::string& column) const;
  void place(const std::string& column, const base::Json& cell, const Row& row, Cells& parameters,
             Import& result) const;
  [[noreturn]] void unknown(const std::string& column, const Row& row) const;
  bool has_result(const Cells& facts, const study::Measurement& measured) const;
  study::Fidelity fidelity_of(const Cells& facts, const Row& row) const;
  void finish(const Cells& facts, const Row& row, const std::string& source, Import& result);

  const space::Space& space_;
  std::vector<study::Objective> objectives_;
  std::vector<study::Fidelity> fidelities_;
  study::Reward reward_;
  std::map<std::string, std::string> map_;
  std::set<std::string> used_, seen_, metrics_;
  std::int64_t other_fidelity_ = 0;
};

}  // namespace assay::apps
