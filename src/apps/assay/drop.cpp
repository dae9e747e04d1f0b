// assay drop: ends one trial that is running or waits for a worker.
#include <cstdio>

#include "apps/assay/stage_option.hpp"
#include "apps/assay/verbs.hpp"
#include "base/json.hpp"
#include "base/time.hpp"
#include "pipeline/conclusion.hpp"
#include "pipeline/steering.hpp"
#include "study/record_writer.hpp"

namespace assay::apps {
namespace {

using base::Exit;
using trial::State;

Exit drop(const cli::Values& values) {
  const auto run = open_run(values);
  const auto stage = stage_of(values);
  const auto view = pipeline::look_at(run, stage);
  const auto& trial = pipeline::trial_of(view, number_of(values.text("N", "")));
  const auto state = trial.state();
  if (trial.rungs.empty() || !trial.proposed) {
    base::fail(Exit::config, "trial {} has no parameters yet: its worker is just planning it; try again", trial.id);
  }
  const auto rung = trial.rungs.back();
  if (state != State::running && state != State::waiting) {
    base::fail(Exit::config, "trial {} has ended already ({})", trial.id, trial::to_string(state));
  }
  const bool running = state == State::running;
  trial::Measurement end;
  end.state = State::stopped;
  end.reason = "dropped by hand";
  end.at = rung.started > 0 ? rung.at : trial::fidelity_of(trial, rung.item.rung, view.fidelities());
  if (!rung.reports.empty()) end.metrics = rung.reports.back().metrics;
  end.ended = base::unix_seconds();
  if (running && rung.started > 0) {
    end.started = rung.started;
    end.device_seconds = end.ended - rung.started;
  }
  study::RecordWriter writer(run.folder(stage), run.judge());
  const bool mine = writer.conclude(trial, end, running || rung.device_seconds > 0);
  writer.leave("dropped a trial");
  if (!mine) base::fail(Exit::config, "trial {} ended just now, before it could be dropped", trial.id);
  std::printf("trial %lld is dropped; its number stays taken\n", static_cast<long long>(trial.id));
  if (running && pipeline::reservation_of(view, rung.worker) <= 0) {
    std::printf("worker %s on %s learns of it at its next report, or within %s where it runs a command\n",
                rung.worker.c_str(), rung.host.c_str(),
                base::format_duration(run.limits(stage).heartbeat_seconds / 2).c_str());
  }
  pipeline::conclude_by_hand(run);
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
