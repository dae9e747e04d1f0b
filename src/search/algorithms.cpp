#include "search/algorithms.hpp"

#include <algorithm>
#include <array>

#include "search/rungs/rungs.hpp"

namespace assay::search {
namespace {

/// Published: thirds. Without the barrier of the published cycles: each stage search.eta times as long as the one
/// before, so that what most networks get costs least.
std::vector<trial::Fidelity> stages(const config::Config& config, const trial::Fidelity& top) {
  if (config.flag("search.econas.barrier")) return even_rungs(config, top, top.epochs / 3.0);
  auto rungs = divided_rungs(config, top);
  const auto extra = rungs.size() - std::min<std::size_t>(rungs.size(), 3);
  if (!config.has("search.rungs")) rungs.erase(rungs.begin(), rungs.begin() + static_cast<std::ptrdiff_t>(extra));
  return rungs;
}

std::vector<trial::Fidelity> steps(const config::Config& config, const trial::Fidelity& top) {
  const auto step = config.integer("search.pbt.step");
  return even_rungs(config, top, step > 0 ? static_cast<double>(step) : top.epochs / 10.0);
}

constexpr auto table = std::to_array<Algorithm>({
    {"random", "independent draws, none twice: the control of every other search", make_random},
    {"grid", "every point in shuffled order: small spaces", make_grid},
    {"list", "the points of search.points, in their order", make_list},
    {"evolution", "mutates good trials; the old ones die (one objective), the dominated ones (several)",
     make_evolution},
    {"tpe", "draws where good trials are dense and bad ones are not: 50 to some thousand trials", make_tpe, nullptr,
     true},
    {"nsga2", "crosses and mutates the Pareto layers, crowded trials last: several objectives, 100 trials and more",
     make_nsga2},
    {"nsga3", "as nsga2, spread by reference directions: three objectives and more", make_nsga3},
    {"smac", "a random forest says where to look: categories and conditions, 50 to some thousand trials", make_smac,
     nullptr, true},
    {"sobol", "scrambled Sobol points: fills the space more evenly than random draws", make_sobol},
    {"anneal", "random draws ever nearer to the best trials", make_anneal},
    {"naive_evolution", "two trials meet, the worse makes room for a child of the better", make_naive_evolution},
    {"reinforce", "a policy over the decisions learns by REINFORCE: hundreds of trials", make_reinforce, nullptr, true},
    {"ppo", "a policy over the decisions learns by PPO, several epochs per batch: hundreds of trials", make_ppo,
     nullptr, true},
    {"asha", "many short trainings, the best third goes on, and again; nobody waits", make_asha, divided_rungs},
    {"hyperband", "as asha in brackets, from many short trainings to few long ones", make_hyperband, divided_rungs},
    {"bohb", "hyperband that draws from a model of the good points", make_bohb, divided_rungs, true},
    {"econas", "evolution over three pools of networks, by how far they are trained", make_econas, stages},
    {"pbt", "trains a population at once; the last copy the first and vary their training", make_pbt, steps},
});

}  // namespace

std::span<const Algorithm> algorithms() { return table; }

const Algorithm* find_algorithm(std::string_view name) {
  const auto found = std::find_if(table.begin(), table.end(), [&](const auto& one) { return one.name == name; });
  return found == table.end() ? nullptr : &*found;
}

}  // namespace assay::search
