#include "eval/evaluators.hpp"

#include "eval/command.hpp"
#include "eval/trainer.hpp"

namespace assay::eval {

std::unique_ptr<study::Evaluator> make_evaluator(const Context& context) {
  if (!context.run.config().texts("trial.command").empty()) return make_command_evaluator(context);
  return make_trainer(context);
}

}  // namespace assay::eval
