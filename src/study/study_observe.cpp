#include <algorithm>

#include "base/log.hpp"
#include "base/time.hpp"
#include "study/study_impl.hpp"

namespace assay::study {
namespace {

/// How long the author of a result is given to commit it before others look at the name.
constexpr double commit_seconds = 2;

}  // namespace

void Study::Impl::observe() {
  reader.follow_collector_from(static_cast<std::size_t>(limits.collector_from));
  reader.read();
  try {
    collect();
    pack();
  } catch (const std::exception& error) {
    base::log_warning("housekeeping of the study: {}", error.what());  // nobody's trial depends on it
  }
  look_at_generation();
  settle(false);
}

void Study::Impl::look_at_generation() {
  auto generation = facts.generation();
  if (follow_generation(layout, generation)) facts.set_generation(std::move(generation));
}

void Study::Impl::settle(bool at_once) {
  for (const auto& item : facts.open()) {
    auto* rung = facts.find(item);
    if (rung->attempts.empty() && (facts.closed() || facts.generation().earlier(item))) {
      // A member that is known from the list alone: its claimant may have died before it recorded anything.
      if (const auto who = owner(layout.claim(item, 1))) facts.saw_claim(item, 1, facts.worker(*who));
      rung = facts.find(item);
    }
    if (rung->committer >= 0) continue;  // committed; the record is not visible yet
    const auto* result = rung->committable();
    if (result == nullptr) continue;
    const bool author_gone = result->worker >= 0 && gone(result->worker);
    if (!at_once && !author_gone && base::boot_seconds() - result->learned < commit_seconds) continue;
    // gone() may have read on: ask anew.
    rung = facts.find(item);
    result = rung->committable();
    if (rung->committer >= 0 || result == nullptr) continue;
    if (const auto winner = owner(layout.commit(item))) {
      facts.saw_commit(item, facts.worker(*winner));
    } else if (author_gone) {
      reader.make_durable(name_of(result->worker));  // it may have died before its fdatasync
      const auto winner_by_link = names.commit(item, name_of(result->worker));
      facts.saw_commit(item, facts.worker(winner_by_link));
      log.append(Won{item, winner_by_link}, Flush::later);
    } else {
      rung->find(result->number)->learned = base::boot_seconds();
    }
  }
}

bool Study::Impl::gone(int worker) {
  if (worker == me) return false;
  const auto id = name_of(worker);
  if (facts.workers()[static_cast<std::size_t>(worker)].info.ended) return true;
  if (liveness.proven_dead(facts.workers()[static_cast<std::size_t>(worker)].info)) {
    reader.read(id);  // what it still wrote between our last reading and its death
    return true;
  }
  const auto heard = first_heard.try_emplace(worker, base::boot_seconds()).first->second;
  const auto lease_over = [&] {
    const auto progress = reader.workers().find(id);
    const LogProgress known = progress != reader.workers().end() ? progress->second : LogProgress{heard, false};
    const auto& info = facts.workers()[static_cast<std::size_t>(worker)].info;
    return reservation_over(info, limits.lease_seconds) ||
           Liveness::lease_over(known, log.healthy_since(), hold_seconds(info, limits.lease_seconds));
  };
  if (!lease_over()) return false;
  // A collector's stream, or a look long ago, may not have told: the log itself decides.
  if (facts.workers()[static_cast<std::size_t>(worker)].info.reservation > 0) {
    reader.expect_new_files();  // each report by hand has a log of its own
    reader.read();
  }
  reader.read(id);
  return facts.workers()[static_cast<std::size_t>(worker)].info.ended || lease_over();
}

trial::StudyView Study::Impl::view() { return facts.view(definition.fidelities, limits.max_trials); }

}  // namespace assay::study
