// The data of a run as trainings need them: read once per process, kept on the device for every input shape asked for.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "arch/network.hpp"
#include "base/json_fwd.hpp"
#include "data/dataset.hpp"
#include "nn/torch.hpp"
#include "run/run.hpp"
#include "train/resident.hpp"

namespace assay::train {

/// `search`: 90 % / 10 % of the training set; `final`: all of it / the untouched validation set.
enum class Rows { search, final };

class TrainingData {
 public:
  /// Reads the data set and the split. Error(data) if they do not belong together.
  TrainingData(const run::Run& run, Rows rows, torch::Device device);

  const data::Dataset& train_set() const { return train_set_; }
  data::Task task() const { return train_set_.task; }
  /// Classes, or 1 for a regression.
  std::int64_t outputs() const;
  const Normaliser& normaliser() const { return normaliser_; }
  torch::Device device() const { return device_; }

  /// Error(config) unless a model of this "input" takes rows of this data set.
  void check_input(const base::Json& model) const;

  struct Parts {
    Resident train, valid;
  };
  /// For a network's input shape (smaller ones at lower resolutions).
  const Parts& parts(const arch::Shape& input);
  /// Rows of parts().train that a share of the data consists of, int64 on the CPU; undefined for the whole.
  torch::Tensor positions(double share);

 private:
  std::uint64_t float_limit() const;

  torch::Device device_;
  std::uint64_t seed_;
  data::Dataset train_set_, valid_set_;  ///< valid_set_ only with Rows::final
  std::vector<std::int64_t> train_rows_, valid_rows_;
  Normaliser normaliser_;
  bool final_;
  std::map<arch::Shape, Parts> parts_;
  std::map<double, torch::Tensor> positions_;
};

}  // namespace assay::train
