// One reader per format; dataset.cpp chooses. Each returns one part, checked in itself.
#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"
#include "data/dataset.hpp"

namespace assay::data {

/// What a reader needs to know. `train` is set when the validation part is read.
struct Request {
  const config::Config& config;
  Part part = Part::train;
  const Dataset* train = nullptr;

  std::string key(const char* suffix = "") const {
    return std::string(part == Part::train ? "data.train" : "data.valid") + suffix;
  }
  std::vector<std::string> files() const { return config.texts(key()); }
};

Dataset read_idx(const Request& request);
Dataset read_cifar(const Request& request);
Dataset read_csv(const Request& request);
Dataset read_images(const Request& request);
Dataset read_external(const Request& request);

/// [data] shape, or empty.
std::vector<std::int64_t> wanted_shape(const config::Config& config);
/// The hash of several files, in order: that of one file is its own.
std::string combined_hash(const std::vector<std::string>& hashes);
/// Class names "0" .. "max" for formats that hold only numbers.
void name_classes_by_number(Dataset& dataset, const Dataset* train);

}  // namespace assay::data
