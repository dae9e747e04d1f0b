#include "study/study.hpp"

#include <utility>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/time.hpp"
#include "os/host.hpp"
#include "study/founding.hpp"
#include "study/study_impl.hpp"

namespace assay::study {
namespace {

Layout founded(const Path& folder, const Founding& founding) {
  Layout layout{folder};
  found_or_join(layout, founding);
  return layout;
}

}  // namespace

Study::Impl::Impl(const Path& folder, Founding founded_as, Limits initial_limits)
    : layout(founded(folder, founded_as)),
      founding(std::move(founded_as)),
      limits(initial_limits),
      self(greet(os::random_name())),
      me(facts.worker(self.worker.id)),
      names(layout, self.worker.id),
      reader(
          layout, self.worker.id,
          [this](const std::string& worker, Record record) { facts.apply(facts.worker(worker), std::move(record)); }),
      liveness(self),
      log(layout.log(), self, limits.heartbeat_seconds),
      window(founding.seed, self.worker.id, 0, "window") {
  facts.apply(me, self);
}

Verdict Study::Impl::report(const Claim& claim, std::int64_t step, const Metrics& metrics) {
  const auto& item = claim.work.item;
  const Reported record{item, claim.work.attempt, {step, base::steady_seconds() - begun[item], metrics}};
  log.append(record, Flush::later);
  facts.apply(me, record);
  const double now = base::boot_seconds();
  if (now - looked < limits.heartbeat_seconds) return Verdict::go_on;
  looked = now;
  if (const auto winner = owner(layout.commit(item)); winner && *winner != self.worker.id) return Verdict::stop;
  if (!facts.members()) {
    if (auto members = read_members(layout)) facts.set_members(std::move(*members));
  }
  return facts.members() && !facts.members()->items.contains(item) ? Verdict::stop : Verdict::go_on;
}

bool Study::Impl::commit(const ItemId& item, int attempt, const Outcome& outcome) {
  const End record{item, attempt, base::unix_seconds(), outcome};
  log.append(record, Flush::durable);
  facts.apply(me, record);
  begun.erase(item);
  if (retriable(outcome)) return true;
  const auto winner = names.commit(item, self.worker.id);
  facts.saw_commit(item, facts.worker(winner));
  if (winner != self.worker.id) return false;
  log.append(Won{item, winner}, Flush::later);
  return true;
}

void Study::Impl::give_up(const ItemId& item, int attempts, const Outcome& last) {
  Outcome end = last;
  if (end.failure == Failure::crash) {
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

Members Study::Impl::list_members(const std::string& reason) {
  Members members;
  members.reason = reason;
  members.failed = too_many_failures();
  list_names(layout, [&](const ItemId& item, int attempt) {
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
  return members;
}

bool Study::Impl::close(const std::string& reason) {
  observe();
  if (!facts.members()) {
    publish_members(layout, list_members(reason), self.worker.id);
    auto members = read_members(layout);
    if (!members) base::fail(base::Exit::io, "{} was written and cannot be read", layout.closed().string());
    facts.set_members(std::move(*members));
  }
  settle(true);
  return facts.open().empty();
}

Study::Study(const std::filesystem::path& folder, Founding founding, Limits limits)
    : impl_(std::make_unique<Impl>(folder, std::move(founding), limits)) {}

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
}

const Limits& Study::limits() const { return impl_->limits; }

StudyView Study::refresh() {
  impl_->observe();
  return impl_->view();
}

Study::Offer Study::claim(Planner& planner) { return impl_->claim(planner); }

Verdict Study::report(const Claim& claim, std::int64_t step, const Metrics& metrics) {
  return impl_->report(claim, step, metrics);
}

bool Study::commit(const Claim& claim, const Outcome& outcome) {
  return impl_->commit(claim.work.item, claim.work.attempt, outcome);
}

bool Study::close(const std::string& reason) { return impl_->close(reason); }

void Study::leave(const std::string& reason) { impl_->log.goodbye(reason); }

const std::string& Study::worker_id() const { return impl_->self.worker.id; }

const std::filesystem::path& Study::folder() const { return impl_->layout.stage; }

}  // namespace assay::study
