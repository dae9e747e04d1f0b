// A data set in memory: u8 images or float tables, labels or targets. Plain vectors, no LibTorch.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "config/config.hpp"

namespace assay::data {

struct TableEncoding;

enum class Task { classification, regression };

/// Rows of equal shape. Exactly one of `bytes` (images, 0..255) and `values` (tables, already numeric) is filled.
struct Dataset {
  std::string name;
  Task task = Task::classification;
  std::vector<std::int64_t> shape;  ///< {channels, height, width} or {features}
  std::vector<std::uint8_t> bytes;
  std::vector<float> values;
  std::vector<std::int32_t> labels;  ///< classification: 0 .. classes - 1
  std::vector<float> targets;        ///< regression
  std::vector<std::string> class_names;
  std::vector<std::string> groups;                ///< per row; empty if no group column is named
  std::vector<std::string> feature_names;         ///< of tables
  std::string sha256;                             ///< of the files as they lie on disk, in order
  std::shared_ptr<const TableEncoding> encoding;  ///< of tables: how columns became numbers

  std::int64_t rows() const {
    return static_cast<std::int64_t>(task == Task::classification ? labels.size() : targets.size());
  }
  std::int64_t classes() const { return static_cast<std::int64_t>(class_names.size()); }
  std::int64_t row_size() const;
};

enum class Part { train, valid };

/// Reads what [data] names. Categories of tables are one-hot by the *training* file's values, so `train` must be given
/// when reading the validation part of a CSV. Errors: Error(data) naming the file, the row and the remedy.
Dataset read(const config::Config& config, Part part, const Dataset* train = nullptr);

/// External data ([data] external = true): only labels and groups come from the items file, ids are checked to differ;
/// shape is empty. Without a validation file its part is empty.
bool is_external(const config::Config& config);

}  // namespace assay::data
