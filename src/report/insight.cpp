#include "report/insight.hpp"

#include <fmt/format.h>
#include <algorithm>

#include <cmath>
#include <functional>
#include <set>
#include <span>

#include "base/text.hpp"
#include "report/compare.hpp"
#include "report/figure_text.hpp"
#include "space/domain.hpp"
#include "stats/correlation.hpp"

namespace assay::report {
namespace {

using trial::Trial;

/// The trial's value with the sign that makes more better; for trials that compare.
double merit(const Trial& trial, const trial::Judge& judge) {
  const auto value = judge.value(trial.result()->metrics);
  return judge.first().maximise ? value.value() : -value.value();
}

/// The trials that compare, by number; those that break limits only if asked for.
std::vector<const Trial*> scored(const trial::StudyView& view, bool infeasible) {
  std::vector<const Trial*> trials;
  if (view.objectives().empty()) return trials;
  const trial::Standings standings(view);
  for (const auto& standing : standings.all()) {
    if (standing.comparable && (standing.feasible || infeasible)) trials.push_back(standing.trial);
  }
  return trials;
}

/// What the shown measurement measured.
const space::Params& params_of(const Trial& trial) { return trial::shown_what(trial).params; }

/// One group per value; numbers with more than eight values by quartile.
std::vector<int> groups_of(const std::vector<const Trial*>& trials, const std::string& name) {
  std::set<std::string> texts;
  std::vector<double> numbers;
  for (const auto* trial : trials) {
    const auto found = params_of(*trial).find(name);
    if (found == params_of(*trial).end()) continue;
    texts.insert(space::to_text(found->second));
    if (const auto number = space::as_number(found->second)) numbers.push_back(*number);
  }
  std::sort(numbers.begin(), numbers.end());
  const bool quartiles = texts.size() > 8 && !numbers.empty();
  std::vector<int> groups;
  for (const auto* trial : trials) {
    const auto found = params_of(*trial).find(name);
    if (found == params_of(*trial).end()) {
      groups.push_back(-1);
    } else if (const auto number = space::as_number(found->second); quartiles && number) {
      const auto below = std::lower_bound(numbers.begin(), numbers.end(), *number) - numbers.begin();
      groups.push_back(static_cast<int>(4 * below / static_cast<std::ptrdiff_t>(numbers.size())));
    } else {
      groups.push_back(static_cast<int>(std::distance(texts.begin(), texts.find(space::to_text(found->second)))));
    }
  }
  return groups;
}

/// The chance that a uniform draw falls on an end, and how to tell that a value lies there.
struct Ends {
  double chance = 0;
  std::function<bool(double)> lower, upper;
  std::string lowest, highest;
};

std::optional<Ends> ends_of(const space::Domain& domain) {
  if (domain.kind == space::Kind::choice && domain.ordered && domain.items.size() >= 3) {
    std::vector<double> items;
    for (const auto& item : domain.items) items.push_back(space::as_number(item).value_or(NAN));
    const auto [lo, hi] = std::minmax_element(items.begin(), items.end());
    return Ends{1.0 / static_cast<double>(items.size()), [lo = *lo](double v) { return v <= lo; },
                [hi = *hi](double v) { return v >= hi; }, fmt::format("{:g}", *lo), fmt::format("{:g}", *hi)};
  }
  const bool range = domain.kind == space::Kind::integer || domain.kind == space::Kind::real;
  if (!range || !(domain.hi > domain.lo)) return std::nullopt;
  const auto at = [domain](double share) {
    if (domain.log) return std::exp(std::log(domain.lo) + share * (std::log(domain.hi) - std::log(domain.lo)));
    return domain.lo + share * (domain.hi - domain.lo);
  };
  double chance = 0.1;
  if (domain.kind == space::Kind::integer) chance = std::max(chance, 1 / (domain.hi - domain.lo + 1));
  if (chance > 0.34) return std::nullopt;
  return Ends{chance, [limit = at(0.1)](double v) { return v <= limit; },
              [limit = at(0.9)](double v) { return v >= limit; }, fmt::format("{:g}", domain.lo),
              fmt::format("{:g}", domain.hi)};
}

}  // namespace

std::vector<const Trial*> ranked(const trial::StudyView& view) {
  auto trials = scored(view, false);
  std::stable_sort(trials.begin(), trials.end(),
                   [&](const Trial* a, const Trial* b) { return merit(*a, view.judge()) > merit(*b, view.judge()); });
  return trials;
}

Progress progress(const trial::StudyView& view) {
  Progress result;
  const auto trials = scored(view, false);
  result.scored = static_cast<std::int64_t>(trials.size());
  if (trials.empty()) return result;
  std::vector<double> merits;
  for (const auto* trial : trials) merits.push_back(merit(*trial, view.judge()));
  const auto best = std::max_element(merits.begin(), merits.end()) - merits.begin();
  result.best = trials[static_cast<std::size_t>(best)]->id;
  result.since_best = result.scored - 1 - best;
  const auto third = merits.size() / 3;
  if (third >= 5) {
    const std::span<const double> all(merits);
    result.growth = difference(all.last(third), all.first(third));
  }
  return result;
}

std::vector<Influence> influences(const trial::StudyView& view) {
  const auto trials = scored(view, true);
  if (trials.size() < 12) return {};
  std::set<std::string> names;
  std::vector<double> merits;
  for (const auto* trial : trials) {
    merits.push_back(merit(*trial, view.judge()));
    for (const auto& [name, value] : params_of(*trial)) names.insert(name);
  }
  // Ranks instead of scores: one network that learnt nothing must not drown all others.
  const auto ranks = stats::average_ranks(merits);
  std::vector<Influence> list;
  for (const auto& name : names) list.push_back({name, explained_share(ranks, groups_of(trials, name))});
  std::stable_sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.share > b.share; });
  return list;
}

