// What searches are let loose on: a problem in closed form or a table of trainings, as space, objectives and answers.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "search/table.hpp"
#include "study/view.hpp"

namespace assay::bench {

struct World {
  config::Config config;  ///< space, objectives and [search]
  std::vector<study::Objective> objectives;
  test::Measure measure;
  /// What is missing to the best after each of these results, in the order of the trials: of the value, or of the
  /// hypervolume.
  std::function<std::vector<double>(const std::vector<study::Metrics>&)> regrets;
};

/// A name of problems.hpp; or nas-bench-macro ("macro": accuracy in points; "macro_flops": accuracy from 85 % on and
/// FLOPs, as a share of the table's hypervolume), which needs the data set. `search`: lines "key = value" of [search].
World world(const std::string& problem, const std::string& search);

}  // namespace assay::bench
