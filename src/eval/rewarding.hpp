// Puts derived objectives (study/reward.hpp) into what an evaluator reports and concludes.
#pragma once

#include <memory>

#include "config/config.hpp"
#include "study/planner.hpp"

namespace assay::eval {

/// The same evaluator where no objective is derived.
std::unique_ptr<study::Evaluator> with_reward(std::unique_ptr<study::Evaluator> evaluator,
                                              const config::Config& config);

}  // namespace assay::eval
