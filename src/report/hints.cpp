// What the figures suggest to change before the next search. Every hint names its evidence; a check that cannot be made
// (too few trials) stays silent.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "report/figure_text.hpp"
#include "report/insight.hpp"
#include "report/sections.hpp"
#include "trial/metric.hpp"

namespace assay::report {
namespace {

using base::Json;
using run::Stage;

void add(Json& hints, const char* level, const std::string& title, const std::string& text) {
  hints.push_back({{"level", level}, {"title", title}, {"text", text}});
}

/// Half the width of the 95 % interval of a share near `score`, on the search-validation part; 0 if unknown.
double sampling_noise(const RunData& run_data, const std::string& metric, double score) {
  if (!run_data.split || run_data.split->valid <= 0 || !trial::is_share_of_rows(metric, score)) return 0;
  return 1.96 * std::sqrt(std::max(1e-6, score * (1 - score)) / static_cast<double>(run_data.split->valid));
}

void failures(Json& hints, const trial::StudyView& view) {
  const auto counts = view.counts();
  const auto ended = counts.done + counts.failed + counts.infeasible + counts.stopped;
  const auto bad = counts.failed + counts.infeasible;
  if (ended < 10 || 5 * bad <= ended) return;
  add(hints, "act",
      fmt::format("{:.0f} % of the trials failed or were infeasible",
                  100.0 * static_cast<double>(bad) / static_cast<double>(ended)),
      "Above 20 % the search learns the borders of the space instead of its inside: decouple the parameters that clash "
      "(search y = z - x instead of z), or cut the values that fail. The table of failures names them.");
}

void at_the_edge(Json& hints, const trial::StudyView& view, const space::Space& space) {
  for (const auto& edge : edges(view, space)) {
    add(hints, "act", fmt::format("{} is best at its {} end ({})", edge.parameter, edge.end, edge.value),
        fmt::format(
            "{} of the {} trials with the best {} stand there, more than chance allows: extend the domain beyond "
            "this end.",
            edge.there, edge.of, view.judge().first().metric));
  }
}

/// Where in their schedule the best trials are best, and whether they still rise.
void last_epoch(Json& hints, const RunData& run_data, const trial::StudyView& view) {
  const auto& objective = view.judge().first();
  auto best = ranked(view);
  best.resize(std::min<std::size_t>(best.size(), 10));
  int curves = 0, early = 0, rising = 0;
  for (const auto* trial : best) {
    std::vector<double> values;
    for (const auto& report : trial->result()->reports) {
      const auto found = report.metrics.find(objective.metric);
      if (found != report.metrics.end()) values.push_back(found->second * (objective.maximise ? 1 : -1));
    }
    if (values.size() < 4) continue;
    ++curves;
    const auto peak = std::max_element(values.begin(), values.end()) - values.begin();
    early += static_cast<std::size_t>(peak + 1) * 10 <= values.size() * 5;
    const double gain = values.back() - values[values.size() - 1 - values.size() / 4];
    const double noise = sampling_noise(run_data, objective.metric, std::abs(values.back()));
    rising += gain > std::max(noise, 0.02 * (values.back() - values.front()));
  }
  if (curves < 5) return;
  if (10 * rising >= 8 * curves) {
    add(hints, "info", "The best trials still improve at their last epoch",
        fmt::format(
            "{} of {} gained more than the noise of their score in the last quarter of their epochs: a longer proxy "
            "would rank them later in their training.",
            rising, curves));
  }
  if (10 * early >= 8 * curves) {
    add(hints, "info", "The best trials peak in the first half of their epochs",
        fmt::format("{} of {} are best there: the proxy is longer than it needs to be, or it overfits.", early,
                    curves));
  }
}

void curve(Json& hints, const trial::StudyView& view) {
  const auto now = progress(view);
  if (now.scored < 30) return;
  if (10 * now.since_best < now.scored) {
    add(hints, "info", fmt::format("The best trial came late (trial {})", now.best),
        fmt::format("Only {} came after it: the search had not levelled off, more trials may find more.",
                    count_text(now.since_best, "scored trial")));
  } else if (2 * now.since_best > now.scored && (!now.growth || now.growth->lo <= 0)) {
    add(hints, "info", "The search curve is flat",
        fmt::format(
            "No better network since trial {} ({} later), and the mean score of the last third is not clearly above "
            "that of the "
            "first: the space may hold little more, or the proxy cannot tell its networks apart.",
            now.best, count_text(now.since_best, "scored trial")));
  }
}

void influence(Json& hints, const trial::StudyView& view) {
  const auto list = influences(view);
  if (list.size() < 2) return;
  std::vector<std::string> strong, idle;
  for (const auto& item : list) {
    if (item.share >= 0.1 && strong.size() < 3)
      strong.push_back(fmt::format("{} ({:.0f} %)", item.parameter, 100 * item.share));
    if (item.share < 0.01) idle.push_back(item.parameter);
  }
  if (strong.empty()) return;
  auto text =
      "Share of the variance of the ranks that goes with one parameter alone; a planner that prefers good values "
      "biases it.";
  std::string tail;
  if (!idle.empty()) {
    const auto count = idle.size();
    if (count > 6) idle.resize(6);
    tail = fmt::format(" Without visible influence: {}{}; they could be fixed.", base::join(idle, ", "),
                       count > 6 ? ", ..." : "");
  }
  add(hints, "info", "What mattered: " + base::join(strong, ", "), text + tail);
}

void proxy(Json& hints, const RunData& run_data) {
  if (!run_data.proxy || run_data.proxy->chosen || run_data.proxy->candidates.empty()) return;
  const auto& list = run_data.proxy->candidates;
  const auto best = std::max_element(
      list.begin(), list.end(), [](const auto& a, const auto& b) { return a.spearman.estimate < b.spearman.estimate; });
  if (best->spearman.estimate >= run_data.proxy->agreement_wanted) {
    add(hints, "act", "No proxy is sure enough, but one might be with more reference networks",
        fmt::format("{}: rho {} over {} networks. The estimate reaches {:.2f}, its lower bound does not: raise "
                    "proxy.reference.",
                    best->name, agreement_text(best->spearman), best->networks, run_data.proxy->agreement_wanted));
  } else {
    add(hints, "act", "No proxy orders the networks as full training does",
        "Offer longer or less reduced candidates (cut width before data), or search with full trainings.");
  }
}

void result(Json& hints, const RunData& run_data) {
  const auto found = verdict(run_data);
  if (!found) return;
  // Defaults that break a limit are nothing to beat.
  const bool allowed = found->baseline != nullptr && found->baseline->feasible;
  if ((found->kind == Verdict::Kind::unclear && allowed) || found->kind == Verdict::Kind::defaults) {
    add(hints, "act", "The search has not clearly beaten the defaults",
        "Reference networks near the baseline speak for a promising space, networks clearly below it for a poor one. "
        "Before "
        "searching longer: more seeds, more finalists, or a space that reaches further from the defaults.");
  }
  if (found->kind == Verdict::Kind::unknown) {
    add(hints, "act", "Whether the winner is better than the baseline is not known",
        "Each was trained once and its score has no interval: [full] seeds = 3 tells how much trainings differ.");
  }
}

void overfitting(Json& hints, const RunData& run_data) {
  if (!run_data.baseline || run_data.baseline->curve.size() < 8) return;
  const auto& reports = run_data.baseline->curve;
  const auto& objective = run_data.judge.first();
  std::size_t best = 0;
  double top = -INFINITY;
  for (std::size_t i = 0; i < reports.size(); ++i) {
    const auto value = reports[i].metrics.find(objective.metric);
    if (value == reports[i].metrics.end()) return;
    const double merit = value->second * (objective.maximise ? 1 : -1);
    if (merit > top) top = merit, best = i;
  }
  const double last = reports.back().metrics.at(objective.metric) * (objective.maximise ? 1 : -1);
  const double noise = sampling_noise(run_data, objective.metric, std::abs(top));
  if (2 * (best + 1) <= reports.size() && top - last > std::max(noise, 0.002 * std::abs(top))) {
    add(hints, "info",
        fmt::format("The baseline is best at epoch {} of {} and then falls", reports[best].step, reports.back().step),
        "It overfits: fewer epochs, more augmentation or more weight decay.");
  }
}

}  // namespace

Json hints_section(const RunData& run_data) {
  Json hints = Json::array();
  result(hints, run_data);
  if (const auto* view = run_data.study(Stage::search); view != nullptr && !view->objectives().empty()) {
    failures(hints, *view);
    if (run_data.space) at_the_edge(hints, *view, *run_data.space);
    curve(hints, *view);
    last_epoch(hints, run_data, *view);
    influence(hints, *view);
  }
  proxy(hints, run_data);
  overfitting(hints, run_data);
  if (run_data.space) {
    for (const auto& warning : run_data.space->warnings()) add(hints, "info", "About the space", warning);
  }
  return hints;
}

Json checks() {
  return {"baseline clearly beaten",
          "more than 20 % failed",
          "best trials at an end of a domain",
          "search curve flat or still rising",
          "best trials still improving at their last epoch",
          "parameters without influence",
          "a proxy that agrees",
          "baseline overfitting",
          "size and mixture of the space"};
}

}  // namespace assay::report
