// What a study says to later stages, the same from a stage's worker and by hand. Without LibTorch.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "run/results.hpp"
#include "run/run.hpp"
#include "study/study.hpp"
#include "trial/view.hpp"

namespace assay::pipeline {

/// Sum over all measurements of a study; imported results cost nothing here.
double device_seconds(const trial::StudyView& view);

/// Of a search that ended; best = -1 if no trial is feasible and comparable. `partial`: too many of its trials failed.
run::SearchFigures search_figures(const trial::StudyView& view, const run::Run& run, const trial::Fidelity& fidelity,
                                  bool partial);

/// What the search said before and says now.
struct Rejudged {
  run::SearchFigures before, now;
};

/// Derives the figures of a finished search again if they were judged by other values: from its measurements, nothing
/// is measured. Nothing where there is nothing to do.
std::optional<Rejudged> judge_search_again(const run::Run& run);

/// 95 % interval of a metric measured on `rows` rows: Wilson's for shares of rows; for other metrics the bare value.
run::Interval metric_interval(const trial::Objective& objective, double value, std::int64_t rows);

/// A count that the built-in trainer reports and an external one may; 0 if it is not there.
std::int64_t size_metric(const trial::Measurement& measurement, const std::string& metric);

}  // namespace assay::pipeline
