// What a study says to later stages, the same from a stage's worker and by hand. Without LibTorch.
#pragma once

#include "run/results.hpp"
#include "run/run.hpp"
#include "study/view.hpp"

namespace assay::apps {

/// Sum over all measurements of a study; imported results cost nothing here.
double device_seconds(const study::StudyView& view);

/// Of a search that ended; best = -1 if no trial is feasible and comparable. `partial`: too many of its trials failed.
run::SearchFigures search_figures(const study::StudyView& view, const study::Fidelity& fidelity, bool partial);

}  // namespace assay::apps
