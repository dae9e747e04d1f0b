// Requests to stop (`assay stop`): files that workers look for, until they are withdrawn.
#pragma once

#include <string>
#include <vector>

#include "run/run.hpp"

namespace assay::pipeline {

/// "`assay run RUN` or `assay submit RUN` goes on": what a stage that is asked to stop waits for.
std::string how_to_resume(const run::Run& run);
/// Withdraws every request to stop (`assay stop`); a line for people for each.
std::vector<std::string> withdraw_stop(const run::Run& run);

}  // namespace assay::pipeline
