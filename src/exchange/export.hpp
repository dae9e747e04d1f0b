// All trials of a study as one table, for other tools and for `assay import`.
#pragma once

#include <string>

#include "trial/view.hpp"

namespace assay::exchange {

/// One row per trial, as it is shown (trial/standing), its seconds those of all its rungs.
std::string csv_table(const trial::StudyView& view);
/// A list with everything of every trial: all rungs, all reports. One trial per line: readable, and as small as it can
/// be.
std::string json_table(const trial::StudyView& view);

}  // namespace assay::exchange
