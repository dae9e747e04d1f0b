#include "search/planners.hpp"

#include <fmt/format.h>

#include <cmath>

#include "base/json.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "search/algorithms.hpp"

namespace assay::search {
namespace {

/// Fewer trials teach an algorithm nothing.
constexpr std::int64_t fewest_to_learn_from = 20;

/// What "auto" chose. The study is founded with the settings, not with the choice: the number of trials may be changed
/// while it runs, and workers that choose differently still take part in one study.
class Chosen final : public study::Planner {
 public:
  Chosen(std::unique_ptr<study::Planner> inner, base::Json description)
      : inner_(std::move(inner)), description_(std::move(description)) {}

  study::Decision next(const study::StudyView& view) override { return inner_->next(view); }
  std::optional<study::Proposal> propose(const study::StudyView& view, study::TrialId trial, base::Rng& rng) override {
    return inner_->propose(view, trial, rng);
  }
  base::Json describe() const override { return description_; }

 private:
  std::unique_ptr<study::Planner> inner_;
  base::Json description_;
};

/// Name of the algorithm and the reason for it.
std::pair<std::string, std::string> choose(const space::Space& space, std::int64_t trials) {
  const auto limit = static_cast<std::size_t>(std::min<std::int64_t>(trials, 100'000));
  if (const auto all = space.enumerate(limit)) {
    return {"grid", fmt::format("the space has only {} points, {} trials can try them all",
                                base::with_commas(static_cast<long long>(all->size())), base::with_commas(trials))};
  }
  if (trials < fewest_to_learn_from) return {"random", fmt::format("{} trials are too few to learn from", trials)};
  return {"evolution", fmt::format("{} trials in a space of about 10^{:.0f} points", base::with_commas(trials),
                                   std::floor(space.log10_size()))};
}

}  // namespace

std::unique_ptr<study::Planner> make_planner(const config::Config& config, std::shared_ptr<const space::Space> space,
                                             std::uint64_t seed, std::vector<study::Proposal> first) {
  const EvolutionSettings settings{config.integer("search.population"), config.integer("search.tournament")};
  const auto make = [&](const std::string& algorithm) -> std::unique_ptr<study::Planner> {
    if (algorithm == "random") return make_random(space, first);
    if (algorithm == "grid") return make_grid(space, seed);
    if (algorithm == "list") return make_list_planner("list", listed_points(config, *space));
    if (algorithm == "evolution") return make_evolution(space, settings, MetricLimits(config), first);
    base::fail(base::Exit::config, "search.algorithm: there is no {}; it is auto, random, grid, list or evolution",
               algorithm);
  };
  const auto algorithm = config.text("search.algorithm");
  if (algorithm != "auto") return make(algorithm);

  const auto [chosen, reason] = choose(*space, config.integer("search.max_trials"));
  base::log_info("search algorithm: {} ({})", chosen, reason);
  return std::make_unique<Chosen>(
      make(chosen),
      base::Json{{"algorithm", "auto"}, {"population", settings.population}, {"tournament", settings.tournament}});
}

}  // namespace assay::search
