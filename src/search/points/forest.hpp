// A random forest for regression (Breiman, "Random forests", Machine Learning 45, 2001), as SMAC uses it: also its
// trees' disagreement counts (Hutter, Xu, Hoos, Leyton-Brown, "Algorithm runtime prediction", Artificial Intelligence
// 206, 2014, section 4.3).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/random.hpp"

namespace assay::search {

/// What one column of the rows means: a number (0), or a category below `categories` (64 at most; columns with more are
/// split as numbers).
struct Feature {
  std::int64_t categories = 0;
};

struct ForestSettings {
  int trees = 10;
  double feature_share = 5.0 / 6;  ///< of the features, that a split may choose from
  double least_split = 3;          ///< rows in a node that is split
};

struct Prediction {
  double mean = 0, variance = 0;
};

class Forest {
 public:
  Forest() = default;
  /// Each tree learns from as many rows as there are, drawn with repetition; of `rows` there is at least one.
  Forest(std::vector<Feature> features, const std::vector<std::vector<double>>& rows, const std::vector<double>& values,
         const ForestSettings& settings, base::Rng& rng);

  /// Mean over the trees; variance within their leaves and between them.
  Prediction predict(std::span<const double> row) const;

  struct Node {
    int feature = -1;              ///< -1: a leaf
    std::uint32_t left = 0;        ///< the right one stands behind it
    double threshold = 0;          ///< numbers up to it go left
    std::uint64_t categories = 0;  ///< these go left
    double mean = 0, variance = 0;
  };
  using Tree = std::vector<Node>;

 private:
  std::vector<Feature> features_;
  std::vector<Tree> trees_;
};

}  // namespace assay::search
