// A small invented run, as the stages would leave it: sixty trials, three finalists, three proxies.
#pragma once

#include <cstdint>
#include <vector>

#include "report/run_data.hpp"
#include "trial/view.hpp"

namespace assay::tests {

extern const std::vector<trial::Objective> sample_objectives;

/// Wider networks are better and larger; every twentieth trial fails; the last value of the width is the best.
trial::Trial sample_trial(trial::TrialId id);
trial::StudyView sample_search(std::int64_t count = 60);
run::SplitFigures sample_split();
run::BaselineFigures sample_baseline();
run::ProxyFigures sample_proxy();
run::SearchFigures sample_search_figures(const trial::StudyView& view);
run::FullFigures sample_full(const trial::StudyView& view);

/// The sample's objectives with limits: at most 30,000 parameters (hard), a loss of at most 0.05 (soft).
trial::Judge sample_limits();
/// All six stages.
report::RunData sample();
/// All six stages with sample_limits(): the winner keeps them, the baseline and the other finalists break one.
report::RunData sample_limited();
/// A finished rung of a trial; it reported at these steps.
trial::Measurement sample_rung(trial::TrialId trial, int number, int epochs, double accuracy,
                               const std::vector<std::int64_t>& steps);
/// A search without the stage full: trials 0 to 5 at 2 epochs, of them 2 and 4 at 8 epochs as well, with parameters of
/// their own there; the low fidelity scores higher.
report::RunData sample_rungs();
/// A run of which nothing is there yet but its settings.
report::RunData nothing();

}  // namespace assay::tests
