#include "search/rungs.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "base/error.hpp"

namespace assay::search {
namespace {

using State = RungResult::State;

std::vector<study::Fidelity> with_epochs(const std::vector<std::int64_t>& epochs, const study::Fidelity& top) {
  std::vector<study::Fidelity> rungs;
  for (const auto count : epochs) {
    auto rung = top;
    rung.epochs = static_cast<int>(count);
    rungs.push_back(rung);
  }
  return rungs;
}

/// What the user listed, ascending, as far as it is below `top`; nothing if there is no list.
std::optional<std::vector<std::int64_t>> listed(const config::Config& config, const study::Fidelity& top) {
  if (top.epochs < 1) {
    base::fail(
        base::Exit::config,
        "search.algorithm {} measures after fewer epochs first, so training.epochs cannot be searched: give it a "
        "fixed number",
        config.text("search.algorithm"));
  }
  if (!config.has("search.rungs")) return std::nullopt;
  auto epochs = config.integers("search.rungs");
  std::erase_if(epochs, [&](auto count) { return count < 1 || count >= top.epochs; });
  epochs.push_back(top.epochs);
  std::sort(epochs.begin(), epochs.end());
  epochs.erase(std::unique(epochs.begin(), epochs.end()), epochs.end());
  return epochs;
}

RungResult result_of(const study::Measurement& rung, const study::Judge& judge) {
  switch (rung.state) {
    case study::State::waiting:
    case study::State::running:
      return {State::open, {}};
    case study::State::done:
      if (auto score = judge.score(rung.metrics)) return {State::scored, std::move(score)};
      return {State::lost, {}};
    case study::State::failed:
      return {rung.failure == study::Failure::infrastructure ? State::invalid : State::lost, {}};
    case study::State::stopped:
      return {State::lost, {}};
    case study::State::infeasible:
    case study::State::voided:
      break;
  }
  return {State::invalid, {}};
}

/// What was put in by hand may be measured at another fidelity than its proposal says.
std::size_t first_level(const study::Trial& trial, const std::vector<study::Fidelity>& fidelities) {
  if (trial.what.at) return study::level_of(*trial.what.at, 0, fidelities);
  if (trial.rungs.empty()) return 0;
  const auto& rung = trial.rungs.front();
  const bool open = rung.state == study::State::waiting || rung.state == study::State::running;
  return open ? 0 : study::level_of(rung.at, 0, fidelities);
}

/// Every result of `before` is in `after`.
bool goes_on(const Climb& before, const Climb& after) {
  if (before.results.size() > after.results.size() || (before.started() && before.first != after.first)) return false;
  for (std::size_t i = 0; i < before.results.size(); ++i) {
    const auto &old = before.results[i], &now = after.results[i];
    if (old.state == State::open) continue;
    if (old.state != now.state) return false;
    if (old.score && (old.score->values != now.score->values || old.score->violation != now.score->violation))
      return false;
  }
  return true;
}

}  // namespace

std::vector<study::Fidelity> divided_rungs(const config::Config& config, const study::Fidelity& top) {
  if (const auto epochs = listed(config, top)) return with_epochs(*epochs, top);
  const auto eta = static_cast<double>(config.integer("search.eta"));
  const auto least = static_cast<double>(config.integer("search.min_epochs"));
  std::vector<std::int64_t> epochs{top.epochs};
  for (double divided = top.epochs / eta; divided >= least; divided /= eta) {
    const auto rounded = std::llround(divided);
    if (rounded < epochs.back()) epochs.push_back(rounded);
  }
  // Where the divisions end between the fewest epochs and eta times as many, nearer to the latter.
  if (static_cast<double>(epochs.back()) >= least * std::sqrt(eta) && epochs.back() > std::llround(least)) {
    epochs.push_back(std::llround(least));
  }
  std::reverse(epochs.begin(), epochs.end());
  return with_epochs(epochs, top);
}

std::vector<study::Fidelity> even_rungs(const config::Config& config, const study::Fidelity& top, double step) {
  if (const auto epochs = listed(config, top)) return with_epochs(*epochs, top);
  std::vector<std::int64_t> epochs;
  for (double reached = step; std::llround(reached) < top.epochs; reached += step) {
    const auto rounded = std::max<std::int64_t>(1, std::llround(reached));
    if (epochs.empty() || rounded > epochs.back()) epochs.push_back(rounded);
  }
  if (epochs.empty() || epochs.back() < top.epochs) epochs.push_back(top.epochs);
  return with_epochs(epochs, top);
}

const RungResult* Climb::at(std::size_t level) const {
  return level < first || level - first >= results.size() ? nullptr : &results[level - first];
}

bool Rungs::Standing::before(const Standing& other) const {
  return std::tuple(group, violation, -value, -id) < std::tuple(other.group, other.violation, -other.value, -other.id);
}

std::vector<study::TrialId> Rungs::update(const study::StudyView& view) {
  const auto& now = view.trials();
  if (now.size() < seen_.size() || view.fidelities() != fidelities_ || view.judge() != judge_) {
    const auto rewinds = rewinds_ + 1;
    *this = Rungs();
    rewinds_ = rewinds;
    judge_ = view.judge();
    fidelities_ = view.fidelities();
    levels_.resize(std::max<std::size_t>(1, fidelities_.size()));
  }
  climbs_.resize(now.size());
  std::vector<study::TrialId> changed;
  now.visit_changes(seen_, [&](std::size_t place) { changed.push_back(static_cast<study::TrialId>(place)); });
  const bool many = changed.size() > 64 && 8 * changed.size() > now.size();
  for (const auto id : changed) {
    auto& climb = climbs_[static_cast<std::size_t>(id)];
    auto fresh = climb_of(now[static_cast<std::size_t>(id)]);
    rewinds_ += !goes_on(climb, fresh);
    if (!many) count(climb, false);
    climb = std::move(fresh);
    if (!many) count(climb, true);
  }
  if (many) count_all();
  seen_ = now;
  return changed;
}

/// Sorted once, not kept sorted through thousands of insertions.
void Rungs::count_all() {
  for (auto& level : levels_) {
    Level empty;
    empty.version = level.version + 1;
    level = std::move(empty);
  }
  for (const auto& climb : climbs_) count(climb, true, false);
  for (auto& level : levels_) {
    std::sort(level.scored.begin(), level.scored.end(), [](const auto& a, const auto& b) { return a.before(b); });
  }
}

Climb Rungs::climb_of(const study::TrialList::Item& trial) const {
  Climb climb;
  climb.trial = trial;
  if (!trial) return climb;
  climb.first = first_level(*trial, fidelities_);
  for (const auto& rung : trial->rungs) {
    if (climb.first + climb.results.size() == levels_.size()) break;
    climb.results.push_back(result_of(rung, judge_));
  }
  if (climb.results.empty()) climb.results.emplace_back();
  return climb;
}

void Rungs::count(const Climb& climb, bool in, bool sorted) {
  for (std::size_t i = 0; i < climb.results.size(); ++i) {
    auto& level = levels_[climb.first + i];
    const auto& result = climb.results[i];
    ++level.version;
    const auto step = [in](std::size_t& counter) { in ? ++counter : --counter; };
    if (result.state != State::invalid && i > 0) step(level.risen);
    if (result.state == State::open) step(level.open);
    if (result.state == State::lost) step(level.lost);
    if (result.state != State::scored) continue;
    const auto& score = *result.score;
    const Standing standing{class_of(score), score.violation, score.values.front(), climb.trial->id};
    if (!sorted) {
      level.scored.push_back(standing);
      continue;
    }
    const auto place = std::lower_bound(level.scored.begin(), level.scored.end(), standing,
                                        [](const auto& a, const auto& b) { return a.before(b); });
    if (in) {
      level.scored.insert(place, standing);
    } else {
      level.scored.erase(place);
    }
  }
}

std::size_t Rungs::open_below_top() const {
  std::size_t sum = 0;
  for (std::size_t level = 0; level + 1 < levels_.size(); ++level) sum += levels_[level].open;
  return sum;
}

std::vector<study::TrialId> Rungs::best(std::size_t level, std::size_t count) const {
  const auto& scored = levels_[level].scored;
  count = std::min(count, scored.size());
  if (judge_.objectives().size() > 1) {
    const auto& order = several_best(level, count);
    return {order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count)};
  }
  std::vector<study::TrialId> numbers(count);
  for (std::size_t i = 0; i < count; ++i) numbers[i] = scored[i].id;
  return numbers;
}

const std::vector<study::TrialId>& Rungs::several_best(std::size_t place, std::size_t count) const {
  const auto& level = levels_[place];
  if (level.ordered == level.version && level.depth >= count) return level.order;
  std::vector<Scored> trials;
  for (const auto& standing : level.scored) {
    const auto& climb = at(standing.id);
    trials.push_back({climb.trial.get(), *climb.at(place)->score});
  }
  level.order.clear();
  for (const auto& one : ranked(std::move(trials), count)) level.order.push_back(one.trial->id);
  level.ordered = level.version;
  level.depth = count;
  return level.order;
}

}  // namespace assay::search
