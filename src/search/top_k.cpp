#include <algorithm>
#include <numeric>
#include <set>
#include <tuple>

#include "search/planners.hpp"
#include "search/ranking.hpp"
#include "search/seen.hpp"
#include "stats/pareto.hpp"

namespace assay::search {

std::vector<study::TrialId> top_k(const study::StudyView& view, int k, const config::Config& config) {
  const MetricLimits limits(config);
  std::vector<Scored> trials;
  for (const auto& trial : view.trials()) {
    if (!trial) continue;
    if (auto scored = score_of(*trial, view.objectives(), limits)) trials.push_back(std::move(*scored));
  }

  // Of each fidelity, the front of the feasible ones; a point beyond a threshold of interest is on it, but comes later.
  std::vector<std::size_t> levels;
  for (const auto& [trial, score] : trials) {
    const auto* result = trial->result();
    levels.push_back(study::level_of(result->at, result->item.rung, view.fidelities()));
  }
  std::vector<bool> on_front(trials.size(), false);
  for (std::size_t level = 0; level < std::max<std::size_t>(1, view.fidelities().size()); ++level) {
    stats::Points points;
    std::vector<std::size_t> members;
    for (std::size_t i = 0; i < trials.size(); ++i) {
      if (!trials[i].score.feasible() || levels[i] != level) continue;
      points.push_back(trials[i].score.values);
      members.push_back(i);
    }
    for (const auto i : stats::pareto_front(points, std::vector<bool>(view.objectives().size(), true)))
      on_front[members[i]] = true;
  }

  std::vector<std::size_t> order(trials.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto key = [&](std::size_t i) {
    const auto& trial = trials[i];
    return std::tuple(!trial.score.feasible(), -static_cast<std::ptrdiff_t>(levels[i]), trial.score.missed > 0,
                      !on_front[i], -trial.score.values.front(), trial.trial->id);
  };
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return key(a) < key(b); });

  std::vector<study::TrialId> best;
  std::set<std::string> taken;
  for (const auto i : order) {
    if (static_cast<int>(best.size()) == k) break;
    if (taken.insert(text_of(trials[i].trial->what.params)).second) best.push_back(trials[i].trial->id);
  }
  return best;
}

}  // namespace assay::search
