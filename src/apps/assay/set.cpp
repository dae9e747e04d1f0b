// assay set: change keys of a run; limits count at once, identity keys make stages stale.
#include <cstdio>

#include "apps/assay/verbs.hpp"

namespace assay::apps {
namespace {

base::Exit set(const cli::Values& values) {
  const auto changes = values.texts("KEY=VALUE");
  const std::filesystem::path folder = values.text("RUN", "");
  const auto stale = run::set_keys(folder, changes);
  for (const auto& change : changes) std::printf("%s\n", change.c_str());
  if (stale.empty()) {
    std::printf(run::only_limits(changes) ? "running stages take it up at their next trial\n"
                                          : "no finished stage depends on it\n");
  }
  for (const auto stage : stale) {
    std::printf("%s becomes stale and is made anew at its next start (%s %s)\n", to_string(stage).c_str(),
                executable(stage).c_str(), folder.c_str());
  }
  return base::Exit::done;
}

}  // namespace

cli::Verb set_verb() {
  return {
      "set",
      "change keys of a run: assay set RUN search.max_trials=200",
      {{.name = "RUN", .help = "run folder", .required = true},
       {.kind = cli::Option::Kind::list, .name = "KEY=VALUE", .help = "keys and their new values", .required = true}},
      set};
}

}  // namespace assay::apps
