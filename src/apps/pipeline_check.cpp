#include "apps/pipeline_check.hpp"

#include <memory>

#include "apps/founding.hpp"
#include "apps/proxy_choice.hpp"
#include "arch/check_blocks.hpp"
#include "run/program.hpp"
#include "search/planners.hpp"

namespace assay::apps {

void check_pipeline(const config::Config& config) {
  config.check_run();
  const bool table = config.has("trial.table"), program = !config.texts("trial.command").empty();
  run::check_script(config);
  if (!table && !program) arch::check_blocks(config);
  const bool proxies = config.integer("proxy.reference") > 0 && (!table || config.has("trial.table.epoch"));
  if (proxies) proxy_candidates(config, full_fidelity(config, run::Stage::proxy));
  const auto space = std::make_shared<const space::Space>(space::Space::load(config));
  // Lists and grids are laid out at the beginning; other algorithms have nothing to say yet.
  const auto algorithm = config.text("search.algorithm");
  if (algorithm == "grid" || algorithm == "list") search::make_planner(config, space, 0);
}

}  // namespace assay::apps
