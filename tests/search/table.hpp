// A search over a table of finished trainings: nas-bench-macro, all 6,561 chain networks of eight layers with three
// choices.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "search/planners.hpp"
#include "trial/view_builder.hpp"

namespace assay::test {

/// ASSAY_DATA, else ../shared/data beside the sources.
std::filesystem::path data_folder();

struct Row {
  double accuracy = 0, parameters = 0, flops = 0;
};

class Table {
 public:
  /// Nothing where the data set is missing.
  static std::optional<Table> load();
  const Row& at(const space::Params& params) const;
  const std::map<std::string, Row>& rows() const { return rows_; }

 private:
  std::map<std::string, Row> rows_;
};

/// The configuration of the table's space, with these lines for [search] and [objectives].
config::Config macro_config(const std::string& more);

using Measure = std::function<std::optional<trial::Metrics>(trial::TrialId, const space::Params&)>;

/// Runs a study in memory: asks the planner as `workers` workers would, whose trials end in the order of their numbers.
/// Measurements that give nothing are failed trials.
trial::StudyView simulate(trial::Planner& planner, const std::vector<trial::Objective>& objectives, std::int64_t trials,
                          std::uint64_t seed, const Measure& measure, std::int64_t workers = 1);
/// With limits and rewards.
trial::StudyView simulate_judged(trial::Planner& planner, const trial::Judge& judge, std::int64_t trials,
                                 std::uint64_t seed, const Measure& measure, std::int64_t workers = 1);

}  // namespace assay::test
