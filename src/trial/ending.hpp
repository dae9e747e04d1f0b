// Ends of trials that need no evaluation of their own: known results, early stops.
#pragma once

#include <optional>

#include "trial/view.hpp"

namespace assay::trial {

/// Of an earlier trial that trained the same network at the same fidelity (`same_as_tag`).
std::optional<Outcome> known_result(const StudyView& view, const Work& work);

/// The outcome of a looked-up trial that was asked to stop at this report.
void stop_at(Outcome& outcome, const Report& report);

}  // namespace assay::trial
