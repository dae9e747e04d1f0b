// The seam of early stopping: which running trial need not be trained to its end.
#pragma once

#include <optional>
#include <string>

#include "trial/trial.hpp"
#include "trial/view.hpp"

namespace assay::trial {

/// Early stopping inside trials: asked after a report of a running item. A function of the view, which holds that
/// report; may cache.
class EarlyStop {
 public:
  virtual ~EarlyStop() = default;
  /// Why the item should end now, in words; nothing: it goes on.
  virtual std::optional<std::string> check(const StudyView& view, const ItemId& item) = 0;
};

}  // namespace assay::trial
