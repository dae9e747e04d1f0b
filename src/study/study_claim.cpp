#include <algorithm>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/time.hpp"
#include "study/checkpoint.hpp"
#include "study/claim_rules.hpp"
#include "study/study_impl.hpp"

namespace assay::study {

Study::Offer Study::Impl::claim(trial::Planner& planner) {
  for (;;) {
    observe();
    if (auto claim = take_over(planner)) return std::move(*claim);
    if (facts.closed()) {
      settle(true);
      if (facts.open().empty()) return ending();
      return Nothing{waiting_for()};
    }
    // The limits that were set before may be those that ended it.
    if (limits_of != facts.generation().number)
      return Nothing{"the study was reopened: its limits are to be read again"};
    if (auto why = over()) return std::move(*why);
    const auto seen = view();
    const auto decision = planner.next(seen);
    if (const auto* wait = std::get_if<trial::Wait>(&decision)) return Nothing{wait->reason};
    if (const auto* finished = std::get_if<trial::Finished>(&decision)) {
      if (learn_imports()) continue;
      return Ended{finished->reason, false};
    }
    if (const auto* next = std::get_if<trial::Continue>(&decision)) {
      if (auto claim = claim_rung(*next)) return std::move(*claim);
      continue;
    }
    const bool any_free = facts.first_free() < numbers();
    const auto number = link_free_number();
    if (!number && any_free) continue;  // the planner did not know of claims that were found now: ask it again
    if (!number && learn_imports()) continue;
    if (!number) return Ended{fmt::format("all {} trials are taken", limits.max_trials), false};
    if (auto claim = propose_and_start(planner, seen, {*number, 0}, 1)) return std::move(*claim);
  }
}

std::optional<trial::TrialId> Study::Impl::link_free_number() {
  auto number = facts.first_free();
  NumberWindow window(static_cast<std::int64_t>(reader.live()));
  while (number < numbers()) {
    const trial::ItemId item{number, 0};
    const auto other = names.claim(item, 1);
    facts.saw_claim(item, 1, other ? facts.worker(*other) : me);
    if (!other) return number;
    const auto first = facts.first_free();
    number = facts.first_free(first + window.draw(races));
    if (number >= numbers()) number = first;
  }
  return std::nullopt;
}

bool Study::Impl::learn_imports() {
  const auto before = facts.imports();
  for (const auto number : facts.unknown_claimants()) {
    if (const auto who = owner(layout.claim({number, 0}, 1))) facts.saw_claim({number, 0}, 1, facts.worker(*who));
  }
  return facts.imports() > before;
}

std::optional<Claim> Study::Impl::propose_and_start(trial::Planner& planner, const trial::StudyView& seen,
                                                    const trial::ItemId& item, int attempt) {
  auto stream = proposal_stream(definition, item.trial);
  if (auto what = planner.propose(seen, item.trial, stream)) return start(item, attempt, std::move(*what));
  trial::Outcome nothing;
  nothing.state = trial::State::voided;
  nothing.reason = "the planner had nothing to propose";
  commit(item, attempt, nothing);
  return std::nullopt;
}

Claim Study::Impl::start(const trial::ItemId& item, int attempt, trial::Proposal what) {
  const auto made = what.from ? measured_at(*what.from) : std::nullopt;
  const auto seen = what.at ? trial::StudyView() : view();  // a named fidelity needs no look at the trial
  Claim claim{.work = work_of(definition, item, std::move(what), seen.find(item.trial), made), .reached = {}};
  auto& work = claim.work;
  work.attempt = attempt;
  work.folder = layout.attempt(item, attempt);
  for (const auto& earlier : facts.find(item)->attempts) {
    for (const auto& report : earlier.reports)
      claim.reached = std::max(claim.reached.value_or(report.step), report.step);
  }
  if (attempt > 1 || item.rung > 0 || work.what.from)
    work.previous = previous_folder(layout, facts, item, attempt, work.what);
  const Start record{item, attempt, base::unix_seconds(), work.what, work.at};
  log.append(record, Flush::written);
  facts.apply(me, record);
  begun[item] = base::steady_seconds();
  looked = base::boot_seconds();
  return claim;
}

std::optional<trial::Fidelity> Study::Impl::measured_at(const trial::ItemId& item) {
  const auto seen = view();
  const auto* trial = seen.find(item.trial);
  const auto rung = static_cast<std::size_t>(item.rung);
  if (trial == nullptr || rung >= trial->rungs.size()) return std::nullopt;
  return trial->rungs[rung].at;
}

std::optional<Claim> Study::Impl::claim_rung(const trial::Continue& next) {
  const auto& item = next.item;
  const auto* rung = facts.find(item);
  base::require(rung == nullptr || rung->attempts.empty(),
                "the planner continues trial {} at rung {}, which is claimed already", item.trial, item.rung);
  auto what = next.what ? *next.what : continuation(view().find(item.trial), item);
  const auto other = names.claim(item, 1);
  facts.saw_claim(item, 1, other ? facts.worker(*other) : me);
  if (other) return std::nullopt;
  return start(item, 1, std::move(what));
}

std::optional<Claim> Study::Impl::take_over(trial::Planner& planner) {
  for (const auto& item : facts.open()) {
    if (auto claim = take_over(planner, item)) return claim;
  }
  return std::nullopt;
}

std::optional<Claim> Study::Impl::take_over(trial::Planner& planner, const trial::ItemId& item) {
  // By number: each look at a worker may read on, and move what is known of the item.
  const auto left_behind = [&](int number) {
    const auto attempt = [&] { return facts.find(item)->find(number); };
    if (attempt()->outcome) return retriable(*attempt()->outcome);
    if (attempt()->worker < 0 || !gone(attempt()->worker)) return false;
    const auto speakers = attempt()->speakers;
    return std::all_of(speakers.begin(), speakers.end(), [&](int speaker) { return gone(speaker); });
  };
  const auto* rung = facts.find(item);
  if (rung->committer >= 0 || rung->committable() != nullptr || rung->attempts.empty()) return std::nullopt;
  // A higher rung goes on with what the rung below was committed with: that must be visible first.
  const auto* below = item.rung > 0 ? facts.find({item.trial, item.rung - 1}) : nullptr;
  if (below != nullptr && !below->settled) return std::nullopt;
  if (!left_behind(rung->last()->number)) return std::nullopt;
  rung = facts.find(item);
  if (rung->committer >= 0 || rung->committable() != nullptr) return std::nullopt;
  if (!left_behind(rung->last()->number)) return std::nullopt;
  rung = facts.find(item);

  // A copy: looks at further workers may read on, and change what is known of the item.
  const auto attempts = rung->attempts;
  const int last = attempts.back().number;
  const auto end_of_last = attempts.back().outcome.value_or(trial::Outcome{});
  int lost = 0, no_progress = 0;
  trial::Outcome end{.state = trial::State::failed, .failure = trial::Failure::crash};
  for (const auto& attempt : attempts) {
    if (attempt.outcome && attempt.outcome->again) {
      if (attempt.outcome->failure == trial::Failure::infrastructure) continue;  // no fault of the trial's
      no_progress = came_no_further(*attempt.outcome) ? no_progress + 1 : 0;
      if (no_progress >= limits.max_attempts) end = *attempt.outcome;
      continue;
    }
    if (!left_behind(attempt.number)) continue;
    ++lost;
    if (attempt.outcome) end = *attempt.outcome;
  }
  const bool given_up = lost >= limits.max_attempts || no_progress >= limits.max_attempts;
  rung = facts.find(item);
  if (rung->committer >= 0 || rung->committable() != nullptr || rung->last()->number != last) return std::nullopt;
  const auto next = names.claim(item, last + 1);
  facts.saw_claim(item, last + 1, next ? facts.worker(*next) : me);
  if (next) return std::nullopt;
  if (item.rung == 0 && facts.is_import(item.trial)) {
    trial::Outcome nothing;
    nothing.state = trial::State::voided;
    nothing.reason = "its import ended before it was whole";
    commit(item, last + 1, nothing);
    return std::nullopt;
  }
  if (given_up) {
    give_up(item, std::max(lost, no_progress), end);
    return std::nullopt;
  }
  rung = facts.find(item);
  if (const auto* describing = rung->describing()) {
    base::log_detail("trial {} rung {}: attempt {}", item.trial, item.rung, last + 1);
    auto what = *describing->what;
    if (end_of_last.failure == trial::Failure::oom) what.tags[trial::halved_tag] = "1";
    return start(item, last + 1, std::move(what));
  }
  if (item.rung == 0) return propose_and_start(planner, view(), item, last + 1);
  // What the planner had in mind is lost with the claimant.
  auto what = planner.further(view(), item);
  return start(item, last + 1, what ? std::move(*what) : continuation(view().find(item.trial), item));
}

std::string Study::Impl::waiting_for() {
  const auto open = facts.open();
  const auto* rung = facts.find(open.front());
  const auto* last = rung->last();
  const auto host =
      last != nullptr && last->worker >= 0 ? facts.workers()[static_cast<std::size_t>(last->worker)].info.host : "";
  return fmt::format("{} item{} still running, trial {}{} among them", open.size(), open.size() == 1 ? "" : "s",
                     open.front().trial, host.empty() ? "" : " on " + host);
}

}  // namespace assay::study
