#include "study/record_writer.hpp"

#include <utility>

#include "base/time.hpp"
#include "os/host.hpp"
#include "study/facts.hpp"
#include "study/liveness.hpp"

namespace assay::study {
namespace {

constexpr double heartbeat_seconds = 20;

trial::Outcome outcome_of(const trial::Measurement& measured) {
  trial::Outcome outcome;
  outcome.state = measured.state;
  outcome.failure = measured.failure;
  outcome.reason = measured.reason;
  outcome.metrics = measured.metrics;
  outcome.attributes = measured.attributes;
  outcome.device_seconds = measured.device_seconds;
  return outcome;
}

}  // namespace

RecordWriter::RecordWriter(const std::filesystem::path& folder, trial::Judge judge, double reservation)
    : RecordWriter(folder, std::move(judge), greet(os::random_name(), reservation)) {}

RecordWriter::RecordWriter(const std::filesystem::path& folder, trial::Judge judge, Brings)
    : RecordWriter(folder, std::move(judge), greet(trial::importer_id(os::random_name()))) {}

RecordWriter::RecordWriter(const std::filesystem::path& folder, trial::Judge judge, Hello self)
    : layout_{folder},
      judge_(std::move(judge)),
      self_(std::move(self)),
      names_(layout_, self_.worker.id),
      log_(layout_.log(), self_, heartbeat_seconds) {}

bool RecordWriter::claim(const trial::ItemId& item, int attempt) { return !names_.claim(item, attempt); }

bool RecordWriter::end(const trial::ItemId& item, int attempt, double time, trial::Outcome outcome, int worked) {
  judge_.strip(outcome.metrics);
  log_.append(End{item, attempt, time, outcome, worked}, Flush::durable);
  if (retriable(outcome)) return true;
  const auto winner = names_.commit(item, self_.worker.id);
  log_.append(Won{item, winner}, Flush::later);
  return winner == self_.worker.id;
}

bool RecordWriter::record(const trial::ItemId& item, const trial::Proposal& what, const trial::Measurement& measured,
                          int attempt, int worked) {
  const double now = base::unix_seconds();
  const double started = measured.started > 0 ? measured.started : now;
  log_.append(Start{item, attempt, started, what, measured.at}, Flush::later);
  for (const auto& one : measured.reports) report(item, attempt, one);
  return end(item, attempt, measured.ended > 0 ? measured.ended : now, outcome_of(measured), worked);
}

bool RecordWriter::conclude(const trial::Trial& trial, const trial::Measurement& end, bool worked) {
  const auto& rung = trial.rungs.back();
  const auto over = [&] { return owner(layout_.commit(rung.item)).has_value(); };
  int attempt = rung.attempt + 1;
  while (!over() && !claim(rung.item, attempt)) ++attempt;
  return !over() && record(rung.item, trial.what_of(rung), end, attempt, worked ? rung.attempt : 0);
}

void RecordWriter::offer(const trial::ItemId& item, const trial::Proposal& what, const trial::Fidelity& at,
                         const std::string& reason) {
  const double now = base::unix_seconds();
  log_.append(Start{item, 1, now, what, at}, Flush::later);
  trial::Outcome outcome;
  outcome.again = true;
  outcome.reason = reason;
  end(item, 1, now, outcome);
}

void RecordWriter::record_void(const trial::ItemId& item, const std::string& reason) {
  trial::Outcome outcome;
  outcome.state = trial::State::voided;
  outcome.reason = reason;
  end(item, 1, base::unix_seconds(), outcome);
}

void RecordWriter::report(const trial::ItemId& item, int attempt, const trial::Report& report) {
  Reported record{item, attempt, report};
  judge_.strip(record.report.metrics);
  log_.append(record, Flush::later);
}

}  // namespace assay::study
