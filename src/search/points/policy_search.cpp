#include "search/points/policy_search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace assay::search {
namespace {

/// A reward says how a trial compares with so many.
constexpr std::size_t window = 100;
/// The states of learning that are kept, for trials that end late.
constexpr std::size_t most_snapshots = 64;

bool same(const std::optional<trial::Score>& a, const std::optional<trial::Score>& b) {
  if (!a || !b) return !a && !b;
  return a->values == b->values && a->violation == b->violation && a->missed == b->missed;
}

/// Share of the others that each is better than; equal ones count half.
std::vector<double> shares_beaten(const std::vector<std::optional<trial::Score>>& scores) {
  std::vector<double> shares;
  // Equal results of several objectives need not be equal in `ranked`; the order of their numbers decides.
  std::vector<std::size_t> place(scores.size(), 0);
  const bool several = std::any_of(scores.begin(), scores.end(), [](auto& s) { return s && s->values.size() > 1; });
  if (several) {
    std::vector<trial::Trial> stand_ins(scores.size());
    std::vector<trial::Scored> scored;
    for (std::size_t i = 0; i < scores.size(); ++i) {
      stand_ins[i].id = static_cast<trial::TrialId>(i);
      if (scores[i]) scored.push_back({&stand_ins[i], *scores[i]});
    }
    const auto count = scored.size();
    const auto order = trial::ranked(std::move(scored), count);
    for (std::size_t i = 0; i < order.size(); ++i) place[static_cast<std::size_t>(order[i].trial->id)] = i;
  }
  const auto beats = [&](std::size_t a, std::size_t b) {
    if (!scores[a] || !scores[b]) return scores[a].has_value() && !scores[b];
    return several ? place[a] < place[b] : trial::better(*scores[a], *scores[b]);
  };
  for (std::size_t i = 0; i < scores.size(); ++i) {
    double beaten = 0;
    for (std::size_t j = 0; j < scores.size(); ++j) beaten += i == j ? 0 : beats(i, j) ? 1 : beats(j, i) ? 0 : 0.5;
    shares.push_back(scores[i] && scores.size() > 1 ? beaten / static_cast<double>(scores.size() - 1) : 0);
  }
  return shares;
}

}  // namespace

PolicySearch::PolicySearch(const Setup& setup, std::size_t hidden, std::size_t batch)
    : PointSearch(setup), seed_(setup.seed), batch_(batch), policy_(setup.space, hidden) {}

std::vector<PolicySearch::Ended> PolicySearch::ended() const {
  std::vector<Ended> all;
  const auto& trials = history().trials();
  for (std::size_t i = 0; i < trials.size(); ++i) {
    using Status = Observation::Status;
    const auto status = trials[i].status;
    if (status != Status::scored && status != Status::stopped && status != Status::failed) continue;
    all.push_back({static_cast<trial::TrialId>(i), trials[i].score});
  }
  return all;
}

std::vector<Lesson> PolicySearch::batch_until(std::size_t end) const {
  const auto begin = end - batch_, oldest = end - std::min(end, std::max(window, batch_));
  std::vector<std::optional<trial::Score>> scores;
  for (auto i = oldest; i < end; ++i) scores.push_back(ended_[i].score);
  const auto shares = shares_beaten(scores);
  std::vector<Lesson> batch;
  for (auto i = begin; i < end; ++i) {
    const auto& params = history().at(ended_[i].id).trial->first.params;
    batch.push_back({policy_.decisions(params), shares[i - oldest]});
  }
  return batch;
}

void PolicySearch::follow() {
  if (version_ == history().version()) return;
  version_ = history().version();
  auto now = ended();
  const auto differ =
      std::mismatch(now.begin(), now.end(), ended_.begin(), ended_.end(),
                    [](const auto& a, const auto& b) { return a.id == b.id && same(a.score, b.score); });
  const auto common = static_cast<std::size_t>(differ.first - now.begin());
  ended_ = std::move(now);
  std::erase_if(snapshots_, [&](const auto& snapshot) { return snapshot.length > common; });
  if (snapshots_.empty()) {
    base::Rng rng(seed_, "policy", 0, "start");
    snapshots_.push_back({0, {.weights = policy_.start(rng), .ascent = {}}});
  }
  while (snapshots_.back().length + batch_ <= ended_.size()) {
    auto next = snapshots_.back();
    next.length += batch_;
    learn(next.learned, batch_until(next.length));
    ++next.learned.updates;
    if (snapshots_.size() == most_snapshots) snapshots_.erase(snapshots_.begin());
    snapshots_.push_back(std::move(next));
  }
}

trial::Proposal PolicySearch::draw(trial::TrialId, base::Rng& rng) {
  follow();
  const auto& [length, learned] = snapshots_.back();
  return {.params = policy_.sample(learned.weights, rng), .note = fmt::format("policy after {} trials", length)};
}

}  // namespace assay::search
