#include "simulate/simulated_worker.hpp"

namespace assay::simulate {

trial::Work work_of(const study::Definition& definition, const std::vector<TrialPtr>& trials, const trial::ItemId& item,
                    const trial::Trial& trial, const std::optional<trial::Proposal>& given) {
  trial::Work work{.item = item, .what = trial.first};
  if (item.rung > 0) {
    work.what = trial.what_of(trial.rungs[static_cast<std::size_t>(item.rung) - 1]);
    work.what.at.reset();
    work.what.from = trial::ItemId{item.trial, item.rung - 1};
    if (given) work.what = *given;
  }
  if (work.what.from) {
    const auto& from = trials[static_cast<std::size_t>(work.what.from->trial)];
    work.made = from->rungs[static_cast<std::size_t>(work.what.from->rung)].at;
  }
  work.seed = base::derive_seed(definition.seed, definition.stage, item.trial, "trial");
  work.at = work.what.at ? *work.what.at : fidelity_of(trial, item.rung, definition.fidelities);
  return work;
}

}  // namespace assay::simulate
