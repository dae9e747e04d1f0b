// The table of algorithms. A new one is a file with its factory, its declaration here and its line in algorithms.cpp
// (and, for its settings, rows "search.<name>.*" of the settings table).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "trial/planner.hpp"
#include "trial/ranking.hpp"

namespace assay::search {

/// What every planner is made from.
struct Setup {
  const config::Config& config;  ///< read while the planner is made
  std::shared_ptr<const space::Space> space;
  std::uint64_t seed = 1;
  std::vector<trial::Proposal> first;  ///< the points to begin with: defaults, a warm start
  std::string description;             ///< name and settings as JSON, for Planner::describe
};

struct Algorithm {
  std::string_view name;
  std::string_view summary;  ///< one line: what it does, when to take it
  std::unique_ptr<trial::Planner> (*make)(const Setup& setup);
  /// Fidelities that the algorithm measures at, lowest first and `top` last; nullptr: only `top`.
  std::vector<trial::Fidelity> (*rungs)(const config::Config& config, const trial::Fidelity& top) = nullptr;
  /// Proposals follow a model fitted in floating point, whose last digits may differ from machine to machine: the
  /// signature covers the first proposals only.
  bool models = false;
};

std::span<const Algorithm> algorithms();
/// nullptr if there is none of that name.
const Algorithm* find_algorithm(std::string_view name);

std::unique_ptr<trial::Planner> make_random(const Setup& setup);

/// All points in an order shuffled by the seed, so that any part of the grid is a fair sample of it; reals take five
/// values, even in their distribution. Error(config) for more than 1,000,000 points.
std::unique_ptr<trial::Planner> make_grid(const Setup& setup);
/// search.grid.order = "halving", the order of NNI's grid search: all choices with the middle of every number, then
/// with the quarters too, then the eighths, without end for reals. Normals in their distribution.
std::unique_ptr<trial::Planner> make_halving_grid(const Setup& setup);

/// [search] points: values by parameter name (or its last part, where that is clear), defaults for the rest.
std::unique_ptr<trial::Planner> make_list(const Setup& setup);

/// Evolution without generations: each proposal looks at the trials that are committed by then. One objective:
/// regularised (Real et al., "Regularized evolution for image classifier architecture search", AAAI 2019): the youngest
/// trials live, so that a lucky measurement dies out. Several: the best live, by Pareto layer and crowding (Deb et al.,
/// NSGA-II, 2002).
std::unique_ptr<trial::Planner> make_evolution(const Setup& setup);

/// Tree-structured Parzen estimator (tpe.cpp names the papers): a density of the good trials, one of the bad ones, and
/// the draw from the first where their ratio is largest.
std::unique_ptr<trial::Planner> make_tpe(const Setup& setup);
/// NSGA-II and NSGA-III without generations (nsga2.cpp, nsga3.cpp name the papers): crossover and mutation of the best,
/// by Pareto layer and then crowding, or nearness to evenly spread directions.
std::unique_ptr<trial::Planner> make_nsga2(const Setup& setup);
std::unique_ptr<trial::Planner> make_nsga3(const Setup& setup);

/// SMAC: a random forest of the costs, and the point that promises most by it (smac.cpp).
std::unique_ptr<trial::Planner> make_smac(const Setup& setup);

/// Scrambled Sobol points, the n-th for trial n: any number of workers draw one sequence.
std::unique_ptr<trial::Planner> make_sobol(const Setup& setup);

/// Each parameter near its value in one of the best trials, ever nearer as trials go by (hyperopt's annealing, as NNI
/// offers it).
std::unique_ptr<trial::Planner> make_anneal(const Setup& setup);

/// NNI's "Evolution" tuner: two of the population meet, the loser goes, a child of the winner comes.
std::unique_ptr<trial::Planner> make_naive_evolution(const Setup& setup);
/// A policy that makes the decisions one after the other learns from batches of trials (policy_search.hpp), by
/// REINFORCE or by proximal policy optimisation.
std::unique_ptr<trial::Planner> make_reinforce(const Setup& setup);
std::unique_ptr<trial::Planner> make_ppo(const Setup& setup);

/// Algorithms with rungs: each file tells its paper.
std::unique_ptr<trial::Planner> make_asha(const Setup& setup);
std::unique_ptr<trial::Planner> make_hyperband(const Setup& setup);
std::unique_ptr<trial::Planner> make_bohb(const Setup& setup);
std::unique_ptr<trial::Planner> make_econas(const Setup& setup);
std::unique_ptr<trial::Planner> make_pbt(const Setup& setup);

}  // namespace assay::search
