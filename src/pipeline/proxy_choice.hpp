// From measured reference networks to a proxy: agreement with its uncertainty, against measured seconds.
#pragma once

#include <vector>

#include "config/config.hpp"
#include "run/results.hpp"
#include "run/run.hpp"
#include "trial/view.hpp"

namespace assay::pipeline {

/// [[proxy.candidate]] entries (keys left out: as in full training); without any: an eighth and a quarter of the
/// epochs, and a quarter of the epochs at half the width (not with a table, which knows epochs only).
std::vector<trial::Fidelity> proxy_candidates(const config::Config& config, const trial::Fidelity& full);

/// Spearman and Kendall with bootstrap intervals over the networks. A candidate passes if it costs less than full
/// training, the lower bound of its Spearman correlation reaches [proxy] agreement, and fewer than 5 % of random orders
/// would agree as well (so at least four networks); the cheapest one that passes is chosen.
run::ProxyFigures choose_proxy(const trial::StudyView& view, const run::Run& run, const trial::Fidelity& full,
                               const std::vector<trial::Fidelity>& candidates);

}  // namespace assay::pipeline
