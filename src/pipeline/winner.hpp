// full/winner/: what a run leaves of its winner.
#pragma once

#include "run/results.hpp"
#include "run/run.hpp"
#include "trial/view.hpp"

namespace assay::pipeline {

/// params.json and card.md; of a network that the built-in trainer made, network.json, weights.safetensors (of the
/// first seed, so that no seed is picked by its score) and network.py. The card names what is there and nothing else.
void publish_winner(const run::FullFigures& figures, const trial::StudyView& view, const run::Run& run,
                    std::int64_t rows);

}  // namespace assay::pipeline
