// Commands that messages propose for a stage, each of a kind that works in the state the run is in.
#pragma once

#include <string>

#include "run/run.hpp"

namespace assay::run {

/// Makes the stage, or what is left of it: its executable where its inputs are done, else all stages in order.
std::string making_command(const Run& run, Stage stage);

/// Hands out the next trial of a search whose trials are asked for by hand, also where the run is not created yet.
std::string asking_command(const Run& run);

/// Measures what is left of the stage: asking_command or making_command.
std::string measuring_command(const Run& run, Stage stage);

/// Measures what failed in a closed study of this stage again.
std::string retry_command(const Run& run, Stage stage);

/// What to do about a stage that is partly done for failed trials.
std::string missing_text(const Run& run, Stage stage);

/// "with `assay set RUN key=value`", or in the configuration where the run is not created yet.
std::string setting_text(const Run& run, const std::string& key, const std::string& value);

}  // namespace assay::run
