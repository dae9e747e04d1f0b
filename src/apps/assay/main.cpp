// assay: the user's companion. Every verb has a file of its own beside this one.
#include "apps/assay/verbs.hpp"

#include "os/file.hpp"
#include "run/refound.hpp"
#include "run/source_places.hpp"

namespace assay::apps {

namespace fs = std::filesystem;
using Kind = cli::Option::Kind;

Target target_of(const cli::Values& values) {
  const fs::path word = values.text("RUN", "");
  const auto config = values.text("--config");
  if (config) return {word, fs::path(*config)};
  if (word.extension() != ".toml") return {word, std::nullopt};
  if (!os::file_size(word)) base::fail(base::Exit::config, "there is no file {}", word.string());
  const auto folder = values.text("--run");
  return {folder ? fs::path(*folder) : run::default_folder(word, values.texts("--set")), word};
}

std::vector<cli::Option> target_options(std::vector<cli::Option> more) {
  std::vector<cli::Option> options = {
      {.name = "RUN", .help = "run folder, or a configuration to found one from", .required = true},
      {.name = "--config", .help = "found the run folder from this file"},
      {.name = "--run",
       .help = "run folder for a configuration (default: runs/<[run] name>, else the name of the file)"},
      {.kind = Kind::list, .name = "--set", .help = "KEY=VALUE, changes the configuration; may be given several times"},
      {.kind = Kind::integer, .name = "--seed", .help = "seed of the run"}};
  options.insert(options.end(), more.begin(), more.end());
  return options;
}

namespace {

std::optional<std::uint64_t> seed_of(const cli::Values& values) {
  const auto given = values.integer("--seed");
  if (!given) return std::nullopt;
  if (*given < 0) base::fail(base::Exit::config, "--seed {}: a number from 0 is expected", *given);
  return static_cast<std::uint64_t>(*given);
}

}  // namespace

run::Run open_target(const cli::Values& values, void (*check)(const run::Run&)) {
  const auto target = target_of(values);
  const auto changes = values.texts("--set");
  const auto seed = seed_of(values);
  if (target.config) run::clear_unused(target.folder, *target.config, changes, seed);
  const bool founded = os::file_size(target.folder / "run.toml").has_value();
  if (check != nullptr && !founded) check(run::Run::preview(target.folder, target.config, changes, seed));
  auto run = run::Run::open(target.folder, target.config, changes, seed);
  if (check != nullptr && founded) check(run);
  return run;
}

run::Run preview_target(const cli::Values& values) {
  const auto target = target_of(values);
  return run::Run::preview(target.folder, target.config, values.texts("--set"), seed_of(values));
}

run::Run open_run(const cli::Values& values) {
  const std::filesystem::path folder = values.text("RUN", "");
  if (std::filesystem::is_regular_file(folder)) {
    base::fail(base::Exit::config, "{} is a file; the run folder is wanted here, such as {}", folder.string(),
               run::default_folder(folder, {}).string());
  }
  if (!os::file_size(folder / "run.toml")) {
    base::fail(base::Exit::config, "there is no run folder {}{}", folder.string(),
               std::filesystem::exists(folder) ? " (no run.toml is in it)" : "");
  }
  return run::Run::open(folder);
}

}  // namespace assay::apps

int main(int argc, char** argv) {
  using namespace assay::apps;
  std::vector<assay::cli::Verb> verbs = {
      new_verb(),       check_verb(),  space_verb(),    plan_verb(),   run_verb(),  site_verb(),   submit_verb(),
      scale_verb(),     status_verb(), set_verb(),      stop_verb(),   best_verb(), trials_verb(), trial_verb(),
      reproduce_verb(), add_verb(),    drop_verb(),     retry_verb(),  ask_verb(),  tell_verb(),   export_verb(),
      import_verb(),    fsck_verb(),   simulate_verb(), cancel_verb(), pack_verb()};
  verbs.push_back(completion_verb(verbs));
  return assay::cli::run_verbs(argc, argv, "assay",
                               "Searches neural-network architectures: on this machine or on a Slurm cluster.", verbs);
}
