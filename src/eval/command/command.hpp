// Trials carried out by an external command, in any language (DESIGN 4 "External commands"; configs/examples/README.md
// tells it to users). No LibTorch here.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "eval/evaluators.hpp"
#include "run/program.hpp"
#include "trial/evaluator.hpp"

namespace assay::eval {

/// What the command evaluator needs to know of a run.
struct CommandSettings {
  std::vector<std::string> command;
  std::string launcher;  ///< words put before the command; {nodes} and {gpus} are filled in
  std::string stage;     ///< ASSAY_STAGE
  /// Seconds that a trial may take, asked when it begins; 0: no limit.
  std::function<double()> timeout = [] { return 0; };
  int gpus = 0;                        ///< of one trial
  std::optional<std::string> devices;  ///< CUDA_VISIBLE_DEVICES of this worker; nothing: as inherited
  int threads = 0;                     ///< OMP_NUM_THREADS; 0: as inherited
  bool keep_output = true;
  bool keep_alive = false;            ///< one process for many trials: see KeptCommand
  std::vector<std::string> required;  ///< metrics that the final line must hold: the objectives that are not derived
  /// {"model": {..}, "training": {..}, "augment": {..}} at a point of the space.
  std::function<base::Json(const space::Params&)> values;
  /// {"train": {"items": [..], "rows": path}, "valid": {..}} for a piece of work.
  std::function<base::Json(const trial::Work&)> rows;
  std::optional<run::ProgramFiles> program;  ///< the command's files, whose contents every result records
  double stop_grace = 30;                    ///< seconds between ASSAY_STOP and SIGTERM
  double look_seconds =
      10;                  ///< between two looks whether the trial was dropped; a command may report nothing for hours
  double term_grace = 10;  ///< seconds between SIGTERM and SIGKILL
};

std::unique_ptr<trial::Evaluator> make_command_evaluator(CommandSettings settings);

/// From [trial], [data] and the split of the run. Error(config) where the command cannot be found, or there are fewer
/// GPUs than a trial wants.
std::unique_ptr<trial::Evaluator> make_command_evaluator(const Context& context);

}  // namespace assay::eval
