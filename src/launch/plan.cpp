#include "launch/plan.hpp"

#include <algorithm>
#include <cmath>

#include "base/json.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "launch/slurm.hpp"
#include "launch/summary.hpp"
#include "run/results.hpp"

namespace assay::launch {
namespace {

using run::Stage;

int epochs_of(const run::Run& run, Stage stage) {
  const auto epochs = run.config().section("training", to_string(stage)).value("epochs", base::Json(1));
  return epochs.is_number() ? epochs.get<int>() : 1;
}

trial::Fidelity candidate_fidelity(const config::Node& node, int full_epochs) {
  trial::Fidelity fidelity{.epochs = full_epochs};
  if (const auto value = node.at("epochs")) fidelity.epochs = static_cast<int>(value.integer());
  if (const auto value = node.at("data")) fidelity.data = value.number();
  if (const auto value = node.at("width")) fidelity.width = value.number();
  if (const auto value = node.at("resolution")) fidelity.resolution = value.number();
  return fidelity;
}

/// Nominal costs of the proxy candidates, in full trainings.
std::vector<double> candidate_shares(const run::Run& run) {
  const int full = epochs_of(run, Stage::proxy);
  std::vector<double> shares;
  for (const auto& [key, node] : run.config().node("proxy.candidate").items()) {
    shares.push_back(nominal_share(candidate_fidelity(node, full), full));
  }
  return shares.empty() ? default_proxy_shares(run.config()) : shares;
}

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

/// Mean cost of one trial as a share of a full training, from what is known now.
double share_of(const run::Run& run, Stage stage) {
  if (stage == Stage::split || stage == Stage::report) return 0;
  if (stage == Stage::baseline) return 1;
  const double base = std::max(1, epochs_of(run, Stage::baseline));
  if (stage == Stage::full) return epochs_of(run, Stage::full) / base / (1 - run.config().number("split.share"));
  const auto shares = candidate_shares(run);
  if (stage == Stage::proxy) {
    double sum = 1;
    for (const double share : shares) sum += share;
    return sum / static_cast<double>(shares.size() + 1);
  }
  return mean(shares);
}

}  // namespace

double nominal_share(const trial::Fidelity& fidelity, int full_epochs) {
  return fidelity.epochs / static_cast<double>(std::max(1, full_epochs)) * fidelity.data * fidelity.width *
         fidelity.width * fidelity.resolution * fidelity.resolution;
}

Plan make_plan(const run::Run& run, const Site& site, double assumed_hours) {
  Plan plan;
  plan.full_seconds = assumed_hours * 3600;
  plan.source = fmt::format("assumed ({} h); baseline-train measures it", assumed_hours);
  double proxy_seconds = 0;
  if (const auto baseline = run.figures(Stage::baseline)) {
    plan.full_seconds = run::baseline_figures(*baseline).device_seconds;
    plan.measured = true;
    plan.source = "measured by baseline-train";
  }
  if (const auto json = run.figures(Stage::proxy)) {
    const auto proxy = run::proxy_figures(*json);
    if (proxy.full_seconds > 0) {
      plan.full_seconds = proxy.full_seconds;
      plan.measured = true;
      plan.source = "measured by proxy-select (mean of the reference networks)";
    }
    proxy_seconds = plan.full_seconds;
    for (const auto& candidate : proxy.candidates) {
      if (proxy.chosen && candidate.fidelity == *proxy.chosen) proxy_seconds = candidate.seconds;
    }
  }
  for (const Stage stage : run.stages()) {
    const auto job = stage_job(run, stage, site);
    StagePlan row{.stage = stage,
                  .trials = planned_trials(run, stage),
                  .share = share_of(run, stage),
                  .workers = job.workers * job.crew,
                  .gpus = std::max(1, job.ranks)};
    // Ranks share the work of one training; ideal scaling is assumed.
    row.seconds_each = row.share * plan.full_seconds / row.gpus;
    row.measured = plan.measured;
    if (stage == Stage::search && proxy_seconds > 0) row.seconds_each = proxy_seconds;
    row.done = run.status(stage).has_result();
    plan.stages.push_back(row);
  }
  return plan;
}

std::int64_t expected_restarts(const StagePlan& stage, const Site& site) {
  const auto limit = site.time.find(to_string(stage.stage));
  if (limit == site.time.end()) return 0;
  const auto seconds = slurm_seconds(limit->second);
  const double work = stage.days() * 86400, usable = seconds.value_or(0) - site.lead;
  return usable > 0 ? static_cast<std::int64_t>(std::max(0.0, std::ceil(work / usable) - 1)) : 0;
}

std::string to_text(const Plan& plan, const Site& site) {
  std::string text =
      fmt::format("one full training: {}, {}\n\n", base::format_duration(plan.full_seconds), plan.source);
  text += fmt::format("{:<10} {:>7} {:>12} {:>8} {:>13} {:>14} {:>9}\n", "stage", "trials", "each", "workers",
                      "device-hours", "wall time", "restarts");
  double hours = 0, wall = 0, left = 0;
  for (const auto& row : plan.stages) {
    hours += row.device_hours();
    wall += row.days() * 86400;
    if (!row.done) left += row.days() * 86400;
    const bool trains = row.trials > 0;
    text += fmt::format("{:<10} {:>7} {:>12} {:>8} {:>13} {:>14} {:>9}{}\n", to_string(row.stage),
                        trains ? base::with_commas(row.trials) : "-",
                        trains ? base::format_duration(row.seconds_each) : "-", row.workers,
                        trains ? fmt::format("{:.2f}", row.device_hours()) : "-",
                        trains ? base::format_duration(row.days() * 86400) : "-", expected_restarts(row, site),
                        row.done                  ? "  done"
                        : row.measured || !trains ? ""
                                                  : "  estimate");
  }
  text += fmt::format("{:<10} {:>7} {:>12} {:>8} {:>13.2f} {:>14}\n", "total", "", "", "", hours,
                      base::format_duration(wall));
  if (left < wall) text += fmt::format("still to do: {}\n", base::format_duration(left));
  text +=
      "\nsearch cost = trials x mean proxy cost; days = trials / workers x hours per trial / 24; waiting in the queue "
      "comes on top.\n";
  return text;
}

}  // namespace assay::launch
