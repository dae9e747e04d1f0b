#include "apps/assay/scribe.hpp"

#include <utility>

#include "base/time.hpp"
#include "os/host.hpp"
#include "study/facts.hpp"
#include "study/liveness.hpp"

namespace assay::apps {
namespace {

constexpr double heartbeat_seconds = 20;

study::Hello new_hello(double patience, const std::string& id = os::random_name()) {
  auto hello = study::greet(id);
  hello.worker.patience = patience;
  return hello;
}

study::Outcome outcome_of(const study::Measurement& measured) {
  study::Outcome outcome;
  outcome.state = measured.state;
  outcome.failure = measured.failure;
  outcome.reason = measured.reason;
  outcome.metrics = measured.metrics;
  outcome.attributes = measured.attributes;
  outcome.device_seconds = measured.device_seconds;
  return outcome;
}

}  // namespace

Scribe::Scribe(const std::filesystem::path& folder, study::Judge judge, double patience)
    : Scribe(folder, std::move(judge), new_hello(patience)) {}

Scribe::Scribe(const std::filesystem::path& folder, study::Judge judge, Brings)
    : Scribe(folder, std::move(judge), new_hello(0, study::importer_id(os::random_name()))) {}

Scribe::Scribe(const std::filesystem::path& folder, study::Judge judge, study::Hello self)
    : layout_{folder},
      judge_(std::move(judge)),
      self_(std::move(self)),
      names_(layout_, self_.worker.id),
      log_(layout_.log(), self_, heartbeat_seconds) {}

bool Scribe::claim(const study::ItemId& item, int attempt) { return !names_.claim(item, attempt); }

bool Scribe::end(const study::ItemId& item, int attempt, double time, study::Outcome outcome, int worked) {
  judge_.strip(outcome.metrics);
  log_.append(study::End{item, attempt, time, outcome, worked}, study::Flush::durable);
  if (study::retriable(outcome)) return true;
  const auto winner = names_.commit(item, self_.worker.id);
  log_.append(study::Won{item, winner}, study::Flush::later);
  return winner == self_.worker.id;
}

bool Scribe::record(const study::ItemId& item, const study::Proposal& what, const study::Measurement& measured,
                    int attempt, int worked) {
  const double now = base::unix_seconds();
  const double started = measured.started > 0 ? measured.started : now;
  log_.append(study::Start{item, attempt, started, what, measured.at}, study::Flush::later);
  for (const auto& one : measured.reports) report(item, attempt, one);
  return end(item, attempt, measured.ended > 0 ? measured.ended : now, outcome_of(measured), worked);
}

bool Scribe::conclude(const study::Trial& trial, const study::Measurement& end, bool worked) {
  const auto& rung = trial.rungs.back();
  const auto over = [&] { return study::owner(layout_.commit(rung.item)).has_value(); };
  int attempt = rung.attempt + 1;
  while (!over() && !claim(rung.item, attempt)) ++attempt;
  return !over() && record(rung.item, trial.what_of(rung), end, attempt, worked ? rung.attempt : 0);
}

void Scribe::offer(const study::ItemId& item, const study::Proposal& what, const study::Fidelity& at,
                   const std::string& reason) {
  const double now = base::unix_seconds();
  log_.append(study::Start{item, 1, now, what, at}, study::Flush::later);
  study::Outcome outcome;
  outcome.again = true;
  outcome.reason = reason;
  end(item, 1, now, outcome);
}

void Scribe::record_void(const study::ItemId& item, const std::string& reason) {
  study::Outcome outcome;
  outcome.state = study::State::voided;
  outcome.reason = reason;
  end(item, 1, base::unix_seconds(), outcome);
}

void Scribe::report(const study::ItemId& item, int attempt, const study::Report& report) {
  study::Reported record{item, attempt, report};
  judge_.strip(record.report.metrics);
  log_.append(record, study::Flush::later);
}

}  // namespace assay::apps
