#include "eval/evaluators.hpp"

#include "base/error.hpp"
#include "eval/command/command.hpp"
#include "eval/table/table.hpp"
#include "eval/trainer.hpp"

namespace assay::eval {

std::unique_ptr<trial::Evaluator> make_evaluator(const Context& context) {
  const auto& config = context.run.config();
  if (uses_table(config)) {
    if (context.rows == Rows::final) {
      config.node("trial.table")
          .fail("a table cannot train finalists again on other data; the search's best are the answer");
    }
    return make_table_evaluator(config, context.space, [&run = context.run] { return run.trial_timeout(); });
  }
  if (!config.texts("trial.command").empty()) return make_command_evaluator(context);
  return make_trainer(context);
}

}  // namespace assay::eval
