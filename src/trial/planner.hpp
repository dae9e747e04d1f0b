// The seam of search algorithms (samplers in other tools): what to measure next (DESIGN 4 "Contracts").
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "base/random.hpp"
#include "trial/trial.hpp"
#include "trial/view.hpp"

namespace assay::trial {

struct New {};  ///< claim the next free number, then propose
struct Continue {
  ItemId item;
  /// Other parameters or another trial's checkpoint (population-based training); nothing: what the rung below measured,
  /// from its checkpoint, at the next fidelity.
  std::optional<Proposal> what = std::nullopt;
};  ///< claim this item (a higher rung of a known trial)
struct Wait {
  std::string reason;
};  ///< nothing now; look again soon
struct Finished {
  std::string reason;
};
using Decision = std::variant<New, Continue, Wait, Finished>;

/// A pure function of (study so far, own random stream). May cache; must be able to derive everything from the view.
class Planner {
 public:
  virtual ~Planner() = default;
  virtual Decision next(const StudyView& view) = 0;
  /// Nothing to propose for this number: it is committed void.
  virtual std::optional<Proposal> propose(const StudyView& view, TrialId trial, base::Rng& rng) = 0;
  /// What to measure now in an item above rung 0 that is claimed in the view, by a worker that died before it told:
  /// as Continue::what.
  virtual std::optional<Proposal> further(const StudyView& /*view*/, const ItemId& /*item*/) { return std::nullopt; }
  /// Name and settings, founded into study.json.
  virtual base::Json describe() const = 0;
};

}  // namespace assay::trial
