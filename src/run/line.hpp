// One line per stage, the same in `assay run`, `assay status` and at the end of a stage.
#pragma once

#include <string>

#include "run/run.hpp"

namespace assay::run {

/// "search    done     60 trials ...      41 s"; `seconds` < 0: no time at the end; no `word`: a stage at work.
std::string stage_line(Stage stage, const std::string& word, const std::string& text, double seconds = -1);

std::string to_string(Status::Kind kind);

}  // namespace assay::run
