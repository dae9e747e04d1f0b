#include "search/points/forest.hpp"

#include <algorithm>
#include <numeric>

namespace assay::search {
namespace {

constexpr std::int64_t most_categories = 64;

using Rows = std::vector<std::vector<double>>;
using Places = std::vector<std::uint32_t>;

struct Sums {
  double weight = 0, sum = 0, squares = 0;

  void add(double value, double count) {
    weight += count;
    sum += count * value;
    squares += count * value * value;
  }
  /// A split is good where the sum of this over both sides is large: what is left of the variance is small.
  double gain() const { return sum * sum / weight; }
};

struct Split {
  double gain = 0;
  int feature = -1;
  double threshold = 0;
  std::uint64_t categories = 0;
};

/// One tree. The rows of a node are the same stretch of every list in `orders_`: one per feature, by its value, so that
/// nothing is sorted but once.
class Grower {
 public:
  Grower(const std::vector<Feature>& features, const Rows& rows, const std::vector<double>& values,
         const std::vector<Places>& sorted, const ForestSettings& settings, base::Rng& rng)
      : features_(features), rows_(rows), values_(values), settings_(settings), rng_(rng), counts_(rows.size(), 0.0) {
    for (std::size_t i = 0; i < rows.size(); ++i) ++counts_[draw(rows.size())];
    for (const auto& order : sorted) {
      orders_.emplace_back();
      for (const auto row : order) {
        if (counts_[row] > 0) orders_.back().push_back(row);
      }
    }
    goes_left_.resize(rows.size());
    choice_.resize(features.size());
    std::iota(choice_.begin(), choice_.end(), std::size_t{0});
  }

  Forest::Tree grow() {
    struct Open {
      std::uint32_t node;
      std::size_t begin, end;
    };
    Forest::Tree tree(1);
    std::vector<Open> open{{0, 0, orders_.front().size()}};
    while (!open.empty()) {
      const auto [node, begin, end] = open.back();
      open.pop_back();
      const auto sums = sums_of(begin, end);
      tree[node].mean = sums.sum / sums.weight;
      tree[node].variance = std::max(0.0, sums.squares / sums.weight - tree[node].mean * tree[node].mean);
      const auto split = sums.weight < settings_.least_split ? Split{} : best_split(begin, end, sums);
      if (split.feature < 0) continue;
      const auto middle = partition(begin, end, split);
      const auto left = static_cast<std::uint32_t>(tree.size());
      tree[node].feature = split.feature;
      tree[node].threshold = split.threshold;
      tree[node].categories = split.categories;
      tree[node].left = left;
      tree.resize(tree.size() + 2);
      open.push_back({left, begin, middle});
      open.push_back({left + 1, middle, end});
    }
    return tree;
  }

 private:
  std::size_t draw(std::size_t count) { return static_cast<std::size_t>(rng_.below(static_cast<std::int64_t>(count))); }

  Sums sums_of(std::size_t begin, std::size_t end) const {
    Sums sums;
    for (auto i = begin; i < end; ++i) {
      const auto row = orders_.front()[i];
      sums.add(values_[row], counts_[row]);
    }
    return sums;
  }

  /// The best of some features; of the others, one by one, where those do not tell the rows apart.
  Split best_split(std::size_t begin, std::size_t end, const Sums& sums) {
    Split best{.gain = sums.gain() * (1 + 1e-12) + 1e-300};
    const auto enough = static_cast<std::size_t>(settings_.feature_share * static_cast<double>(choice_.size()) + 0.5);
    for (std::size_t i = 0; i < choice_.size(); ++i) {
      if (i >= std::max<std::size_t>(enough, 1) && best.feature >= 0) break;
      std::swap(choice_[i], choice_[i + draw(choice_.size() - i)]);
      if (features_[choice_[i]].categories > 0) {
        try_categories(choice_[i], begin, end, sums, best);
      } else {
        try_numbers(choice_[i], begin, end, sums, best);
      }
    }
    return best;
  }

  void try_numbers(std::size_t feature, std::size_t begin, std::size_t end, const Sums& all, Split& best) {
    const auto& order = orders_[feature];
    Sums left;
    for (auto i = begin; i + 1 < end; ++i) {
      left.add(values_[order[i]], counts_[order[i]]);
      const double here = rows_[order[i]][feature], next = rows_[order[i + 1]][feature];
      if (here == next) continue;
      const Sums right{all.weight - left.weight, all.sum - left.sum, 0};
      const double gain = left.gain() + right.gain();
      if (gain <= best.gain) continue;
      // Anywhere between the two: what lies there is uncertain.
      const double cut = here + (next - here) * rng_.uniform();
      best = {gain, static_cast<int>(feature), cut < next ? cut : here, 0};  // of neighbouring doubles it may round up
    }
  }

