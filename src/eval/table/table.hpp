// Trials that are looked up in a CSV of finished trainings instead of trained: [trial.table]. No LibTorch here.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/config.hpp"
#include "space/space.hpp"
#include "trial/evaluator.hpp"

namespace assay::data {
class Csv;
}

namespace assay::eval {

/// The table of a run in memory: one row per network, or per network and epoch.
class Table {
 public:
  /// Error(data) with the file and the line: unknown columns, values that are no numbers, two rows for one point, a
  /// choice of the space that occurs in no row. Rows of points outside the space are left out.
  Table(const config::Config& config, std::shared_ptr<const space::Space> space);

  struct Found {
    trial::Outcome outcome;              ///< done; infeasible if the table lacks the point; failed (nan)
    std::vector<trial::Report> reports;  ///< one per epoch up to the fidelity's; seconds: cost until then
  };
  /// `made`: what the training goes on from was measured at; its epochs are neither reported nor paid for again.
  Found look_up(const space::Params& params, const trial::Fidelity& at,
                const std::optional<trial::Fidelity>& made = {}) const;

  /// Points of the space that the table knows.
  std::size_t size() const { return points_.size(); }
  bool has_epochs() const { return has_epochs_; }
  bool has_cost() const { return has_cost_; }

 private:
  struct Row {
    int line = 0;  ///< of the file
    std::int64_t epoch = 0;
    double cost = 0;  ///< seconds from the training's start
    trial::Metrics metrics;
    std::map<std::string, std::string> attributes;
  };
  struct Columns;
  struct Reading;

  bool keyed(const space::Parameter& parameter) const;
  std::string key_of(const space::Params& params) const;
  Row read_row(const data::Csv& csv, std::size_t row, const Columns& columns) const;
  void add(const data::Csv& csv, std::size_t row, const Columns& columns, Reading& reading);
  void check_coverage(const data::Csv& csv, const Reading& reading) const;
  void check_costs() const;
  std::int64_t epochs_wanted(const space::Params& params, const trial::Fidelity& at) const;

  std::string file_;
  std::shared_ptr<const space::Space> space_;
  std::vector<std::string> objectives_;
  bool has_epochs_ = false, has_cost_ = false;
  std::unordered_map<std::string, std::vector<Row>> points_;  ///< rows by epoch
};

/// True if the trials of a run are looked up.
bool uses_table(const config::Config& config);

/// Answers at once, or, with [trial.table] wait > 0, after so many times the cost. `timeout`: seconds that a trial may
/// wait, asked when it begins; 0: no limit.
std::unique_ptr<trial::Evaluator> make_table_evaluator(const config::Config& config,
                                                       std::shared_ptr<const space::Space> space,
                                                       std::function<double()> timeout);

}  // namespace assay::eval
