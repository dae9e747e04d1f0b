#include "search/rungs/rungs.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "base/error.hpp"

namespace assay::search {
namespace {

using State = RungResult::State;

std::vector<trial::Fidelity> with_epochs(const std::vector<std::int64_t>& epochs, const trial::Fidelity& top) {
  std::vector<trial::Fidelity> rungs;
  for (const auto count : epochs) {
    auto rung = top;
    rung.epochs = static_cast<int>(count);
    rungs.push_back(rung);
  }
  return rungs;
}

/// What the user listed, ascending, as far as it is below `top`; nothing if there is no list.
std::optional<std::vector<std::int64_t>> listed(const config::Config& config, const trial::Fidelity& top) {
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

RungResult result_of(const trial::Measurement& rung, const trial::Judge& judge) {
  switch (rung.state) {
    case trial::State::waiting:
    case trial::State::running:
      return {State::open, {}};
    case trial::State::done:
      if (auto score = judge.score(rung.metrics)) return {State::scored, std::move(score)};
      return {State::lost, {}};
    case trial::State::failed:
      return {rung.failure == trial::Failure::infrastructure ? State::invalid : State::lost, {}};
    case trial::State::stopped:
      return {State::lost, {}};
    case trial::State::infeasible:
    case trial::State::voided:
      break;
  }
  return {State::invalid, {}};
}

/// What was put in by hand may be measured at another fidelity than its proposal says.
std::size_t first_level(const trial::Trial& trial, const std::vector<trial::Fidelity>& fidelities) {
  if (trial.first.at) return trial::level_of(*trial.first.at, 0, fidelities);
  if (trial.rungs.empty()) return 0;
  const auto& rung = trial.rungs.front();
  const bool open = rung.state == trial::State::waiting || rung.state == trial::State::running;
  return open ? 0 : trial::level_of(rung.at, 0, fidelities);
}

/// Every result of `before` is in `after`.
bool continues(const TrialProgress& before, const TrialProgress& after) {
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

std::vector<trial::Fidelity> divided_rungs(const config::Config& config, const trial::Fidelity& top) {
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

std::vector<trial::Fidelity> even_rungs(const config::Config& config, const trial::Fidelity& top, double step) {
  if (const auto epochs = listed(config, top)) return with_epochs(*epochs, top);
  std::vector<std::int64_t> epochs;
  for (double reached = step; std::llround(reached) < top.epochs; reached += step) {
    const auto rounded = std::max<std::int64_t>(1, std::llround(reached));
    if (epochs.empty() || rounded > epochs.back()) epochs.push_back(rounded);
  }
  if (epochs.empty() || epochs.back() < top.epochs) epochs.push_back(top.epochs);
  return with_epochs(epochs, top);
}

const RungResult* TrialProgress::at(std::size_t level) const {
  return level < first || level - first >= results.size() ? nullptr : &results[level - first];
}

bool Rungs::Standing::before(const Standing& other) const {
  return std::tuple(group, violation, -value, -id) < std::tuple(other.group, other.violation, -other.value, -other.id);
}

std::vector<trial::TrialId> Rungs::update(const trial::StudyView& view) {
  const auto& now = view.trials();
  if (now.size() < seen_.size() || view.fidelities() != fidelities_ || view.judge() != judge_) {
    const auto rewinds = rewinds_ + 1;
    *this = Rungs();
    rewinds_ = rewinds;
    judge_ = view.judge();
    fidelities_ = view.fidelities();
    levels_.resize(std::max<std::size_t>(1, fidelities_.size()));
  }
  trials_.resize(now.size());
  std::vector<trial::TrialId> changed;
  now.visit_changes(seen_, [&](std::size_t place) { changed.push_back(static_cast<trial::TrialId>(place)); });
  const bool many = changed.size() > 64 && 8 * changed.size() > now.size();
  for (const auto id : changed) {
    auto& progress = trials_[static_cast<std::size_t>(id)];
    auto fresh = progress_of(now[static_cast<std::size_t>(id)]);
    rewinds_ += !continues(progress, fresh);
    if (!many) count(progress, false);
    progress = std::move(fresh);
    if (!many) count(progress, true);
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
  for (const auto& progress : trials_) count(progress, true, false);
  for (auto& level : levels_) {
    std::sort(level.scored.begin(), level.scored.end(), [](const auto& a, const auto& b) { return a.before(b); });
  }
}

TrialProgress Rungs::progress_of(const trial::TrialList::Item& trial) const {
  TrialProgress progress;
  progress.trial = trial;
  if (!trial) return progress;
  progress.first = first_level(*trial, fidelities_);
  for (const auto& rung : trial->rungs) {
    if (progress.first + progress.results.size() == levels_.size()) break;
    progress.results.push_back(result_of(rung, judge_));
  }
  if (progress.results.empty()) progress.results.emplace_back();
  return progress;
}

void Rungs::count(const TrialProgress& progress, bool in, bool sorted) {
  for (std::size_t i = 0; i < progress.results.size(); ++i) {
    auto& level = levels_[progress.first + i];
    const auto& result = progress.results[i];
    ++level.version;
    const auto step = [in](std::size_t& counter) { in ? ++counter : --counter; };
    if (result.state != State::invalid && i > 0) step(level.risen);
    if (result.state == State::open) step(level.open);
    if (result.state == State::lost) step(level.lost);
    if (result.state != State::scored) continue;
    const auto& score = *result.score;
    const Standing standing{trial::class_of(score), score.violation, score.values.front(), progress.trial->id};
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

std::vector<trial::TrialId> Rungs::best(std::size_t level, std::size_t count) const {
  const auto& scored = levels_[level].scored;
  count = std::min(count, scored.size());
  if (judge_.objectives().size() > 1) {
    const auto& order = several_best(level, count);
    return {order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count)};
  }
  std::vector<trial::TrialId> numbers(count);
  for (std::size_t i = 0; i < count; ++i) numbers[i] = scored[i].id;
  return numbers;
}

const std::vector<trial::TrialId>& Rungs::several_best(std::size_t place, std::size_t count) const {
  const auto& level = levels_[place];
  if (level.ordered == level.version && level.depth >= count) return level.order;
  std::vector<trial::Scored> trials;
  for (const auto& standing : level.scored) {
    const auto& progress = at(standing.id);
    trials.push_back({progress.trial.get(), *progress.at(place)->score});
  }
  level.order.clear();
  for (const auto& one : trial::ranked(std::move(trials), count)) level.order.push_back(one.trial->id);
  level.ordered = level.version;
  level.depth = count;
  return level.order;
}

}  // namespace assay::search
