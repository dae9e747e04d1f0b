// The six stages on this machine: one after the other, each with its workers as child processes. Restarts what crashes,
// passes a wish to stop on, shows what goes on.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "run/run.hpp"

namespace assay::launch {

struct LocalOptions {
  std::filesystem::path bin;  ///< folder of the stage executables
  std::string device = "auto";
  int threads = 0;        ///< of all workers together; 0: the cores of this machine
  bool terminal = false;  ///< redraw lines instead of printing new ones
  bool quiet = false;     ///< print warnings only: restarts, stages that failed or are partial
  int most_restarts = 3;  ///< crashed workers per stage
  double tick = 0.1;      ///< seconds between looks at the workers
};

/// done; partial if some stage was; again after a wish to stop; else the code of the stage that failed, whose sentence
/// has been printed.
base::Exit run_locally(run::Run& run, const LocalOptions& options);

}  // namespace assay::launch
