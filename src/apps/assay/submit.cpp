// assay submit and assay scale: the stages into Slurm's queue.
#include "launch/submit.hpp"

#include <cstdio>

#include "apps/assay/verbs.hpp"
#include "base/command.hpp"
#include "pipeline/conclusion.hpp"
#include "pipeline/stop_request.hpp"

namespace assay::apps {
namespace {

using base::Exit;

launch::Site site_of(const run::Run& run, const cli::Values& values) {
  const auto file = values.text("--site");
  return launch::site_for(run, file ? std::optional<std::filesystem::path>(*file) : std::nullopt,
                          values.flag("--dry-run"));
}

Exit submit(const cli::Values& values) {
  const bool dry = values.flag("--dry-run");
  const auto run = dry ? preview_target(values) : open_target(values, pipeline::need_measuring);
  if (!dry) {
    for (const auto& line : pipeline::withdraw_stop(run)) std::printf("%s\n", line.c_str());
  }
  for (const auto& line : launch::submit(run, site_of(run, values), dry)) std::printf("%s\n", line.c_str());
  if (!dry) {
    std::printf("logs: %s; %s\n", (run.folder() / "jobs/logs").c_str(),
                base::proposal({"assay", "status", run.folder().string()}).c_str());
  }
  return Exit::done;
}

Exit scale(const cli::Values& values) {
  const auto word = values.text("STAGE=N", "");
  const auto equals = word.find('=');
  const auto number = equals == std::string::npos ? 0 : std::atoi(word.c_str() + equals + 1);
  if (number < 1) base::fail(Exit::config, "\"{}\": write STAGE=WORKERS, for instance search=16", word);
  const auto stage = run::stage_from(word.substr(0, equals));
  if (stage != run::Stage::proxy && stage != run::Stage::search && stage != run::Stage::full) {
    base::fail(Exit::config, "the {} stage is one job; proxy, search and full can have more workers", to_string(stage));
  }
  auto run = open_run(values);
  const bool dry = values.flag("--dry-run");
  if (!dry) {
    run::set_keys(run.folder(), {to_string(stage) + ".parallel=" + std::to_string(number)});
    run.reload();
  }
  const auto status = run.status(stage);
  if (status.has_result()) {
    std::printf("%s is done already\n", to_string(stage).c_str());
    return Exit::done;
  }
  if (!dry) {
    for (const auto& line : pipeline::withdraw_stop(run)) std::printf("%s\n", line.c_str());
  }
  for (const auto& line : launch::scale(run, stage, number, site_of(run, values), dry))
    std::printf("%s\n", line.c_str());
  return Exit::done;
}

}  // namespace

cli::Verb submit_verb() {
  return {"submit", "put the stages that are not done into Slurm's queue, chained; again is harmless",
          target_options({{.kind = cli::Option::Kind::flag, .name = "--dry-run", .help = "print the exact commands"},
                          {.name = "--site", .help = "site file"}}),
          submit};
}

cli::Verb scale_verb() {
  return {"scale",
          "more workers for a stage: assay scale RUN search=16",
          {{.name = "RUN", .help = "run folder", .required = true},
           {.name = "STAGE=N", .help = "stage and number of workers in all", .required = true},
           {.kind = cli::Option::Kind::flag, .name = "--dry-run", .help = "print the exact commands"},
           {.name = "--site", .help = "site file"}},
          scale};
}

}  // namespace assay::apps
