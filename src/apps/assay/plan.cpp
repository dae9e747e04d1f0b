// assay plan: jobs, device-hours, days and restarts of a run, before it is started.
#include "launch/plan.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "apps/assay/verbs.hpp"
#include "os/file.hpp"
#include "os/host.hpp"

namespace assay::apps {
namespace {

/// A plan must not found anything: a configuration is opened in a temporary folder.
run::Run open_for_plan(const cli::Values& values, std::filesystem::path& temporary) {
  const auto target = target_of(values);
  if (!target.config || os::file_size(target.folder / "run.toml")) return open_target(values);
  temporary = std::filesystem::temp_directory_path() / ("assay-plan-" + os::random_name());
  return run::Run::open(temporary, target.config, values.texts("--set"));
}

base::Exit plan(const cli::Values& values) {
  std::filesystem::path temporary;
  const auto run = open_for_plan(values, temporary);
  launch::Site site;
  const auto file = values.text("--site");
  if (const auto found =
          launch::find_site(file ? std::optional<std::filesystem::path>(*file) : std::nullopt, run.folder())) {
    site = launch::read_site(*found);
  }
  const auto hours = values.text("--hours", "1");
  char* end = nullptr;
  const double assumed = std::strtod(hours.c_str(), &end);
  if (assumed <= 0 || *end != '\0') base::fail(base::Exit::config, "--hours {}: a number above 0 is expected", hours);
  const auto text = launch::to_text(launch::make_plan(run, site, assumed), site);
  std::fputs(text.c_str(), stdout);
  if (!temporary.empty()) os::remove_all(temporary);
  return base::Exit::done;
}

}  // namespace

cli::Verb plan_verb() {
  return {"plan", "what a run will cost: trials, device-hours, days",
          target_options(
              {{.name = "--hours", .help = "assumed hours of one full training, until it is measured (default 1)"},
               {.name = "--site", .help = "site file, for time limits and cores"}}),
          plan};
}

}  // namespace assay::apps
