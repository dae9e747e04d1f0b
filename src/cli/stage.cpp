#include "cli/stage.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>

#include "base/command.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "base/version.hpp"
#include "cli/completion.hpp"
#include "cli/worker_pool.hpp"
#include "os/file.hpp"
#include "os/host.hpp"
#include "os/signal.hpp"
#include "run/line.hpp"
#include "run/refound.hpp"
#include "run/remedy.hpp"
#include "run/source_places.hpp"

namespace assay::cli {
namespace {

using base::Exit;
using Kind = run::Status::Kind;

constexpr int go_on = -1;  ///< decision of a rank: run the recipe; anything else is an exit code

void add_options(CLI::App& app, StageOptions& options, std::string& budget, bool& verbose, bool& quiet,
                 bool with_signature) {
  app.add_option("RUN_DIR", options.folder, "run folder")->required()->type_name("");
  app.add_option("--config", options.config, "create the run folder from this file (or check that it belongs to it)")
      ->type_name("FILE");
  app.add_option("--set", options.set, "change a key of the configuration; may be given several times")
      ->type_name("KEY=VALUE")
      ->take_all()
      ->allow_extra_args(false);
  app.add_option("--seed", options.seed, "seed of the run (run.seed)")->type_name("N");
  app.add_option("--device", options.device, "where to train")
      ->check(CLI::IsMember({"auto", "cpu", "cuda"}))
      ->type_name("auto|cpu|cuda");
  app.add_option("--threads", options.threads, "threads of this process; 0: all cores it may use")
      ->check(CLI::Range(0, 4096))
      ->type_name("N");
  app.add_option("--workers", options.workers, "N workers in one job, sharing its cores and GPUs")
      ->check(CLI::Range(1, 4096))
      ->type_name("N");
  app.add_option("--time-budget", budget, "stop cleanly after this time (exit code 75): 90s, 30m, 8h")->type_name("T");
  app.add_flag("--force", options.force, "make a finished stage again; the old folder is renamed, never deleted");
  app.add_flag("--dry-run", options.dry_run, "say what would be done");
  auto* json = app.add_flag("--json", options.json, "print the figures as JSON");
  if (with_signature) {
    app.add_flag("--signature", options.signature, "one CPU worker; then a hash of what was tried and measured")
        ->excludes(json);
  }
  auto* loud = app.add_flag("-v,--verbose", verbose, "more lines, the settings first");
  app.add_flag("-q,--quiet", quiet, "warnings only")->excludes(loud);
}

std::string version_line(const std::string& program) {
  return program + " " + base::version() + " (" + base::revision() + ")";
}

struct Parsed {
  StageOptions options;
  std::optional<int> exit;  ///< --help, --version, usage errors
};

/// The same arithmetic on every CPU: MKL, oneDNN and ATen choose their kernels by its features when they first compute.
void sign_alone(StageOptions& options) {
  if (options.workers > 1 || launched().size > 1 || options.device == "cuda") {
    base::fail(Exit::config, "--signature is for one worker on the CPU: leave out {}",
               options.workers > 1   ? "--workers"
               : launched().size > 1 ? "the MPI launcher"
                                     : "--device cuda");
  }
  options.device = "cpu";
  options.threads = 1;
  ::setenv("MKL_CBWR", "COMPATIBLE", 1);
  ::setenv("ONEDNN_MAX_CPU_ISA", "SSE41", 1);
  ::setenv("ATEN_CPU_CAPABILITY", "default", 1);
}

Parsed parse(int argc, char** argv, run::Stage stage, const std::string& description, bool with_signature) {
  Parsed parsed;
  CLI::App app(description, run::executable(stage));
  std::string budget;
  bool verbose = false, quiet = false;
  add_options(app, parsed.options, budget, verbose, quiet, with_signature);
  app.set_version_flag("--version", version_line(run::executable(stage)));
  app.footer(
      "Exit codes: 0 done, 3 partly done, 64 configuration, 65 data, 69 an earlier stage is missing, 70 a defect, "
      "74 input/output, 75 stopped early: start again.");
  try {
    app.parse(argc, argv);
    if (!budget.empty()) parsed.options.time_budget = base::parse_duration(budget, "--time-budget");
  } catch (const CLI::ParseError& error) {
    const bool asked = error.get_exit_code() == 0;
    if (launched().rank == 0) {
      if (asked)
        app.exit(error);
      else
        std::fprintf(stderr, "error: %s (%s --help shows the options)\n", error.what(), run::executable(stage).c_str());
    }
    parsed.exit = asked ? 0 : static_cast<int>(Exit::config);
  }
  base::set_verbosity(quiet || launched().rank != 0 ? base::Level::quiet
                      : verbose                     ? base::Level::verbose
                                                    : base::Level::normal);
  return parsed;
}

void show_settings(const run::Run& run, run::Stage stage) {
  if (base::verbosity() < base::Level::verbose) return;
  base::log_detail("{} on {}, {} cores, run {}", version_line(run::executable(stage)), os::host_name(),
                   os::usable_cores(), run.folder().string());
  for (const auto& line : base::split(run.config().resolved(), '\n')) {
    if (!base::trim(line).empty()) base::log_detail("    {}", line);
  }
}

void check_folder(const StageOptions& options, run::Stage stage) {
  if (!std::filesystem::is_regular_file(options.folder)) return;
  const auto file = options.folder.string();
  const auto config = options.config.value_or(options.folder);
  const auto folder = run::default_folder(config, options.set);
  base::fail(Exit::config, "{} is a file, and a run folder is expected there: {}", file,
             base::proposal({run::executable(stage), folder.string(), "--config", config.string()}));
}

/// --force is for the one start that was asked for: a job that Slurm starts again would set its own progress aside, the
/// workers of an array each other's.
void check_force(StageOptions& options, run::Stage stage) {
  if (!options.force) return;
  if (os::environment("SLURM_ARRAY_TASK_ID") && os::environment("SLURM_ARRAY_TASK_COUNT").value_or("") != "1") {
    base::fail(
        Exit::config,
        "--force does not go with a job array: every worker would set the others' study aside. Start one job "
        "with --force ({}) and add workers without it once it runs.",
        base::proposal(
            {"sbatch",
             (std::filesystem::path(base::share_folder()) / "slurm" / (run::executable(stage) + ".sbatch")).string(),
             options.folder.string(), "--force"}));
  }
  const auto restarts = os::environment("SLURM_RESTART_COUNT").value_or("0");
  if (restarts == "0") return;
  options.force = false;
  base::log_info("restart {} of this job: --force counted for its first start only, the work continues", restarts);
}

/// The first input that is not usable, so that nothing is set aside before the stage can really start.
void check_inputs(const run::Run& run, run::Stage stage) {
  if (stage == run::Stage::report) return;  // the report takes whatever is there
  for (const auto input : run.inputs(stage)) run.need(input);
}

/// What --dry-run prints.
int dry_run(const StageOptions& options, run::Stage stage) {
  if (!os::file_size(options.folder / "run.toml")) {
    if (!options.config) run::Run::open(options.folder);  // throws: neither run nor configuration
    config::Config::load(*options.config, options.set);
    std::printf("would create %s from %s\n", options.folder.c_str(), options.config->c_str());
    if (stage != run::Stage::split)
      std::printf("would then stop: %s needs the stages before it\n", run::executable(stage).c_str());
    return 0;
  }
  const auto run = run::Run::preview(options.folder, options.config, options.set, options.seed);
  const auto status = run.status(stage);
  const bool done = status.has_result();
  const auto name = run::to_string(stage);
  if (done && !options.force) {
    if (status.judged.empty()) {
      std::printf("%s is done; nothing to do\n", name.c_str());
    } else {
      std::printf("would derive the result of %s again: %s\n", name.c_str(), status.judged.c_str());
    }
    return 0;
  }
  if (const auto why = run.lacks(stage); !why.empty()) {
    std::printf("would skip %s: %s\n", name.c_str(), why.c_str());
    return 0;
  }
  if (run.by_hand() && stage == run::Stage::search) {
    std::printf("would start nothing: a script asks for the trials, %s\n",
                base::proposal({"assay", "ask", options.folder.string()}).c_str());
    return 0;
  }
  check_inputs(run, stage);
  if (status.kind == Kind::stale || done) {
    std::printf("would set %s aside%s%s\n", name.c_str(), status.reason.empty() ? "" : ": ", status.reason.c_str());
  }
  std::printf("would %s %s in %s\n", status.kind == Kind::running ? "go on with" : "start", name.c_str(),
              run.folder(stage).c_str());
  return 0;
}

/// A stage that this run does not have, or whose trials are asked for by hand: nothing is to be started. --force and a
/// changed configuration set a search by hand aside; who asks next founds another one.
int without_workers(const StageContext& context, run::Stage stage, const run::Status& status) {
  const auto& run = context.run;
  const auto folder = run.folder().string();
  if (stage != run::Stage::search) {
    base::log_info("{} is skipped: {}", run::to_string(stage), run.lacks(stage));
    return static_cast<int>(Exit::done);
  }
  if (status.kind == Kind::stale || (context.options.force && os::file_size(run.folder(stage) / "begun.json"))) {
    run.set_aside(stage, status);
    base::log_info("the next {} starts a new search", run::asking_command(run));
    return static_cast<int>(Exit::done);
  }
  base::fail(Exit::config,
             "nothing in this configuration measures trials: a script asks for them, {}, and tells their results, {}; "
             "the last one ends the search",
             run::asking_command(run),
             base::proposal({"assay", "tell", folder, "N", run.judge().first().metric + "=..."}));
}

/// Done already: says so and returns its exit code. Stale or forced: sets the old folder aside.
int prepare(StageContext& context, run::Stage stage) {
  const auto& run = context.run;
  const auto status = run.status(stage);
  const bool done = status.has_result();
  if (done && !context.options.force && status.judged.empty()) {
    if (context.options.json) std::printf("%s\n", status.done.at("figures").dump(2).c_str());
    base::log_info("{} is {} already ({}, {}); --force makes it again", run::to_string(stage),
                   status.kind == Kind::partial ? "partly done" : "done", run.folder(stage).string(),
                   status.done.value("ended", ""));
    return static_cast<int>(status.kind == Kind::partial ? Exit::partial : Exit::done);
  }
  if (!run.lacks(stage).empty() || (run.by_hand() && stage == run::Stage::search)) {
    return without_workers(context, stage, status);
  }
  if (os::file_size(run.stop_file()) && stage != run::Stage::report) {
    base::log_info("leaving: the run is asked to stop ({}); {} withdraws that", run.stop_file().string(),
                   base::proposal({"assay", "stop", run.folder().string(), "--lift"}));
    return static_cast<int>(Exit::again);
  }
  check_inputs(run, stage);
  if (done && !context.options.force) {
    base::log_info("the result of {} is derived again ({}); nothing is measured", run::to_string(stage), status.judged);
    return go_on;
  }
  if (status.kind == Kind::stale || (context.options.force && os::file_size(run.folder(stage) / "begun.json"))) {
    base::log_info("{} is made again: {}", run::to_string(stage), status.reason.empty() ? "--force" : status.reason);
    run.set_aside(stage, status);
  }
  run.begin(stage);
  return go_on;
}

/// The decision of this launch: rank 0's. The others wait for it, so they get its exit code also where it fails.
int decide(StageContext& context, run::Stage stage, const std::function<int(int)>& agree,
           const std::function<void(const StageContext&)>& first) {
  const auto prepared = [&] {
    if (first) first(context);
    const int decision = prepare(context, stage);
    return decision == go_on && os::stop_signal() != 0 ? static_cast<int>(Exit::again) : decision;
  };
  const auto [rank, size] = launched();
  if (!agree || size == 1) return prepared();
  if (rank != 0) return agree(go_on);
  int decision = go_on;
  try {
    decision = prepared();
  } catch (const std::exception& error) {
    agree(static_cast<int>(exit_of(error)));
    throw;
  }
  return agree(decision);
}

/// A start that was refused says nothing about the stage that runs, or is done, in the folder: until `begun` error.json
/// is written only where there is nothing else of the stage.
bool may_mark_failed(const StageContext* context, const StageOptions& options, run::Stage stage, bool begun) {
  if (begun) return true;
  if (context != nullptr && context->run.by_hand()) return false;
  const auto folder = options.folder / run::to_string(stage);
  return !options.dry_run && os::file_size(options.folder / "run.toml") && !os::file_size(folder / "begun.json") &&
         !os::file_size(folder / "done.json");
}

void report_failure(const StageContext* context, const StageOptions& options, run::Stage stage, bool begun,
                    const std::exception& error) {
  const auto code = exit_of(error);
  const auto [rank, size] = launched();
  // Errors of the configuration come to all ranks alike: one of them speaks.
  if (rank == 0 || code == Exit::io || code == Exit::defect) {
    const auto prefix =
        fmt::format("{}{}: ", code == Exit::defect ? "error (a defect of ours, please report it)" : "error",
                    size > 1 ? fmt::format(" on rank {}", rank) : "");
    base::write_log(base::Level::quiet, prefix, run::in_source(error.what()));
  }
  try {
    if (!may_mark_failed(context, options, stage, begun)) return;
    if (context != nullptr) {
      context->run.fail(stage, error_record(error));
    } else {
      const auto folder = options.folder / run::to_string(stage);
      os::make_folders(folder);
      os::publish(folder / "error.json", error_record(error).dump(2) + "\n");
    }
  } catch (const std::exception& second) {
    base::log_detail("error.json could not be written: {}", second.what());
  }
}

}  // namespace

Exit StageContext::finish(run::Stage stage, const base::Json& figures, const std::string& line, bool partial,
                          int generation) {
  const double seconds = run.finish(stage, figures, started, partial, generation);
  if (launched().rank == 0) {
    const auto text =
        options.json ? figures.dump(2) : run::stage_line(stage, partial ? "partial" : "done", line, seconds);
    std::printf("%s\n", text.c_str());
    std::fflush(stdout);
  }
  return partial ? Exit::partial : Exit::done;
}

int run_stage(int argc, char** argv, run::Stage stage, const std::string& description,
              const std::function<Exit(StageContext&)>& recipe, const std::function<int(int)>& agree,
              const std::function<void(const StageContext&)>& first,
              const std::function<void(const StageContext&)>& signature) {
  std::optional<StageContext> context;
  StageOptions options;
  bool begun = false;
  try {
    auto parsed = parse(argc, argv, stage, description, static_cast<bool>(signature));
    if (parsed.exit) return *parsed.exit;
    options = parsed.options;
    if (options.signature) sign_alone(options);
    check_folder(options, stage);
    check_force(options, stage);
    if (options.dry_run) return dry_run(options, stage);
    os::catch_stop_signals();
    if (options.config && launched().size == 1)
      run::clear_unused(options.folder, *options.config, options.set, options.seed);
    context.emplace(StageContext{options, run::Run::open(options.folder, options.config, options.set, options.seed),
                                 base::unix_seconds()});
    show_settings(context->run, stage);
    int code = decide(*context, stage, agree, first);
    if (code == go_on) {
      begun = true;
      if (options.workers > 1) return run_worker_pool(argc, argv, context->run, options);
      code = static_cast<int>(recipe(*context));
    }
    const auto exit = static_cast<Exit>(code);
    if (options.signature && (exit == Exit::done || exit == Exit::partial)) signature(*context);
    return code;
  } catch (const std::bad_alloc&) {
    report_failure(context ? &*context : nullptr, options, stage, begun,
                   base::Error(Exit::io, "out of memory: give the job more, or make batches or networks smaller"));
    return static_cast<int>(Exit::io);
  } catch (const std::exception& error) {
    report_failure(context ? &*context : nullptr, options, stage, begun, error);
    return static_cast<int>(exit_of(error));
  }
}

std::vector<Option> stage_options() {
  CLI::App app;
  StageOptions filled;
  std::string budget;
  bool verbose = false, quiet = false;
  add_options(app, filled, budget, verbose, quiet, false);
  std::vector<Option> options;
  for (const auto* one : app.get_options()) {
    const auto name = one->get_single_name();
    const auto type = base::split(one->get_type_name(), ':').front();  // CLI11 appends what it checks
    const bool word = one->get_positional(), flag = one->get_items_expected_max() == 0;
    options.push_back({.kind = flag ? Option::Kind::flag : Option::Kind::text,
                       .name = word ? name : "--" + name,
                       .help = one->get_description(),
                       .required = one->get_required()});
    if (type.find('|') != std::string::npos) options.back().choices = base::split(type, '|');
  }
  return options;
}

}  // namespace assay::cli
