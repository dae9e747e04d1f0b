// What the run cost and what the next one would: measured device time, search cost, days.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "report/figure_text.hpp"
#include "report/sections.hpp"

namespace assay::report {
namespace {

using base::Json;
using run::Stage;

struct Cost {
  std::int64_t trainings = 0, failed = 0, imported = 0;
  double device_seconds = 0, first = 0, last = 0;

  double elapsed() const { return last > first ? last - first : 0; }
};

Cost cost_of(const trial::StudyView& view) {
  Cost cost;
  for (const auto& trial : view.trials()) {
    if (!trial) continue;
    for (const auto& rung : trial->rungs) {
      if (rung.ended <= 0) continue;
      if (trial::imported(trial->first, rung.item.rung)) {
        ++cost.imported;
        continue;
      }
      ++cost.trainings;
      cost.failed += rung.state == trial::State::failed;
      cost.device_seconds += rung.device_seconds;
      cost.first = cost.first == 0 ? rung.started : std::min(cost.first, rung.started);
      cost.last = std::max(cost.last, rung.ended);
    }
  }
  return cost;
}

Json row(const std::string& stage, const Cost& cost, double elapsed, double all, double full) {
  const auto n = static_cast<double>(cost.trainings);
  return {{"stage", stage},
          {"trainings", cost.trainings},
          {"failed", cost.failed},
          {"mean_seconds", n > 0 ? Json(cost.device_seconds / n) : Json()},
          {"device_seconds", cost.device_seconds},
          {"share", all > 0 ? Json(cost.device_seconds / all) : Json()},
          {"wall_seconds", elapsed},
          {"full_trainings", full > 0 ? Json(cost.device_seconds / full) : Json()}};
}

}  // namespace

double full_training_seconds(const RunData& run_data) {
  if (run_data.proxy && run_data.proxy->full_seconds > 0) return run_data.proxy->full_seconds;
  return run_data.baseline ? run_data.baseline->device_seconds : 0;
}

Json cost_section(const RunData& run_data) {
  std::map<Stage, Cost> costs;
  Cost total;
  double elapsed = 0;
  for (const auto& [stage, view] : run_data.studies) {
    const auto& cost = costs[stage] = cost_of(view);
    total.trainings += cost.trainings;
    total.failed += cost.failed;
    total.imported += cost.imported;
    total.device_seconds += cost.device_seconds;
    elapsed += cost.elapsed();
  }
  const double full = full_training_seconds(run_data);
  Json section = {{"rows", Json::array()}};
  for (const auto& [stage, cost] : costs) {
    section["rows"].push_back(row(run::to_string(stage), cost, cost.elapsed(), total.device_seconds, full));
  }
  section["total"] = row("all", total, elapsed, total.device_seconds, full);
  section["text"] =
      "Device time is wall time x devices of each training, failed ones included; start-up of processes and the "
      "batch-size "
      "sweep are not in it. Elapsed: from a stage's first start to its last end.";
  if (total.imported > 0) {
    section["text"] = section["text"].get<std::string>() +
                      fmt::format(" {} imported result{} cost nothing here and {} left out.", total.imported,
                                  total.imported == 1 ? "" : "s", total.imported == 1 ? "is" : "are");
  }
  if (full > 0) {
    section["text"] = section["text"].get<std::string>() +
                      fmt::format(" One full training costs {:.3g} device-seconds ({}).", full,
                                  run_data.proxy && run_data.proxy->full_seconds > 0 ? "mean of the reference networks"
                                                                                     : "the baseline");
  }
  section["plan"] = nullptr;
  if (const auto found = costs.find(Stage::search); found != costs.end() && found->second.trainings > 0) {
    const auto n = found->second.trainings;
    section["plan"] = {{"trials", n},
                       {"parallel", std::max<std::int64_t>(1, run_data.parallel)},
                       {"mean_trial_seconds", found->second.device_seconds / static_cast<double>(n)},
                       {"full_seconds", full}};
  }
  return section;
}

Json failures_section(const RunData& run_data) {
  struct Kind {
    std::int64_t count = 0;
    trial::TrialId trial = -1;
    std::string reason;
  };
  Json list = Json::array();
  for (const auto& [stage, view] : run_data.studies) {
    std::map<std::string, Kind> kinds;
    for (const auto& trial : view.trials()) {
      if (!trial) continue;
      for (const auto& rung : trial->rungs) {
        const bool infeasible = rung.state == trial::State::infeasible;
        if (rung.state != trial::State::failed && !infeasible) continue;
        auto& kind = kinds[infeasible ? "infeasible" : trial::to_string(rung.failure)];
        if (kind.count++ == 0) kind.trial = trial->id, kind.reason = rung.reason;
      }
    }
    for (const auto& [name, kind] : kinds) {
      list.push_back({{"stage", run::to_string(stage)},
                      {"kind", name},
                      {"count", kind.count},
                      {"trial", kind.trial},
                      {"reason", kind.reason}});
    }
  }
  return list;
}

}  // namespace assay::report
