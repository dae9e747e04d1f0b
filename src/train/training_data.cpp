#include "train/training_data.hpp"

#include <algorithm>
#include <functional>
#include <numeric>

#include "base/error.hpp"
#include "base/json.hpp"
#include "data/split.hpp"

namespace assay::train {
namespace {

std::vector<std::int64_t> all_rows(const data::Dataset& dataset) {
  std::vector<std::int64_t> rows(static_cast<std::size_t>(dataset.rows()));
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

}  // namespace

TrainingData::TrainingData(const run::Run& run, Rows rows, torch::Device device)
    : device_(device), seed_(run.seed()), final_(rows == Rows::final) {
  train_set_ = data::read(run.config(), data::Part::train);
  const auto split = run.folder(run::Stage::split);
  train_rows_ = data::read_indices(split / "train.idx", train_set_.sha256);
  // Also the final trainings see inputs as the search saw them.
  normaliser_ = measure(train_set_, train_rows_);
  if (final_) {
    valid_set_ = data::read(run.config(), data::Part::valid, &train_set_);
    train_rows_ = all_rows(train_set_);
    valid_rows_ = all_rows(valid_set_);
  } else {
    valid_rows_ = data::read_indices(split / "valid.idx", train_set_.sha256);
  }
}

std::int64_t TrainingData::outputs() const { return task() == data::Task::classification ? train_set_.classes() : 1; }

void TrainingData::check_input(const base::Json& model) const {
  const auto input = model.at("input").get<std::vector<std::int64_t>>();
  const auto size = base::element_count(input);
  const bool flat = input.size() == 1 && size == train_set_.row_size();
  if (input == train_set_.shape || flat) return;
  base::fail(base::Exit::config, "[model] input is {}, but the rows of {} have shape {}: write input = {}.",
             base::Json(input).dump(), train_set_.name, base::Json(train_set_.shape).dump(),
             base::Json(train_set_.shape).dump());
}

/// Floats save a conversion per batch, bytes save memory.
std::uint64_t TrainingData::float_limit() const {
  constexpr std::uint64_t mib = 1 << 20;
  return (device_.is_cuda() ? 4096 : 384) * mib;
}

const TrainingData::Parts& TrainingData::parts(const arch::Shape& input) {
  auto found = parts_.find(input);
  if (found == parts_.end()) {
    Parts parts{
        make_resident(train_set_, train_rows_, normaliser_, input, device_, float_limit()),
        make_resident(final_ ? valid_set_ : train_set_, valid_rows_, normaliser_, input, device_, float_limit())};
    found = parts_.emplace(input, std::move(parts)).first;
  }
  return found->second;
}

torch::Tensor TrainingData::positions(double share) {
  if (share >= 1) return {};
  auto found = positions_.find(share);
  if (found == positions_.end()) {
    auto positions = data::subset(train_set_, train_rows_, share, seed_);
    for (auto& row : positions) {
      row = std::lower_bound(train_rows_.begin(), train_rows_.end(), row) - train_rows_.begin();
    }
    found = positions_.emplace(share, torch::tensor(positions, torch::kInt64)).first;
  }
  return found->second;
}

}  // namespace assay::train