  /// Categories in the order of their means: one of the cuts in that order is the best of all (Breiman et al., CART,
  /// 1984, theorem 4.5). Those that the node does not have go either way.
  void try_categories(std::size_t feature, std::size_t begin, std::size_t end, const Sums& all, Split& best) {
    std::vector<Sums> sums(static_cast<std::size_t>(features_[feature].categories));
    for (auto i = begin; i < end; ++i) {
      const auto row = orders_.front()[i];
      sums[static_cast<std::size_t>(rows_[row][feature])].add(values_[row], counts_[row]);
    }
    std::vector<std::size_t> order;
    std::uint64_t absent = 0;
    for (std::size_t i = 0; i < sums.size(); ++i) {
      if (sums[i].weight > 0) {
        order.push_back(i);
      } else {
        absent |= std::uint64_t{1} << i;
      }
    }
    std::sort(order.begin(), order.end(), [&](auto a, auto b) {
      const double x = sums[a].sum / sums[a].weight, y = sums[b].sum / sums[b].weight;
      return x != y ? x < y : a < b;
    });
    const auto either_way = absent == 0 ? 0 : absent & rng_();
    Sums left;
    std::uint64_t categories = 0;
    for (std::size_t i = 0; i + 1 < order.size(); ++i) {
      left.weight += sums[order[i]].weight;
      left.sum += sums[order[i]].sum;
      categories |= std::uint64_t{1} << order[i];
      const Sums right{all.weight - left.weight, all.sum - left.sum, 0};
      const double gain = left.gain() + right.gain();
      if (gain > best.gain) best = {gain, static_cast<int>(feature), 0, categories | either_way};
    }
  }

  std::size_t partition(std::size_t begin, std::size_t end, const Split& split) {
    const auto feature = static_cast<std::size_t>(split.feature);
    const bool category = features_[feature].categories > 0;
    for (auto i = begin; i < end; ++i) {
      const auto row = orders_.front()[i];
      const double value = rows_[row][feature];
      goes_left_[row] =
          category ? split.categories >> static_cast<unsigned>(value) & 1 : static_cast<int>(value <= split.threshold);
    }
    std::size_t middle = begin;
    for (auto& order : orders_) {
      right_.clear();
      middle = begin;
      for (auto i = begin; i < end; ++i) {
        const auto row = order[i];
        if (goes_left_[row]) {
          order[middle++] = row;
        } else {
          right_.push_back(row);
        }
      }
      std::copy(right_.begin(), right_.end(), order.begin() + static_cast<std::ptrdiff_t>(middle));
    }
    return middle;
  }

  const std::vector<Feature>& features_;
  const Rows& rows_;
  const std::vector<double>& values_;
  const ForestSettings& settings_;
  base::Rng& rng_;
  std::vector<double> counts_;  ///< how often each row was drawn
  std::vector<Places> orders_;
  std::vector<char> goes_left_;
  std::vector<std::size_t> choice_;
  Places right_;
};

/// The places of the rows by each feature; as they come where there is no feature.
std::vector<Places> sorted_by_feature(std::size_t features, const Rows& rows) {
  Places places(rows.size());
  std::iota(places.begin(), places.end(), std::uint32_t{0});
  std::vector<Places> sorted(std::max<std::size_t>(features, 1), places);
  for (std::size_t f = 0; f < features; ++f) {
    std::sort(sorted[f].begin(), sorted[f].end(),
              [&](auto a, auto b) { return rows[a][f] != rows[b][f] ? rows[a][f] < rows[b][f] : a < b; });
  }
  return sorted;
}

const Forest::Node& leaf_of(const Forest::Tree& tree, const std::vector<Feature>& features,
                            std::span<const double> row) {
  const auto* node = tree.data();
  while (node->feature >= 0) {
    const auto feature = static_cast<std::size_t>(node->feature);
    const double value = row[feature];
    const bool left = features[feature].categories > 0 ? (node->categories >> static_cast<unsigned>(value) & 1) != 0
                                                       : value <= node->threshold;
    node = &tree[node->left + (left ? 0 : 1)];
  }
  return *node;
}

}  // namespace

Forest::Forest(std::vector<Feature> features, const Rows& rows, const std::vector<double>& values,
               const ForestSettings& settings, base::Rng& rng)
    : features_(std::move(features)) {
  for (auto& feature : features_) {
    if (feature.categories > most_categories) feature.categories = 0;
  }
  const auto sorted = sorted_by_feature(features_.size(), rows);
  for (int i = 0; i < settings.trees; ++i)
    trees_.push_back(Grower(features_, rows, values, sorted, settings, rng).grow());
}

Prediction Forest::predict(std::span<const double> row) const {
  double mean = 0, square = 0, within = 0;
  for (const auto& tree : trees_) {
    const auto& leaf = leaf_of(tree, features_, row);
    mean += leaf.mean;
    square += leaf.mean * leaf.mean;
    within += leaf.variance;
  }
  const auto count = static_cast<double>(trees_.size());
  mean /= count;
  return {mean, within / count + std::max(0.0, square / count - mean * mean)};
}

}  // namespace assay::search
