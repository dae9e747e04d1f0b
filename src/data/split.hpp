// The search split: seeded, stratified, groups kept together; stored as index files, never as copies.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/json_fwd.hpp"
#include "data/dataset.hpp"

namespace assay::data {

struct Split {
  std::vector<std::int64_t> train, valid;  ///< row numbers of the training file, sorted, disjoint, together all rows
};

/// `share` goes to valid: per class by largest remainder, at least one row of each class with two or more rows;
/// regression by 10 quantile bins; groups whole, each to the side that needs its classes (random order). Error(data)
/// where nothing can be held back.
Split make_split(const Dataset& dataset, double share, std::uint64_t seed);

/// Error(defect) unless the parts are disjoint, sorted and cover 0 .. rows-1.
void check_split(const Split& split, std::int64_t rows);

/// A subset of `rows`, stratified as the split is, for data fidelities below 1. Nested: a smaller share of the same
/// seed is contained in a larger one.
std::vector<std::int64_t> subset(const Dataset& dataset, const std::vector<std::int64_t>& rows, double share,
                                 std::uint64_t seed);

struct SplitReport {
  std::int64_t train = 0, valid = 0, untouched = 0;
  std::vector<std::int64_t> train_histogram, valid_histogram, untouched_histogram;
  double chi2 = 0, p_value = 1;  ///< valid against the real validation set's class shares
  std::string verdict;           ///< "classes match" or what differs
  std::vector<std::string> warnings;
};
/// `real_valid` may be null (then the chi-square row is left out).
SplitReport describe_split(const Dataset& train, const Split& split, const Dataset* real_valid);
base::Json to_json(const SplitReport& report);

/// split/train.idx and valid.idx: one number per line, with a header line naming the data's hash.
void write_indices(const std::filesystem::path& file, const std::vector<std::int64_t>& rows,
                   const std::string& data_hash);
/// Error(data) if the file is torn or belongs to other data.
std::vector<std::int64_t> read_indices(const std::filesystem::path& file, const std::string& data_hash);

}  // namespace assay::data
