// What the name of a metric says of its values: shares are shown in per cent, and a share of rows has Wilson's
// interval.
#pragma once

#include <string>

namespace assay::run {

/// A whole word of the name, whatever stands between the words, says that it is a share: "accuracy", "val/acc",
/// "recall.mean", "top1"; not "macc". Commands may still report it in per cent, so that its values decide with it.
bool named_share(const std::string& metric);

/// Named so, and the value can be a share: it lies in [0, 1].
bool is_share(const std::string& metric, double value);

/// A share of the rows that it was measured on, each right or wrong: "accuracy", "val_acc", "top5". Others may be means
/// over something else: "balanced_accuracy", "precision".
bool is_share_of_rows(const std::string& metric, double value);

}  // namespace assay::run
