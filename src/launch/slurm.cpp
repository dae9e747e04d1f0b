#include "launch/slurm.hpp"

#include <algorithm>
#include <cctype>

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "launch/summary.hpp"
#include "run/remedy.hpp"

namespace assay::launch {
namespace {

using base::Exit;

/// The part of an argument before "=".
std::string flag_of(const std::string& argument) { return argument.substr(0, argument.find('=')); }

std::int64_t own_parallel(const config::Config& config, const std::string& key) {
  const auto own = config.integer(key);
  return own > 0 ? own : config.integer("search.parallel");
}

std::int64_t wanted_workers(const run::Run& run, run::Stage stage) {
  const auto& config = run.config();
  if (stage == run::Stage::search) return config.integer("search.parallel");
  if (stage == run::Stage::proxy) return own_parallel(config, "proxy.parallel");
  if (stage != run::Stage::full) return 1;
  const auto fits = quota_workers(config);
  if (!fits) return own_parallel(config, "full.parallel");
  return config.integer("full.parallel") > 0 ? std::min(*fits, config.integer("full.parallel")) : *fits;
}

void add_resources(std::vector<std::string>& arguments, const StageJob& job, const Site& site) {
  if (job.ranks > 1) {
    const int per_node = job.gpus > 0 && site.gpus_per_node > 0 ? std::min(job.ranks, site.gpus_per_node) : job.ranks;
    arguments.push_back(fmt::format("--nodes={}", (job.ranks + per_node - 1) / per_node));
    arguments.push_back(fmt::format("--ntasks-per-node={}", per_node));
    arguments.push_back(fmt::format("--ntasks={}", job.ranks));
  } else {
    arguments.push_back("--ntasks=1");
  }
  if (site.cpus > 0) arguments.push_back(fmt::format("--cpus-per-task={}", site.cpus * job.crew));
  if (!site.memory.empty()) arguments.push_back("--mem=" + site.memory);
  if (job.gpus > 0 && !site.gpus.empty()) {
    const int shared = (job.crew + site.workers_per_gpu - 1) / std::max(1, site.workers_per_gpu) * job.gpus;
    const int per_node = site.gpus_per_node > 0 ? std::min(shared, site.gpus_per_node) : shared;
    arguments.push_back(base::replace_all(site.gpus, "{n}", std::to_string(per_node)));
  }
}

}  // namespace

std::string run_id(const run::Run& run) {
  std::string name = run.name();
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-' && c != '_') c = '-';
  }
  return name + "-" + base::short_hash(run.folder().string()).substr(0, 6);
}

std::string job_name(const std::string& run_id, run::Stage stage) { return run_id + "-" + to_string(stage); }

std::optional<std::int64_t> quota_workers(const config::Config& config) {
  const auto quota = config.integer("full.gpu_quota"), each = config.integer("full.gpus_per_trial");
  if (quota == 0) return std::nullopt;
  if (quota < each) {
    base::fail(Exit::config,
               "full.gpu_quota = {} is less than full.gpus_per_trial = {}: no finalist could ever start. Raise the "
               "quota or lower the GPUs per trial.",
               quota, each);
  }
  return quota / each;
}

StageJob one_worker(const run::Run& run, run::Stage stage, const Site& site) {
  StageJob job{.stage = stage};
  const bool trains = stage != run::Stage::split && stage != run::Stage::report;
  if (stage == run::Stage::full) job.ranks = static_cast<int>(run.config().integer("full.gpus_per_trial"));
  if (trains && !site.gpus.empty())
    job.gpus = std::max(job.ranks, static_cast<int>(run.config().integer("trial.gpus")));
  return job;
}

void share_jobs(StageJob& job, const Site& site) {
  if (job.ranks > 1) return;
  job.crew = std::clamp(site.workers_per_job, 1, job.workers);
  job.workers = (job.workers + job.crew - 1) / job.crew;
}

StageJob stage_job(const run::Run& run, run::Stage stage, const Site& site) {
  auto job = one_worker(run, stage, site);
  auto workers = wanted_workers(run, stage);
  if (const auto trials = planned_trials(run, stage); trials > 0) workers = std::min(workers, trials);
  if (workers > std::int64_t{most_workers} * std::max(1, site.workers_per_job)) {
    base::fail(Exit::config,
               "{} workers for the {} stage are more than one job array holds ({}): lower them {}, and add the rest "
               "once they run",
               workers, to_string(stage), most_workers,
               run::setting_text(run, to_string(stage) + ".parallel", std::to_string(most_workers)));
  }
  job.workers = static_cast<int>(std::max<std::int64_t>(1, workers));
  share_jobs(job, site);
  return job;
}

std::vector<std::string> sbatch_command(const StageJob& job, const Place& place, const Site& site,
                                        const std::string& dependency) {
  const auto name = job_name(place.run_id, job.stage);
  std::vector<std::string> arguments = {
      "--parsable",
      "--job-name=" + name,
      "--output=" +
          (place.run_folder / "jobs/logs" / (to_string(job.stage) + (job.workers > 1 ? "-%A_%a.log" : "-%j.log")))
              .string(),
      "--open-mode=append",
      "--requeue",
      fmt::format("--signal=B:USR2@{}", site.lead)};
  if (job.workers > 1) arguments.push_back(fmt::format("--array=0-{}", job.workers - 1));
  if (!dependency.empty()) {
    arguments.push_back("--dependency=" + dependency);
    arguments.push_back("--kill-on-invalid-dep=yes");
  }
  const auto add = [&](const char* flag, const std::string& value) {
    if (!value.empty()) arguments.push_back(flag + value);
  };
  add("--account=", site.account);
  add("--partition=", site.partition);
  add("--qos=", site.qos);
  add("--constraint=", site.constraint);
  if (const auto limit = site.time.find(to_string(job.stage)); limit != site.time.end()) add("--time=", limit->second);
  add_resources(arguments, job, site);
  arguments.push_back(
      fmt::format("--export=ALL,ASSAY_BIN={},ASSAY_SHARE={}", place.bin.string(), place.share.string()));
  arguments.insert(arguments.end(), site.sbatch_args.begin(), site.sbatch_args.end());

  // The scripts ask for it themselves, so that they serve by hand as well; only the opposite takes that back.
  if (std::find(site.drop.begin(), site.drop.end(), "--requeue") != site.drop.end())
    arguments.emplace_back("--no-requeue");

  std::vector<std::string> command = {"sbatch"};
  for (const auto& argument : arguments) {
    if (std::find(site.drop.begin(), site.drop.end(), flag_of(argument)) == site.drop.end())
      command.push_back(argument);
  }
  command.push_back((place.share / "slurm" / (executable(job.stage) + ".sbatch")).string());
  command.push_back(place.run_folder.string());
  if (job.crew > 1) command.insert(command.end(), {"--workers", std::to_string(job.crew)});
  return command;
}

std::string job_settings(const Site& site) {
  std::string text = "# Made by `assay submit` from " + (site.source.empty() ? "defaults" : site.source) +
                     "; every job of this run sources it.\n";
  auto launcher = site.launcher;
  for (const auto& argument : site.srun_args) launcher += " " + argument;
  text += "ASSAY_LAUNCHER=" + base::shell_quoted(launcher) + "\n";
  text += fmt::format("ASSAY_MAX_REQUEUE={}\n", site.max_requeue);
  if (!site.modules.empty()) text += "module load " + base::command(site.modules) + "\n";
  if (!site.prologue.empty()) text += site.prologue + "\n";
  return text;
}

}  // namespace assay::launch
