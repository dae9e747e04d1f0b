// assay run: the whole pipeline on this machine.
#include <unistd.h>

#include <cstdio>

#include "apps/assay/verbs.hpp"
#include "base/command.hpp"
#include "base/log.hpp"
#include "config/check.hpp"
#include "launch/local.hpp"
#include "launch/submit.hpp"
#include "os/file.hpp"
#include "os/signal.hpp"
#include "pipeline/conclusion.hpp"
#include "pipeline/pipeline_check.hpp"
#include "pipeline/stop_request.hpp"

namespace assay::apps {
namespace {

using base::Exit;

base::Exit run_all(const cli::Values& values) {
  os::catch_stop_signals();
  if (const auto config = target_of(values).config) {
    const auto given = config::Config::load(*config, values.texts("--set"));
    if (!config::by_hand(given)) pipeline::check_pipeline(given);
  }
  auto run = open_target(values, pipeline::need_measuring);
  const bool quiet = base::verbosity() == base::Level::quiet;
  launch::LocalOptions options{.bin = launch::bin_folder()};
  options.device = values.text("--device", "auto");
  options.threads = static_cast<int>(values.integer("--threads").value_or(0));
  if (options.threads < 0)
    base::fail(Exit::config, "--threads {}: a number from 0 (all cores) is expected", options.threads);
  options.quiet = quiet;
  options.terminal = ::isatty(STDOUT_FILENO) == 1;
  const auto lifted = pipeline::withdraw_stop(run);
  if (!quiet) {
    std::printf("run %s\n", run.folder().c_str());
    for (const auto& line : lifted) std::printf("%s\n", line.c_str());
  }
  std::fflush(stdout);
  const auto exit = launch::run_locally(run, options);
  if (exit == Exit::again)
    std::printf("stopped; everything finished is kept. Start again: %s\n",
                base::proposal({"assay", "run", run.folder().string()}).c_str());
  if (!quiet && (exit == Exit::done || exit == Exit::partial)) {
    for (const auto& name : os::list_folder(run.folder(run::Stage::report))) {
      if (name.ends_with(".html")) std::printf("report: %s\n", (run.folder(run::Stage::report) / name).c_str());
    }
  }
  return exit;
}

}  // namespace

cli::Verb run_verb() {
  return {
      "run", "all stages on this machine; going on where it stopped is the same command",
      target_options(
          {{.name = "--device", .help = "auto, cpu or cuda", .choices = {"auto", "cpu", "cuda"}},
           {.kind = cli::Option::Kind::integer, .name = "--threads", .help = "cores to use in all (default: all)"}}),
      run_all};
}

}  // namespace assay::apps
