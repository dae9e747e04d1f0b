// Loss and quality of a network on a part of the data.
#pragma once

#include <map>
#include <string>

#include "comm/world.hpp"
#include "nn/torch.hpp"
#include "train/model.hpp"
#include "train/resident.hpp"

namespace assay::train {

using Metrics = std::map<std::string, double>;

/// Classification: "accuracy" and "loss" (cross-entropy without smoothing). Regression: "rmse" in the user's units,
/// "r2", and "loss" (mean squared error of normalised targets). Exact over all rows, whatever the batches; the ranks of
/// the group share the rows and get the same answer. Leaves the module in training mode.
Metrics evaluate(const Model& model, const Resident& part, std::int64_t training_batch, bool bf16,
                 const comm::Group& group = {});

}  // namespace assay::train
