// What searches are let loose on: a problem in closed form or a table of trainings, as space, objectives and answers.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "space/space.hpp"
#include "trial/trial.hpp"

namespace assay::bench {

struct Benchmark {
  config::Config config;  ///< space, objectives and [search]
  std::vector<trial::Objective> objectives;
  int epochs = 1;  ///< of a full training; 1: there is nothing less
  /// Nothing: the training failed.
  std::function<std::optional<trial::Metrics>(const space::Params&, int epochs)> measure;
  /// What is missing to the best after each of these results of full trainings: of the value, or of the hypervolume.
  std::function<std::vector<double>(const std::vector<trial::Metrics>&)> regrets;
};

/// A name of problems.hpp, or of a table, which needs the data set:
///   macro        nas-bench-macro, accuracy in points
///   macro_flops  the same with FLOPs: share of the table's hypervolume, accuracies from 85 % on
///   nlp          nas-bench-nlp, WikiText-2: validation loss after up to 50 epochs; the cells are mere names
/// `search`: lines "key = value" of [search].
Benchmark benchmark(const std::string& problem, const std::string& search);

}  // namespace assay::bench
