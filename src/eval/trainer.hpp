// Trials carried out by the built-in trainer.
#pragma once

#include <memory>

#include "eval/evaluators.hpp"

namespace assay::eval {

std::unique_ptr<trial::Evaluator> make_trainer(const Context& context);

}  // namespace assay::eval
