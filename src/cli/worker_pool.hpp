// Several workers in one job, as processes of their own: what kills one does not touch the others, and each gets its
// share of the job's cores and GPUs.
#pragma once

#include "cli/stage.hpp"

namespace assay::cli {

/// Starts options.workers copies of this program with --workers 1 and waits for them; passes a wish to stop on, starts
/// again what a signal killed (a bounded number of times). The exit code of the stage if any worker ended it, else 75
/// if work is left, else the first error. Error(config) under an MPI launcher.
int run_worker_pool(int argc, char** argv, const run::Run& run, const StageOptions& options);

}  // namespace assay::cli
