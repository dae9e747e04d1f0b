// The seams of a study: who plans, who stops, who evaluates (DESIGN 4 "Contracts").
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "base/random.hpp"
#include "study/trial.hpp"
#include "study/view.hpp"

namespace assay::study {

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

/// Early stopping inside trials: asked after a report of a running item. A function of the view, which holds that
/// report; may cache.
class EarlyStop {
 public:
  virtual ~EarlyStop() = default;
  /// Why the item should end now, in words; nothing: it goes on.
  virtual std::optional<std::string> check(const StudyView& view, const ItemId& item) = 0;
};

enum class Verdict { go_on, stop };

/// Given to an evaluator: intermediate results go out, "stop" comes back (early stopping, drop, the item was committed
/// by somebody else).
class Reporter {
 public:
  virtual ~Reporter() = default;
  virtual Verdict report(std::int64_t step, const Metrics& metrics) = 0;
};

/// Carries a proposal out. Expected failures (nan, oom, invalid, exit, timeout) come back as an Outcome; an exception
/// means infrastructure. Asks os::stop_signal() at step boundaries and then returns Outcome::again with a checkpoint.
class Evaluator {
 public:
  virtual ~Evaluator() = default;
  virtual Outcome run(const Work& work, Reporter& reporter) = 0;
};

}  // namespace assay::study
