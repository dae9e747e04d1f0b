// assay plan: jobs, device-hours, days and restarts of a run, before it is started.
#include "launch/plan.hpp"

#include <cmath>
#include <cstdio>
#include <filesystem>

#include "apps/assay/verbs.hpp"
#include "base/text.hpp"

namespace assay::apps {
namespace {

base::Exit plan(const cli::Values& values) {
  const auto run = preview_target(values);
  launch::Site site;
  const auto file = values.text("--site");
  if (const auto found =
          launch::find_site(file ? std::optional<std::filesystem::path>(*file) : std::nullopt, run.folder())) {
    site = launch::read_site(*found);
  }
  const auto hours = values.text("--hours", "1");
  const auto assumed = base::number_in(hours);
  if (!assumed || !(*assumed > 0) || !std::isfinite(*assumed))
    base::fail(base::Exit::config, "--hours {}: a number above 0 is expected", hours);
  const auto text = launch::to_text(launch::make_plan(run, site, *assumed), site);
  std::fputs(text.c_str(), stdout);
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
