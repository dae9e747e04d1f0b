// The finalists of a run: who is trained in full, and how they did.
#pragma once

#include <vector>

#include "config/config.hpp"
#include "run/results.hpp"
#include "run/run.hpp"
#include "space/space.hpp"
#include "trial/view.hpp"

namespace assay::pipeline {

struct Finalist {
  trial::TrialId trial = -1;  ///< number in the search; -1: the baseline, trained as a control
  space::Params params;
  double search_score = 0;  ///< first objective as the search measured it; 0 for the baseline
};

/// The [full] top_k finalists of the search, and the defaults unless [full] baseline = false or they are among the
/// best. Error(partial) if no trial keeps the limits and [full] infeasible = false, Error(upstream) if none has a
/// result.
std::vector<Finalist> choose_finalists(const trial::StudyView& search, const space::Space& space,
                                       const config::Config& config);

/// Every finalist with every seed; all finalists with the first seed come first, so that a stage cut short compares
/// all.
std::vector<trial::Proposal> trainings(const std::vector<Finalist>& finalists, int seeds);

/// Scores per seed on the untouched validation set (`rows` rows), best mean first. One seed: Wilson's interval; more: a
/// t interval over seeds, which does not contain the uncertainty of the validation set itself. The means over the seeds
/// are judged like a trial: what breaks a limit is shown and cannot win (winner = -2 if all do), unless [full]
/// infeasible = true. The finalist with the parameters `defaults` is the baseline.
run::FullFigures judge_finalists(const trial::StudyView& view, const std::vector<Finalist>& finalists,
                                 const run::Run& run, const space::Params& defaults, std::int64_t rows);

}  // namespace assay::pipeline
