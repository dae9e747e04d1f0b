#include "study/study.hpp"

#include <utility>

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/time.hpp"
#include "os/host.hpp"
#include "study/claim_rules.hpp"
#include "study/definition.hpp"
#include "study/study_impl.hpp"

namespace assay::study {
namespace {

Layout founded(const Path& folder, const Definition& definition) {
  Layout layout{folder};
  create_or_join(layout, definition);
  return layout;
}

}  // namespace

Study::Impl::Impl(const Path& folder, Definition founded_as, Limits initial_limits, double reservation)
    : layout(founded(folder, founded_as)),
      definition(std::move(founded_as)),
      limits(initial_limits),
      self(greet(os::random_name(), reservation)),
      me(facts.worker(self.worker.id)),
      names(layout, self.worker.id),
      reader(
          layout, self.worker.id,
          [this](const std::string& worker, Record record) { facts.apply(facts.worker(worker), std::move(record)); }),
      liveness(self),
      log(layout.log(), self, limits.heartbeat_seconds),
      races(definition.seed, self.worker.id, 0, "window") {
  facts.apply(me, self);
  facts.set_judge(trial::Judge(definition.objectives));
  look_at_generation();
  limits_of = facts.generation().number;
}

std::optional<Claim> Study::Impl::enqueue(trial::Proposal what, std::optional<trial::TrialId> at) {
  observe();
  if (facts.closed()) return std::nullopt;
  auto number = at;
  if (at) {
    if (facts.taken(*at)) return std::nullopt;
    const auto other = names.claim({*at, 0}, 1);
    facts.saw_claim({*at, 0}, 1, other ? facts.worker(*other) : me);
    if (other) return std::nullopt;
  } else {
    number = link_free_number();
  }
  if (!number) return std::nullopt;
  return start({*number, 0}, 1, std::move(what));
}

Claim Study::Impl::take_over(const trial::ItemId& item) {
  reader.expect_new_files();
  observe();
  const auto* known = facts.proposal(item.trial);
  const auto* rung = facts.find(item);
  if (known == nullptr || rung == nullptr) {
    base::fail(base::Exit::config, "there is no trial {}{} in {}", item.trial,
               item.rung > 0 ? fmt::format(" rung {}", item.rung) : "", layout.stage.string());
  }
  for (int attempt = rung->attempts.empty() ? 1 : rung->last()->number + 1;; ++attempt) {
    if (const auto winner = owner(layout.commit(item))) {
      base::fail(base::Exit::config, "trial {} has its result already; see {}", item.trial,
                 base::proposal({"assay", "trial", layout.stage.parent_path().string(), std::to_string(item.trial),
                                 "--stage", layout.stage.filename().string()}));
    }
    const auto other = names.claim(item, attempt);
    facts.saw_claim(item, attempt, other ? facts.worker(*other) : me);
    if (other) continue;
    const auto* describing = facts.find(item)->describing();
    if (describing != nullptr) return start(item, attempt, trial::Proposal(*describing->what));
    return start(
        item, attempt,
        item.rung > 0 ? continuation(view().find(item.trial), item) : trial::Proposal(*facts.proposal(item.trial)));
  }
}

trial::Verdict Study::Impl::report(const Claim& claim, std::int64_t step, const trial::Metrics& metrics) {
  const auto& item = claim.work.item;
  Reported record{item, claim.work.attempt, {step, base::steady_seconds() - begun[item], metrics}};
  facts.judge().strip(record.report.metrics);
  log.append(record, Flush::later);
  facts.apply(me, record);
  const double now = base::boot_seconds();
  if (now - looked < limits.heartbeat_seconds) return trial::Verdict::go_on;
  looked = now;
  if (const auto winner = owner(layout.commit(item)); winner && *winner != self.worker.id) return trial::Verdict::stop;
  look_at_generation();
  return facts.generation().counts(item) ? trial::Verdict::go_on : trial::Verdict::stop;
}

bool Study::Impl::commit(const trial::ItemId& item, int attempt, trial::Outcome outcome) {
  const bool counts = facts.generation().counts(item);
  // It was told to stop because the study was closed without it: a reopened study may go on with it.
  if (!counts && outcome.state == trial::State::stopped) outcome.again = true;
  facts.judge().strip(outcome.metrics);
  const End record{item, attempt, base::unix_seconds(), outcome};
  log.append(record, Flush::durable);
  facts.apply(me, record);
  begun.erase(item);
  if (retriable(outcome)) return counts;
  const auto winner = names.commit(item, self.worker.id);
  facts.saw_commit(item, facts.worker(winner));
  if (winner != self.worker.id) return false;
  log.append(Won{item, winner}, Flush::later);
  return true;
}

void Study::Impl::give_up(const trial::ItemId& item, int attempts, const trial::Outcome& last) {
  trial::Outcome end = last;
  if (came_no_further(last)) {
    end.again = false;
    end.state = trial::State::failed;
    end.reason = fmt::format("{} attempts in a row came no further, the last one was {}", attempts, last.reason);
  } else if (end.failure == trial::Failure::crash) {
    end.reason = fmt::format("{} attempts ended without a word; their workers died or were killed", attempts);
  } else {
    end.reason = fmt::format("{} attempts failed, the last one with: {}", attempts, last.reason);
  }
  base::log_warning("trial {} rung {} is given up: {}", item.trial, item.rung, end.reason);
  const int attempt = facts.find(item)->last()->number;
  const End record{item, attempt, base::unix_seconds(), end};
  log.append(record, Flush::durable);
  facts.apply(me, record);
  const auto winner = names.commit(item, self.worker.id);
  facts.saw_commit(item, facts.worker(winner));
  if (winner == self.worker.id) log.append(Won{item, winner}, Flush::later);
}

trial::Members Study::Impl::list_members(const std::string& reason) {
  trial::Members members;
  members.reason = reason;
  members.failed = too_many_failures();
  // A listing may lag behind what logs and lost races have told.
  members.items = facts.claimed();
  if (const auto& before = facts.generation().before) members.items.insert(before->items.begin(), before->items.end());
  list_names(layout, [&](const trial::ItemId& item, int attempt) {
    members.items.insert(item);
    const auto* rung = facts.find(item);
    if (attempt == 0) {
      if (rung != nullptr && rung->committer >= 0) return;
      if (const auto winner = owner(layout.commit(item))) facts.saw_commit(item, facts.worker(*winner));
    } else if (rung == nullptr || std::as_const(*rung).attempts.size() < static_cast<std::size_t>(attempt)) {
      if (const auto claimant = owner(layout.claim(item, attempt))) {
        facts.saw_claim(item, attempt, facts.worker(*claimant));
      }
    }
  });
  // A listing may have passed the name of a lower rung before it was made.
  for (const auto& item : std::set<trial::ItemId>(members.items)) {
    for (int rung = 0; rung < item.rung; ++rung) members.items.insert({item.trial, rung});
  }
  const auto& outside = facts.generation().outside;
  std::erase_if(members.items, [&](const trial::ItemId& item) { return outside.contains(item.trial); });
  return members;
}

/// Closes the generation in which that was decided and no later one: the study may have been closed and reopened since.
bool Study::Impl::close(const std::string& reason) {
  reader.read();
  const int decided = facts.generation().number;
  if (!facts.closed()) publish_members(layout, decided, list_members(reason), self.worker.id);
  look_at_generation();
  if (facts.generation().number == decided && !facts.closed())
    base::fail(base::Exit::io, "{} was written and cannot be read", layout.closed(decided).string());
  settle(true);
  return facts.closed() && facts.open().empty();
}

Study::Study(const std::filesystem::path& folder, Definition definition, Limits limits)
    : impl_(std::make_unique<Impl>(folder, std::move(definition), limits)) {}

Study::Study(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Study Study::join(const std::filesystem::path& folder, Limits limits, double reservation) {
  const auto there = read_definition(Layout{folder});
  if (!there) {
    base::fail(base::Exit::upstream, "there is no study in {} yet: its stage has not been started", folder.string());
  }
  return Study(std::make_unique<Impl>(folder, definition_from_json(*there), limits, reservation));
}

Study::~Study() {
  if (!impl_ || impl_->log.left()) return;
  try {
    impl_->log.goodbye("the worker ended");
  } catch (const std::exception& error) {
    base::log_warning("the worker's log got no last line: {}", error.what());
  }
}

Study::Study(Study&&) noexcept = default;

void Study::set_limits(const Limits& limits) {
  if (limits.heartbeat_seconds != impl_->limits.heartbeat_seconds) impl_->log.set_heartbeat(limits.heartbeat_seconds);
  impl_->limits = limits;
  impl_->limits_of = impl_->facts.generation().number;
}

const Limits& Study::limits() const { return impl_->limits; }

void Study::set_judge(trial::Judge judge) { impl_->facts.set_judge(std::move(judge)); }

const trial::Judge& Study::judge() const { return impl_->facts.judge(); }

trial::StudyView Study::refresh() {
  impl_->observe();
  return impl_->view();
}

trial::StudyView Study::known() { return impl_->view(); }

Study::Offer Study::claim(trial::Planner& planner) { return impl_->claim(planner); }

std::optional<Study::Ended> Study::over(trial::Planner& planner) { return impl_->over(planner); }

trial::Verdict Study::report(const Claim& claim, std::int64_t step, const trial::Metrics& metrics) {
  return impl_->report(claim, step, metrics);
}

bool Study::commit(const Claim& claim, const trial::Outcome& outcome) {
  if (outcome.failure != trial::Failure::oom || claim.work.what.tags.contains(trial::halved_tag)) {
    return impl_->commit(claim.work.item, claim.work.attempt, outcome);
  }
  auto once_more = outcome;
  once_more.again = true;
  return impl_->commit(claim.work.item, claim.work.attempt, once_more);
}

bool Study::close(const std::string& reason) { return impl_->close(reason); }

void Study::leave(const std::string& reason) { impl_->log.goodbye(reason); }

void Study::detach() { impl_->log.fall_silent(); }

std::optional<Claim> Study::enqueue(trial::Proposal what, std::optional<trial::TrialId> at) {
  return impl_->enqueue(std::move(what), at);
}

Claim Study::take_over(const trial::ItemId& item) { return impl_->take_over(item); }

void Study::requeue(const Claim& claim, const std::string& reason) {
  trial::Outcome outcome;
  outcome.again = true;
  outcome.reason = reason;
  commit(claim, outcome);
}

int Study::generation() const { return impl_->facts.generation().number; }

std::optional<Study::Ended> Study::closing() const {
  return impl_->facts.closed() ? std::optional(impl_->ending()) : std::nullopt;
}

void Study::reopen(const std::string& why) {
  study::reopen(impl_->layout, impl_->self.worker.id, why);
  impl_->observe();
}

const std::string& Study::worker_id() const { return impl_->self.worker.id; }

const std::filesystem::path& Study::folder() const { return impl_->layout.stage; }

}  // namespace assay::study
