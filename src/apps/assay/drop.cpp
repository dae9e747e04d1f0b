// assay drop: ends one trial that is running or waits for a worker.
#include <cstdio>

#include "apps/assay/by_hand.hpp"
#include "base/json.hpp"
#include "base/time.hpp"

namespace assay::apps {
namespace {

using base::Exit;
using study::State;

Exit drop(const cli::Values& values) {
  const auto run = open_run(values);
  const auto stage = stage_of(values);
  auto study = join_study(run, stage);
  const auto view = study.refresh();
  const auto& trial = trial_of(view, number_of(values.text("N", "")));
  const auto state = trial.state();
  if (trial.rungs.empty() || !trial.proposed) {
    base::fail(Exit::config, "trial {} has no parameters yet: its worker is just planning it; try again", trial.id);
  }
  const auto rung = trial.rungs.back();
  if (state != State::running && state != State::waiting) {
    base::fail(Exit::config, "trial {} has ended already ({})", trial.id, study::to_string(state));
  }
  study::Outcome outcome;
  outcome.state = State::stopped;
  outcome.reason = "dropped by hand";
  if (!rung.reports.empty()) outcome.metrics = rung.reports.back().metrics;
  const auto now = base::unix_seconds();
  if (state == State::running && rung.started > 0) outcome.device_seconds = now - rung.started;
  const bool mine = study.commit(study.seize(rung.item), outcome);
  study.leave("dropped a trial");
  if (!mine) base::fail(Exit::config, "trial {} ended just now, before it could be dropped", trial.id);
  std::printf("trial %lld is dropped; its number stays taken\n", static_cast<long long>(trial.id));
  if (state == State::running && patience_of(view, rung.worker) <= 0) {
    std::printf("worker %s on %s learns of it at its next report, or within %s where it runs a command\n",
                rung.worker.c_str(), rung.host.c_str(),
                base::format_duration(run.limits(stage).heartbeat_seconds / 2).c_str());
  }
  conclude_by_hand(run);
  return Exit::done;
}

}  // namespace

cli::Verb drop_verb() {
  return {"drop",
          "end one running or waiting trial",
          {{.name = "RUN", .help = "run folder", .required = true},
           {.name = "N", .help = "number of the trial", .required = true},
           stage_option()},
          drop};
}

}  // namespace assay::apps
