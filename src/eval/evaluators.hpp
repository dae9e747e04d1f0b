// The evaluator of a stage: built-in trainer, external command or lookup table, as the configuration says.
#pragma once

#include <memory>

#include "comm/world.hpp"
#include "run/run.hpp"
#include "space/space.hpp"
#include "trial/evaluator.hpp"

namespace assay::eval {

/// Which rows a trial trains on and is scored on: `search` = 90 % / 10 % of the training set, `final` = 100 % / the
/// untouched validation set (full-train-topk alone).
enum class Rows { search, final };

struct Context {
  const run::Run& run;
  run::Stage stage;  ///< [<stage>.training] overlays [training]
  std::shared_ptr<const space::Space> space;
  comm::Group group;            ///< ranks that share one trial
  std::string device = "auto";  ///< auto | cpu | cuda
  int threads = 0;              ///< 0: usable cores
  Rows rows = Rows::search;
  bool keep_weights = false;     ///< leave weights.safetensors and network.json in the trial's folder
  bool keep_checkpoint = false;  ///< leave a checkpoint at the end: a higher rung may go on from it
};

/// Every trainer reports per epoch: the validation metrics ("accuracy", "loss"; regression "rmse", "r2"); its outcome
/// adds "parameters" and "multiply_adds" (of the full network, also where a proxy trains a narrower one),
/// "train_seconds", and "latency_ms" (full network, batch 1) if an objective or a constraint names it.
std::unique_ptr<trial::Evaluator> make_evaluator(const Context& context);

}  // namespace assay::eval
