#include "launch/submit.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <set>
#include <thread>

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "base/version.hpp"
#include "os/file.hpp"
#include "os/host.hpp"
#include "os/process.hpp"

namespace assay::launch {
namespace {

namespace fs = std::filesystem;
using base::Exit;

Place place_of(const run::Run& run) {
  return {.run_folder = run.folder(), .run_id = run_id(run), .bin = bin_folder(), .share = base::share_folder()};
}

std::vector<std::string> names_of(const std::string& id) {
  std::vector<std::string> names;
  for (const auto stage : run::all_stages) names.push_back(job_name(id, stage));
  return names;
}

/// A job started inside a job inherits requests that do not fit it: only SLURM_CONF is passed on. Outside of one such
/// variables are the user's own wishes (SBATCH_ACCOUNT).
os::Command sbatch_process(std::vector<std::string> arguments, const fs::path& out, const fs::path& error) {
  os::Command command{.arguments = std::move(arguments), .standard_output = out, .standard_error = error};
  if (!os::environment("SLURM_JOB_ID")) return command;
  command.scrub = {"SLURM_", "SBATCH_", "SRUN_"};
  if (const auto conf = os::environment("SLURM_CONF")) command.environment["SLURM_CONF"] = *conf;
  return command;
}

/// Runs sbatch and returns the job's id. If the controller does not answer, looks for a job of that name which is not
/// in `queue` before trying again: the first try may have been accepted.
std::string call_sbatch(const std::vector<std::string>& arguments, const std::string& name, const fs::path& folder,
                        const std::vector<QueuedJob>& queue) {
  std::set<std::string> known;
  for (const auto& job : queue) known.insert(job.array_id);
  const auto out = folder / ("sbatch.out." + os::random_name()), error = fs::path(out.string() + ".err");
  for (int attempt = 0;; ++attempt) {
    os::Child child(sbatch_process(arguments, out, error));
    const auto ended = child.wait();
    const auto said = std::string(base::trim(os::try_read_file(error).value_or("")));
    auto id = std::string(base::trim(os::try_read_file(out).value_or("")));
    os::remove_all(out);
    os::remove_all(error);
    if (ended.code == 0 && !id.empty()) return id.substr(0, id.find(';'));  // "12;cluster"
    const bool silent = said.find("Unable to contact") != std::string::npos ||
                        said.find("timed out") != std::string::npos ||
                        said.find("Socket timed out") != std::string::npos;
    if (!silent || attempt == 4) {
      base::fail(Exit::config, "sbatch refused the {} job: {}. The command was: {}", name, said,
                 base::command(arguments));
    }
    base::log_warning("the Slurm controller does not answer, trying again in {} s", 5 << attempt);
    std::this_thread::sleep_for(std::chrono::seconds(5 << attempt));
    for (const auto& job : queued_jobs({name}).value_or(std::vector<QueuedJob>{})) {
      if (job.name == name && !known.contains(job.array_id)) return job.array_id;
    }
  }
}

void record_job(const run::Run& run, const StageJob& job, const std::string& id,
                const std::vector<std::string>& command) {
  const base::Json record = {{"job", id},
                             {"stage", to_string(job.stage)},
                             {"name", job_name(run_id(run), job.stage)},
                             {"workers", job.workers},
                             {"crew", job.crew},
                             {"submitted", base::utc_text(base::unix_seconds())},
                             {"host", os::host_name()},
                             {"command", base::command(command)}};
  os::publish(run.folder() / "jobs" / (id + ".json"), record.dump(2) + "\n");
}

void check_place(const Place& place, run::Stage stage) {
  const auto script = place.share / "slurm" / (executable(stage) + ".sbatch");
  if (!os::file_size(script)) {
    base::fail(Exit::io, "the job script {} is missing: is the checkout (or the installed share folder) complete?",
               script.string());
  }
  for (const auto& path : {place.bin, place.share}) {
    if (path.string().find(',') != std::string::npos) {
      base::fail(Exit::config, "sbatch cannot pass on the path {}: it has a comma in it", path.string());
    }
  }
}

/// A dry run also shows its commands where no controller answers.
std::optional<std::vector<QueuedJob>> look(const std::vector<std::string>& names, bool dry_run) {
  if (!dry_run) return queued_jobs(names);
  try {
    return queued_jobs(names, 1);
  } catch (const base::Error& error) {
    base::log_warning("{}", error.what());
    return std::nullopt;
  }
}

void prepare_folder(const run::Run& run, const Site& site) {
  os::make_folders(run.folder() / "jobs/logs");
  os::publish(run.folder() / "jobs/site.sh", job_settings(site));
}

}  // namespace

void check_site(const StageJob& job, const Site& site) {
  const int nodes = site.gpus_per_node > 0 ? (job.ranks + site.gpus_per_node - 1) / site.gpus_per_node : 1;
  if (site.gpus_per_node > 0 && job.gpus > nodes * site.gpus_per_node && job.gpus > job.ranks) {
    base::fail(Exit::config,
               "trial.gpus = {} is more than the {} GPUs of a node, and a worker of the {} stage gets {}: lower "
               "trial.gpus, or correct gpus_per_node in the site file ({})",
               job.gpus, site.gpus_per_node, to_string(job.stage),
               nodes == 1 ? "one node" : fmt::format("{} nodes", nodes), site.source);
  }
  if (job.ranks > 1 && site.gpus_per_node > 0 && job.ranks > site.gpus_per_node &&
      job.ranks % site.gpus_per_node != 0) {
    base::fail(Exit::config,
               "full.gpus_per_trial = {} does not fill whole nodes of {} GPUs: choose a multiple of {} or at most {}",
               job.ranks, site.gpus_per_node, site.gpus_per_node, site.gpus_per_node);
  }
}

fs::path bin_folder() {
  if (const auto variable = os::environment("ASSAY_BIN")) return fs::absolute(*variable).lexically_normal();
  std::error_code error;
  const auto self = fs::read_symlink("/proc/self/exe", error);
  return error ? fs::current_path() : self.parent_path();
}

Site site_for(const run::Run& run, const std::optional<fs::path>& file, bool dry_run) {
  if (const auto found = find_site(file, run.folder())) return read_site(*found);
  Probe probe;
  try {
    probe = probe_cluster();
  } catch (const base::Error& error) {
    if (!dry_run) throw;
    base::log_warning("{}; the commands below are for a cluster without special needs", error.what());
  }
  auto site = propose_site(probe);
  base::log_info("no site file: {}{} ({} makes a file to correct)",
                 site.partition.empty() ? "default partition" : "partition " + site.partition,
                 site.gpus_per_node > 0 ? fmt::format(", {} GPUs per node", site.gpus_per_node) : ", no GPUs",
                 base::proposal({"assay", "site", "--write"}));
  return site;
}

std::vector<Step> steps_for(const run::Run& run, const std::string& id, const std::vector<QueuedJob>& queue) {
  std::vector<Step> steps;
  bool earlier_open = false;
  for (const auto stage : run.stages()) {
    Step step{.stage = stage};
    const auto status = run.status(stage);
    const bool done = status.is_current();
    for (const auto& job : queue) {
      if (job.name != job_name(id, stage)) continue;
      if (hopeless(job))
        step.dead.push_back(job.array_id);
      else if (step.job.empty())
        step.job = job.array_id;
    }
    if (!step.job.empty()) {
      step.kind = Step::Kind::queued;
    } else if (done && !(stage == run::Stage::report && earlier_open)) {
      step.kind = Step::Kind::done;
    } else if (status.kind == run::Status::Kind::stale) {
      step.note = status.reason;
    }
    earlier_open = earlier_open || step.kind != Step::Kind::done;
    steps.push_back(step);
  }
  return steps;
}

std::vector<std::string> submit(const run::Run& run, const Site& site, bool dry_run) {
  const auto place = place_of(run);
  // The queue first: what leaves it meanwhile shows as done afterwards.
  const auto queue = look(names_of(place.run_id), dry_run);
  if (!queue && !dry_run)
    base::fail(Exit::config, "there is no Slurm here (squeue is not in PATH): use {}",
               base::proposal({"assay", "run", run.folder().string()}));
  if (!dry_run) prepare_folder(run, site);
  if (run::node_local(run.folder())) {
    base::log_warning("{} looks like a folder of this machine alone; jobs on other nodes need a shared one",
                      run.folder().string());
  }
  const auto jobs = queue.value_or(std::vector<QueuedJob>{});
  std::vector<std::string> lines;
  Upstream before;
  for (const auto& step : steps_for(run, place.run_id, jobs)) {
    const auto name = to_string(step.stage);
    if (step.kind == Step::Kind::done) {
      lines.push_back(fmt::format("{:<9} done", name));
      continue;
    }
    if (step.kind == Step::Kind::queued) {
      lines.push_back(fmt::format("{:<9} is in the queue already as job {}", name, step.job));
      before = jobs_of(jobs, job_name(place.run_id, step.stage));
      continue;
    }
    const auto job = stage_job(run, step.stage, site);
    check_site(job, site);
    check_place(place, step.stage);
    const auto command = sbatch_command(job, place, site, dependency_on(before, step.stage));
    if (dry_run) {
      lines.push_back(base::command(command));
      before = {fmt::format("<{}>", name), job.workers > 1};
      continue;
    }
    for (const auto& dead : step.dead) os::capture({"scancel", dead});
    const auto id = call_sbatch(command, job_name(place.run_id, step.stage), run.folder() / "jobs", jobs);
    before = {id, job.workers > 1};
    record_job(run, job, id, command);
    lines.push_back(fmt::format("{:<9} job {}{}{}", name, id,
                                job.workers * job.crew > 1 ? fmt::format(", {} workers", job.workers * job.crew) : "",
                                step.note.empty() ? "" : "  (made again: " + step.note + ")"));
  }
  return lines;
}

int workers_in(const std::vector<QueuedJob>& queue, const std::string& name) {
  int count = 0;
  for (const auto& job : queue) {
    if (job.name != name || hopeless(job)) continue;
    // A pending array is one line, "12_[0-3]" or "12_[0,2-5%4]".
    const auto open = job.id.find('[');
    if (open == std::string::npos) {
      ++count;
      continue;
    }
    for (const auto& range : base::split(job.id.substr(open + 1, job.id.find_first_of("]%", open) - open - 1), ',')) {
      const auto dash = range.find('-');
      count += dash == std::string::npos ? 1 : std::atoi(range.c_str() + dash + 1) - std::atoi(range.c_str()) + 1;
    }
  }
  return count;
}

Upstream jobs_of(const std::vector<QueuedJob>& queue, const std::string& name) {
  Upstream found;
  std::set<std::string> ids;
  for (const auto& job : queue) {
    if (job.name != name || hopeless(job)) continue;
    found.several = found.several || job.id != job.array_id;  // "12_3" and "12_[4-7]" are of an array
    if (ids.insert(job.array_id).second) found.jobs += (found.jobs.empty() ? "" : ":") + job.array_id;
  }
  found.several = found.several || ids.size() > 1;
  return found;
}

Upstream jobs_before(const std::vector<QueuedJob>& queue, const std::string& id, run::Stage stage) {
  Upstream before;
  for (const auto earlier : run::all_stages) {
    if (earlier == stage) break;
    if (auto found = jobs_of(queue, job_name(id, earlier)); !found.jobs.empty()) before = std::move(found);
  }
  return before;
}

std::string dependency_on(const Upstream& before, run::Stage stage) {
  if (before.jobs.empty()) return "";
  return (before.several || stage == run::Stage::report ? "afterany:" : "afterok:") + before.jobs;
}

int workers_to_add(const run::Run& run, run::Stage stage, int wanted, int now, std::vector<std::string>& lines) {
  int count = std::max(0, wanted - now);
  if (const auto fits = stage == run::Stage::full ? quota_workers(run.config()) : std::nullopt;
      fits && wanted > *fits) {
    count = static_cast<int>(std::clamp<std::int64_t>(*fits - now, 0, count));
    lines.push_back(fmt::format("full.gpu_quota = {} with {} GPUs per trial allows {} workers: {} more",
                                run.config().integer("full.gpu_quota"), run.config().integer("full.gpus_per_trial"),
                                *fits, count));
  }
  if (count > most_workers) {
    count = most_workers;
    lines.push_back(fmt::format("one job array holds {}: the same command again adds the rest", most_workers));
  }
  return count;
}

std::vector<std::string> scale(const run::Run& run, run::Stage stage, int workers, const Site& site, bool dry_run) {
  const auto place = place_of(run);
  const auto name = job_name(place.run_id, stage);
  const auto all = look(names_of(place.run_id), dry_run);
  if (!all && !dry_run)
    base::fail(Exit::config, "there is no Slurm here (squeue is not in PATH): {} follows {}.parallel",
               base::proposal({"assay", "run", run.folder().string()}), to_string(stage));
  const auto queue = all.value_or(std::vector<QueuedJob>{});
  const int now = workers_in(queue, name) * std::max(1, site.workers_per_job);
  std::vector<std::string> lines = {fmt::format("{} has {} workers in the queue or running", to_string(stage), now)};
  if (now >= workers) {
    if (now > workers)
      lines.push_back(fmt::format(
          "to have fewer, cancel some: scancel JOB_TASK (their trials are taken over); see squeue --name={}", name));
    return lines;
  }
  auto job = one_worker(run, stage, site);
  job.workers = workers_to_add(run, stage, workers, now, lines);
  if (job.workers == 0) return lines;
  share_jobs(job, site);
  check_site(job, site);
  check_place(place, stage);
  const auto command = sbatch_command(job, place, site, dependency_on(jobs_before(queue, place.run_id, stage), stage));
  if (dry_run) {
    lines.push_back(base::command(command));
    return lines;
  }
  prepare_folder(run, site);
  const auto id = call_sbatch(command, name, run.folder() / "jobs", queue);
  record_job(run, job, id, command);
  lines.push_back(fmt::format("job {} adds {}", id, job.workers * job.crew));
  return lines;
}

}  // namespace assay::launch
