// The seam of evaluators: who carries a proposal out, and whom it reports to.
#pragma once

#include <cstdint>

#include "trial/trial.hpp"

namespace assay::trial {

enum class Verdict { go_on, stop };

/// Given to an evaluator: intermediate results go out, "stop" comes back (early stopping, drop, the item was committed
/// by somebody else).
class Reporter {
 public:
  virtual ~Reporter() = default;
  virtual Verdict report(std::int64_t step, const Metrics& metrics) = 0;
};

/// Carries a proposal out. Expected failures (nan, oom, invalid, exit, timeout) come back as an Outcome; an exception
/// means infrastructure. Asks os::stop_signal() at step boundaries and then returns Outcome::again with a checkpoint.
class Evaluator {
 public:
  virtual ~Evaluator() = default;
  virtual Outcome run(const Work& work, Reporter& reporter) = 0;
};

}  // namespace assay::trial
