#include "search/points/quality_split.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>

#include "stats/hypervolume.hpp"

namespace assay::search {
namespace {

using Ids = std::vector<trial::TrialId>;

/// Of the highest rung that was measured.
std::int64_t last_step(const trial::Trial& trial) {
  for (auto rung = trial.rungs.rbegin(); rung != trial.rungs.rend(); ++rung) {
    if (!rung->reports.empty()) return rung->reports.back().step;
  }
  return 0;
}

/// Where a layer's volume begins: at a threshold that all reach; else beyond the worst by a tenth of the range.
std::vector<double> reference_of(const stats::Points& points, const std::vector<trial::Objective>& objectives) {
  std::vector<double> reference;
  for (std::size_t j = 0; j < objectives.size(); ++j) {
    const auto [low, high] =
        std::minmax_element(points.begin(), points.end(), [j](const auto& a, const auto& b) { return a[j] < b[j]; });
    const double worst = (*low)[j], range = (*high)[j] - worst;
    const auto& threshold = objectives[j].threshold;
    const double turned = threshold ? (objectives[j].maximise ? *threshold : -*threshold) : worst;
    reference.push_back(turned < worst ? turned : worst - 0.1 * (range > 0 ? range : 1));
  }
  return reference;
}

class Splitter {
 public:
  Splitter(const History& history, std::size_t count) : history_(history), left_(count) {}

  /// Takes up to what is left of these trials.
  void take(Ids ids) {
    if (left_ == 0 || ids.empty()) return;
    if (ids.size() <= left_) {
      add(ids);
    } else if (history_.objectives().size() == 1) {
      take_best(std::move(ids), [this](auto a, auto b) { return score(a).front() > score(b).front(); });
    } else {
      take_layers(ids);
    }
  }

  template <class Before>
  void take_best(Ids ids, Before before) {
    const auto count = std::min(left_, ids.size());
    std::nth_element(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(count), ids.end(),
                     [&](auto a, auto b) { return before(a, b) || (!before(b, a) && a > b); });
    ids.resize(count);
    add(ids);
  }

  const std::vector<double>& score(trial::TrialId id) const { return history_.at(id).score->values; }
  Ids good;

 private:
  void take_layers(const Ids& ids) {
    const std::vector<bool> more(history_.objectives().size(), true);
    stats::Points points;
    for (const auto id : ids) points.push_back(score(id));
    const auto layers = stats::pareto_layers(points, more, left_);
    for (int layer = 0; left_ > 0; ++layer) {
      Ids members;
      stats::Points values;
      for (std::size_t i = 0; i < ids.size(); ++i) {
        if (layers[i] != layer) continue;
        members.push_back(ids[i]);
        values.push_back(points[i]);
      }
      if (members.size() > left_) {
        Ids chosen;
        for (const auto i : stats::greedy_subset(values, left_, reference_of(values, history_.objectives()), more))
          chosen.push_back(members[i]);
        members = std::move(chosen);
      }
      add(members);
    }
  }

  void add(const Ids& ids) {
    good.insert(good.end(), ids.begin(), ids.end());
    left_ -= ids.size();
  }

  const History& history_;
  std::size_t left_;
};

}  // namespace

QualitySplit split_by_quality(const History& history, std::size_t count, bool pending_good) {
  std::array<Ids, 3> classes;
  for (const auto id : history.scored())
    classes[static_cast<std::size_t>(trial::class_of(*history.at(id).score))].push_back(id);
  Splitter splitter(history, count);
  if (pending_good && !history.scored().empty()) {
    Splitter best(history, 1);
    for (const auto& ids : classes) {
      if (best.good.empty()) best.take(ids);
    }
    splitter.take(best.good);
    for (auto& ids : classes) std::erase(ids, best.good.front());
    splitter.take_best(history.pending(), [](auto a, auto b) { return a > b; });
  }
  splitter.take(classes[0]);
  splitter.take(classes[1]);
  Ids with_score, without;
  for (const auto id : history.stopped()) (history.at(id).score ? with_score : without).push_back(id);
  // Those that were stopped later first: a score counts among those of its own step (as Optuna 5 does).
  std::map<std::int64_t, Ids, std::greater<>> by_step;
  for (const auto id : with_score) by_step[last_step(*history.at(id).trial)].push_back(id);
  for (const auto& [step, ids] : by_step) splitter.take(ids);
  splitter.take_best(without, [](auto a, auto b) { return a > b; });
  splitter.take_best(classes[2],
                     [&](auto a, auto b) { return history.at(a).score->violation < history.at(b).score->violation; });

  QualitySplit result{.good = std::move(splitter.good), .bad = {}};
  std::sort(result.good.begin(), result.good.end());
  Ids all;
  for (const auto* ids : {&history.scored(), &history.stopped(), &history.pending(), &history.failed()})
    all.insert(all.end(), ids->begin(), ids->end());
  std::sort(all.begin(), all.end());
  std::set_difference(all.begin(), all.end(), result.good.begin(), result.good.end(), std::back_inserter(result.bad));
  return result;
}

std::size_t good_count(std::size_t ended, double gamma, bool root, bool several) {
  constexpr std::size_t most = 25;
  const auto all = static_cast<double>(ended);
  const auto good = static_cast<std::size_t>(std::ceil(gamma * (root ? std::sqrt(all) : all)));
  return several && !root ? good : std::min(good, most);
}

}  // namespace assay::search
