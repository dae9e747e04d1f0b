// Planners by name: one file per algorithm behind this door.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "search/reuse.hpp"
#include "search/stopping/stop_rules.hpp"
#include "space/space.hpp"
#include "trial/planner.hpp"

namespace assay::search {

/// [search] algorithm: "auto" says in the log what it chose and why. Constraints on metrics ([[constraint]]) make a
/// trial rank behind all feasible ones.
std::unique_ptr<trial::Planner> make_planner(const config::Config& config, std::shared_ptr<const space::Space> space,
                                             std::uint64_t seed, std::vector<trial::Proposal> first = {});

/// The same planner, which ends the study when a rule of [search] stop says so, and with a `key` takes known results of
/// equal networks ([search] reuse).
std::unique_ptr<StoppingPlanner> make_stopping_planner(const config::Config& config,
                                                       std::shared_ptr<const space::Space> space, std::uint64_t seed,
                                                       std::vector<trial::Proposal> first = {}, KeyOf key = {});

/// The fidelities that the algorithm measures at, lowest first and `top` last.
std::vector<trial::Fidelity> rungs_of(const config::Config& config, const space::Space& space,
                                      const trial::Fidelity& top);

/// True if proposals, or early stops, follow a model fitted in floating point (Algorithm::models).
bool follows_model(const config::Config& config, const space::Space& space);

/// Trial n is proposal n; finished after the last. Baseline, reference ladder, proxy grid and finalists are such lists.
std::unique_ptr<trial::Planner> make_list_planner(std::string name, std::vector<trial::Proposal> proposals);

/// `count` networks spread over the space: the defaults first, then the picks from a seeded random pool that lie
/// farthest apart (log parameters, log multiply-adds given by `size_of`), for proxy-select.
std::vector<space::Params> reference_set(const space::Space& space, std::uint64_t seed, int count,
                                         const std::function<std::vector<double>(const space::Params&)>& features);

/// Features of a network's size for reference_set: log parameters and log multiply-adds of the network with `outputs`
/// outputs; its place in the space where [model] lists no blocks.
std::vector<double> size_features(const space::Space& space, const space::Params& params, std::int64_t outputs);

/// The points of [search] points, in their order; empty if there are none.
std::vector<trial::Proposal> listed_points(const config::Config& config, const space::Space& space);

}  // namespace assay::search
