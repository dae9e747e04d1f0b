#include "train/batches.hpp"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/random.hpp"
#include "train/augment.hpp"

namespace assay::train {

Batches::Batches(const Resident& resident, torch::Tensor positions, const Settings& settings, std::uint64_t seed)
    : resident_(resident), positions_(std::move(positions)), settings_(settings), seed_(seed) {
  rows_ = positions_.defined() ? positions_.numel() : resident.rows();
  if (rows_ == 0) base::fail(base::Exit::data, "There are no rows to train on.");
  steps_ = (rows_ + settings.batch_size - 1) / settings.batch_size;
  augments_ = settings.augments() && resident.inputs.dim() == 4;
}

void Batches::start_epoch(std::int64_t epoch) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(rows_));
  if (positions_.defined()) {
    const auto* position = positions_.data_ptr<std::int64_t>();
    std::copy(position, position + rows_, order.begin());
  } else {
    std::iota(order.begin(), order.end(), 0);
  }
  base::Rng(seed_, "train", epoch, "order").shuffle(order);
  const auto device = resident_.inputs.device();
  order_ = torch::from_blob(order.data(), {rows_}, torch::kInt64).clone().to(device);
  if (augments_) {
    draws_ = draw_augmentation(rows_, resident_.inputs.size(2), resident_.inputs.size(3), settings_, seed_, epoch)
                 .to(device);
  }
}

Batch Batches::take(std::int64_t step, int rank, int ranks) const {
  const auto begin = rows_ * step / steps_, end = rows_ * (step + 1) / steps_, size = end - begin;
  const auto first = begin + size * rank / ranks, last = begin + size * (rank + 1) / ranks;
  const auto chosen = order_.narrow(0, first, last - first);
  Batch batch{.targets = resident_.targets.index_select(0, chosen), .global_rows = size};
  batch.inputs = resident_.normalised(resident_.inputs.index_select(0, chosen));
  if (augments_) batch.inputs = augmented(batch.inputs, draws_.narrow(0, first, last - first), settings_);
  return batch;
}

}  // namespace assay::train
