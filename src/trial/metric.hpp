// What the name of a metric says of its values: shares are shown in per cent, and a share of rows has Wilson's
// interval.
#pragma once

#include <span>
#include <string>
#include <utility>

namespace assay::trial {

/// A whole word of the name, whatever stands between the words, says that it is a share: "accuracy", "val/acc",
/// "recall.mean", "top1"; not "macc". Commands may still report it in per cent, so that its values decide with it.
bool named_share(const std::string& metric);

/// Named so, and the value can be a share: it lies in [0, 1].
bool is_share(const std::string& metric, double value);

/// A share of the rows that it was measured on, each right or wrong: "accuracy", "val_acc", "top5". Others may be means
/// over something else: "balanced_accuracy", "precision".
bool is_share_of_rows(const std::string& metric, double value);

/// The least and the largest value that a metric can have, by its name and the values seen: shares ("accuracy", "f1",
/// "auc") lie in [0, 1], or in [0, 100] where a command reports them in per cent; errors, times and sizes are not
/// negative; "r2" is at most 1. Infinite where nothing is known.
std::pair<double, double> value_range(const std::string& metric, std::span<const double> values);

}  // namespace assay::trial
