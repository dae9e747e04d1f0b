#include "study/claim_rules.hpp"

#include <algorithm>
#include <utility>

#include "base/error.hpp"

namespace assay::study {

NumberWindow::NumberWindow(std::int64_t crowd)
    : width_(std::max<std::int64_t>(2, crowd)), widest_(std::max<std::int64_t>(1024, 4 * crowd)) {}

std::int64_t NumberWindow::draw(base::Rng& rng) {
  const auto distance = static_cast<std::int64_t>(rng.below(width_));
  width_ = std::min(2 * width_, widest_);
  return distance;
}

base::Rng proposal_stream(const Definition& definition, trial::TrialId trial) {
  return {definition.seed, definition.stage, trial, "propose"};
}

trial::Proposal continuation(const trial::Trial* trial, const trial::ItemId& item) {
  base::require(trial != nullptr && trial->proposed && static_cast<int>(trial->rungs.size()) >= item.rung,
                "trial {} is continued at rung {} and has no parameters yet", item.trial, item.rung);
  auto what = trial->what_of(trial->rungs[static_cast<std::size_t>(item.rung) - 1]);
  what.at.reset();
  what.from = trial::ItemId{item.trial, item.rung - 1};
  return what;
}

trial::Work work_of(const Definition& definition, const trial::ItemId& item, trial::Proposal what,
                    const trial::Trial* trial, std::optional<trial::Fidelity> made) {
  trial::Work work{.item = item};
  work.at =
      what.at ? *what.at : fidelity_of(trial == nullptr ? trial::Trial{} : *trial, item.rung, definition.fidelities);
  work.seed = base::derive_seed(definition.seed, definition.stage, item.trial, "trial");
  work.what = std::move(what);
  work.made = made;
  return work;
}

}  // namespace assay::study