std::string fidelity_text(const trial::Fidelity& at, std::int64_t full_epochs) {
  auto text = trial::to_text(at, static_cast<int>(full_epochs));
  const std::string full_data = ", full data";
  if (const auto found = text.find(full_data); found != std::string::npos) text.erase(found, full_data.size());
  return text;
}

std::string trials_text(const trial::Standings& standings, std::int64_t full_epochs) {
  const auto& view = standings.view();
  const auto& levels = view.fidelities();
  const auto trials = count_text(view.counts().claimed, "trial");
  if (levels.empty()) return trials;
  const auto& all_trials = standings.all();
  const bool elsewhere = std::any_of(all_trials.begin(), all_trials.end(), [](const trial::Standing& standing) {
    return standing.shown != nullptr && standing.shown->state == trial::State::done && standing.level != 0;
  });
  if (levels.size() == 1 && !elsewhere)
    return trials + " at " + trial::to_text(levels.back(), static_cast<int>(full_epochs));
  if (full_epochs == 0) full_epochs = levels.back().epochs;
  if (standings.comparable() == 0) return trials + ", none of them with a result yet";
  const auto at = fidelity_text(levels[standings.level()], full_epochs);
  const bool all = static_cast<std::int64_t>(standings.comparable()) == view.counts().claimed;
  auto text = fmt::format("{}, {} of them at {}", trials, all ? "all" : std::to_string(standings.comparable()), at);
  if (!standings.top_reached())
    text += fmt::format(" (no trial has got to {} yet)", fidelity_text(levels.back(), full_epochs));
  return text;
}

std::optional<BestByFidelity> best_by_fidelity(const trial::Standings& standings, Scale scale) {
  const auto& view = standings.view();
  const auto& levels = view.fidelities();
  if (standings.best() == nullptr || levels.size() < 2) return std::nullopt;
  const auto& metric = view.judge().first().metric;
  std::vector<std::string> lower;
  for (std::size_t level = 0; level < standings.level(); ++level) {
    const auto* best = standings.best_at(level);
    if (best == nullptr) continue;
    lower.push_back(value_text(scale, best->metrics.at(metric)) + " at " + fidelity_text(levels[level]));
  }
  // The lowest and the next to the compared one say enough.
  if (lower.size() > 2) lower.erase(lower.begin() + 1, lower.end() - 1);
  BestByFidelity best{.value = value_text(scale, standings.best()->shown->metrics.at(metric)),
                      .where = "at " + fidelity_text(levels[standings.level()])};
  if (!lower.empty()) best.where += " (" + base::join(lower, ", ") + ")";
  return best;
}

std::vector<trial::Report> whole_curve(const Trial& trial) {
  std::vector<trial::Report> curve;
  for (const auto& rung : trial.rungs) {
    const auto last = curve.empty() ? 0 : curve.back().step;
    if (rung.reports.empty()) {
      if (rung.state == trial::State::done && rung.at.epochs > last) curve.push_back({rung.at.epochs, 0, rung.metrics});
      continue;
    }
    const auto offset = rung.reports.back().step <= last ? last : 0;
    for (const auto& report : rung.reports) {
      if (!curve.empty() && report.step + offset <= curve.back().step) continue;
      curve.push_back(report);
      curve.back().step += offset;
    }
  }
  return curve;
}

std::vector<Edge> edges(const trial::StudyView& view, const space::Space& space) {
  auto best = ranked(view);
  if (best.size() < 20) return {};
  best.resize(std::clamp<std::size_t>(best.size() / 10, 5, 50));
  std::vector<Edge> found;
  // Every parameter is looked at from both ends: the level is shared among the looks (Bonferroni).
  const double level = 0.05 / (2.0 * static_cast<double>(std::max<std::size_t>(1, space.parameters().size())));
  for (const auto& parameter : space.parameters()) {
    const auto ends = ends_of(parameter.domain);
    if (!ends) continue;
    int lower = 0, upper = 0, of = 0;
    for (const auto* trial : best) {
      const auto value = params_of(*trial).find(parameter.name);
      const auto number = value == params_of(*trial).end() ? std::nullopt : space::as_number(value->second);
      if (!number) continue;
      ++of;
      lower += ends->lower(*number);
      upper += ends->upper(*number);
    }
    if (upper > 0 && binomial_tail(upper, of, ends->chance) < level) {
      found.push_back({parameter.name, "upper", ends->highest, upper, of});
    } else if (lower > 0 && binomial_tail(lower, of, ends->chance) < level) {
      found.push_back({parameter.name, "lower", ends->lowest, lower, of});
    }
  }
  return found;
}

}  // namespace assay::report
