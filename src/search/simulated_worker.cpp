#include "search/simulated_worker.hpp"

namespace assay::search {

study::Work work_of(const study::Founding& founding, const std::vector<TrialPtr>& trials, const study::ItemId& item,
                    const study::Trial& trial, const std::optional<study::Proposal>& given) {
  study::Work work{.item = item, .what = trial.what};
  if (item.rung > 0) {
    work.what = trial.what_of(trial.rungs[static_cast<std::size_t>(item.rung) - 1]);
    work.what.at.reset();
    work.what.from = study::ItemId{item.trial, item.rung - 1};
    if (given) work.what = *given;
  }
  if (work.what.from) {
    const auto& from = trials[static_cast<std::size_t>(work.what.from->trial)];
    work.made = from->rungs[static_cast<std::size_t>(work.what.from->rung)].at;
  }
  work.seed = base::derive_seed(founding.seed, founding.stage, item.trial, "trial");
  work.at = work.what.at ? *work.what.at : fidelity_of(trial, item.rung, founding.fidelities);
  return work;
}

}  // namespace assay::search
