// The learning curves of nas-bench-nlp-wt2, and early stopping replayed on them.
#pragma once

#include <string>
#include <vector>

namespace assay::test {

/// Validation loss by epoch; shorter than 50 where the training broke off. Empty where the data set is missing.
std::vector<std::vector<double>> language_curves();

struct EarlyStopFigures {
  std::vector<double> saved;     ///< share of the epochs, one per order
  std::vector<double> survived;  ///< 1 if the best cell of all was trained to its end
  std::vector<double> regret;    ///< best final loss among the finished, less that of all
};

/// All trainings in `orders` random orders, `workers` at a time, epoch by epoch in turn. `more`: lines for [search].
EarlyStopFigures replay_early_stop(const std::vector<std::vector<double>>& curves, const std::string& rule,
                                   const std::string& more, int workers, int orders);

}  // namespace assay::test
