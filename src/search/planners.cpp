#include "search/planners.hpp"

#include <fmt/format.h>

#include <cmath>

#include "base/json.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "config/settings.hpp"
#include "search/algorithms.hpp"

namespace assay::search {
namespace {

/// Fewer trials teach an algorithm nothing.
constexpr std::int64_t fewest_to_learn_from = 20;
/// More trials than this: what a model costs per proposal grows, what it gains over evolution shrinks.
constexpr std::int64_t most_for_a_model = 5000;

/// Name and settings, as JSON. For "auto" the study is founded with the settings, not with the choice: the number of
/// trials may be changed while it runs, and workers that choose differently still take part in one study.
std::string description_of(const config::Config& config, const std::string& name) {
  base::Json json{{"algorithm", name},
                  {"population", config.integer("search.population")},
                  {"tournament", config.integer("search.tournament")},
                  {"mutation", config.number("search.mutation")}};
  if (const auto* algorithm = find_algorithm(name); algorithm != nullptr && algorithm->rungs != nullptr)
    json["eta"] = config.integer("search.eta");
  const auto prefix = "search." + name + ".";
  for (const auto& row : config::settings()) {
    if (!row.key.starts_with(prefix)) continue;
    const auto key = std::string(row.key.substr(prefix.size()));
    switch (row.type) {
      case config::Type::integer:
        json[key] = config.integer(row.key);
        break;
      case config::Type::number:
        json[key] = config.number(row.key);
        break;
      case config::Type::flag:
        json[key] = config.flag(row.key);
        break;
      default:
        json[key] = config.text(row.key);
    }
  }
  return json.dump();
}

/// Name of the algorithm and the reason for it.
std::pair<std::string, std::string> choose(const space::Space& space, std::int64_t trials) {
  const auto limit = static_cast<std::size_t>(std::min<std::int64_t>(trials, 100'000));
  if (const auto all = space.enumerate(limit)) {
    return {"grid", fmt::format("the space has only {} points, {} trials can try them all",
                                base::with_commas(static_cast<long long>(all->size())), base::with_commas(trials))};
  }
  if (trials < fewest_to_learn_from) return {"random", fmt::format("{} trials are too few to learn from", trials)};
  const auto budget = fmt::format("{} trials in a space of about 10^{:.0f} points", base::with_commas(trials),
                                  std::floor(space.valid_size().log10));
  if (trials <= most_for_a_model) return {"tpe", budget + ": a model of the good points finds them with the fewest"};
  return {"evolution", budget + ": enough for a search without a model"};
}

const Algorithm& chosen(const config::Config& config, const space::Space& space, bool say) {
  auto name = config.text("search.algorithm");
  if (name == "auto") {
    const auto [best, reason] = choose(space, config.integer("search.max_trials"));
    if (say) base::log_info("search algorithm: {} ({})", best, reason);
    name = best;
  }
  const auto* algorithm = find_algorithm(name);
  if (algorithm == nullptr) base::fail(base::Exit::config, "search.algorithm: there is no {}", name);
  return *algorithm;
}

}  // namespace

std::unique_ptr<trial::Planner> make_planner(const config::Config& config, std::shared_ptr<const space::Space> space,
                                             std::uint64_t seed, std::vector<trial::Proposal> first) {
  const auto& algorithm = chosen(config, *space, true);
  return algorithm.make({.config = config,
                         .space = std::move(space),
                         .seed = seed,
                         .first = std::move(first),
                         .description = description_of(config, config.text("search.algorithm"))});
}

std::unique_ptr<StoppingPlanner> make_stopping_planner(const config::Config& config,
                                                       std::shared_ptr<const space::Space> space, std::uint64_t seed,
                                                       std::vector<trial::Proposal> first, KeyOf key) {
  const auto name = chosen(config, *space, false).name;
  auto planner = make_planner(config, std::move(space), seed, std::move(first));
  if (key && config.flag("search.reuse"))
    planner = std::make_unique<ReusingPlanner>(std::move(planner), std::move(key));
  return std::make_unique<StoppingPlanner>(std::move(planner), config, name == "grid" || name == "list");
}

bool follows_model(const config::Config& config, const space::Space& space) {
  const auto& algorithm = chosen(config, space, false);
  return algorithm.models || config.text("search.early_stop") == "curve" ||
         (algorithm.name == "asha" && config.text("search.asha.sampler") == "model");
}

std::vector<trial::Fidelity> rungs_of(const config::Config& config, const space::Space& space,
                                      const trial::Fidelity& top) {
  const auto& algorithm = chosen(config, space, false);
  if (algorithm.rungs == nullptr) return {top};
  const auto rungs = algorithm.rungs(config, top);
  const auto listed = config.node("search.rungs");
  if (rungs.size() == 1 && listed) {
    listed.fail(fmt::format(
        "a trial of the search takes {} epochs (the proxy may have shortened it), and none of these rungs is "
        "below; list smaller ones, or search with longer trials (proxy.reference = 0: in full)",
        top.epochs));
  }
  if (rungs.size() == 1) {
    base::log_warning("{}: a trial of the search takes {} epochs, too few for rungs: every trial is measured once",
                      algorithm.name, top.epochs);
  }
  if (listed && rungs.size() <= listed.size()) {
    base::log_warning("search.rungs: of {} rungs only {} are below the {} epochs of a trial; the others are left out",
                      listed.size(), rungs.size() - 1, top.epochs);
  }
  return rungs;
}

}  // namespace assay::search
