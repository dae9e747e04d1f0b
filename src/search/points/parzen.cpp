#include "search/points/parzen.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

namespace assay::search {
namespace {

constexpr double half_log_two_pi = 0.91893853320467274178;
/// Kernels are looked at in pieces that stay in the cache.
constexpr std::size_t piece = 256;
/// Terms this far below the largest one change no digit.
constexpr double negligible = 40;

double tail_mass(double z) { return 0.5 * std::erfc(z / std::numbers::sqrt2); }

/// Sum of exponentials, kept below overflow.
struct LogSum {
  double largest = -std::numeric_limits<double>::infinity(), sum = 0;

  void add(const double* terms, std::size_t count) {
    const double top = *std::max_element(terms, terms + count);
    if (top > largest) {
      sum *= std::exp(largest - top);
      largest = top;
    }
    for (std::size_t i = 0; i < count; ++i) {
      const double term = terms[i] - largest;
      if (term > -negligible) sum += std::exp(term);
    }
  }
  double value() const { return largest + std::log(sum); }
};

/// Members by value, ties by number. Few are sorted, many are picked from the column, which is sorted already.
std::vector<std::size_t> order_of(const Column& column, const std::vector<trial::TrialId>& members) {
  std::vector<std::size_t> order;
  order.reserve(members.size());
  if (members.size() * 8 < column.order.size()) {
    order.resize(members.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto value = [&](std::size_t i) { return column.values[static_cast<std::size_t>(members[i])]; };
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return value(a) < value(b); });
    return order;
  }
  constexpr auto none = std::numeric_limits<std::uint32_t>::max();
  std::vector<std::uint32_t> place(column.values.size(), none);
  for (std::size_t i = 0; i < members.size(); ++i)
    place[static_cast<std::size_t>(members[i])] = static_cast<std::uint32_t>(i);
  for (const auto id : column.order) {
    const auto found = place[static_cast<std::size_t>(id)];
    if (found != none) order.push_back(found);
  }
  return order;
}

}  // namespace

std::vector<double> age_weights(std::size_t count) {
  constexpr std::size_t young = 25;
  std::vector<double> weights(count, 1);
  if (count <= young) return weights;
  const std::size_t old = count - young;
  const double first = 1 / static_cast<double>(count);
  for (std::size_t i = 0; i < old; ++i)
    weights[i] = old == 1 ? first : std::lerp(first, 1.0, static_cast<double>(i) / static_cast<double>(old - 1));
  return weights;
}

double log_normal_mass(double a, double b) {
  if (a > 0) {
    const double c = a;
    a = -b;
    b = -c;
  }
  // a <= 0 now: either the middle is inside, or all lies in the left tail.
  if (b <= 0) return std::log(std::max(tail_mass(-b) - tail_mass(-a), 1e-300));
  return std::log1p(-tail_mass(-a) - tail_mass(b));
}

Parzen::Parzen(const Columns& columns, const Block& block, const std::vector<trial::TrialId>& members,
               const std::vector<double>& weights, const KernelSettings& settings, KernelMemory& memory) {
  memory.entries.resize(columns.axes().size());
  const double prior = members.empty() ? 1 : settings.prior_weight;
  const double total = std::accumulate(weights.begin(), weights.end(), prior);
  double sum = 0;
  for (std::size_t i = 0; i <= members.size(); ++i) {
    const double weight = i < members.size() ? weights[i] : prior;
    cumulated_.push_back(sum += weight);
    log_weight_.push_back(std::log(weight / total));
  }
  for (const auto axis : block.axes) {
    const auto& column = columns.at(axis);
    if (columns.axes()[axis].kind == Axis::Kind::category) {
      axes_.push_back(category_kernels(column, columns.axes()[axis], members, settings.prior_weight));
      continue;
    }
    auto& kernels = axes_.emplace_back();
    kernels.axis = &columns.axes()[axis];
    number_kernels(kernels, column, members, settings);
    memory.entries[axis].resize(column.values.size());
    add_masses(kernels, members, memory.entries[axis]);
  }
}

Parzen::Kernels Parzen::category_kernels(const Column& column, const Axis& axis,
                                         const std::vector<trial::TrialId>& members, double prior_weight) const {
  Kernels kernels;
  kernels.axis = &axis;
  for (const auto id : members) kernels.middle.push_back(column.values[static_cast<std::size_t>(id)]);
  const double cells = static_cast<double>(axis.cells);
  const double share = prior_weight / static_cast<double>(members.size() + 1);
  kernels.keep = std::log((1 + share) / (1 + cells * share));
  kernels.other = std::log(share / (1 + cells * share));
  kernels.uniform = -std::log(cells);
  return kernels;
}

void Parzen::number_kernels(Kernels& kernels, const Column& column, const std::vector<trial::TrialId>& members,
                            const KernelSettings& settings) const {
  const auto count = members.size();
  const auto order = order_of(column, members);
  kernels.middle.resize(count + 1);
  kernels.width.resize(count + 1);
  std::vector<double> sorted;
  sorted.reserve(count + 3);
  sorted.push_back(0);
  for (const auto i : order) {
    const double value = column.values[static_cast<std::size_t>(members[i])];
    kernels.middle[i] =
        kernels.axis->kind == Axis::Kind::grid ? kernels.axis->centre(static_cast<std::int64_t>(value)) : value;
    sorted.push_back(kernels.middle[i]);
  }
  kernels.middle[count] = 0.5;
  kernels.width[count] = 1;
  auto prior = sorted.size();  // its place; behind all others where it is no neighbour
  if (settings.prior_is_neighbour) {
    prior = static_cast<std::size_t>(std::upper_bound(sorted.begin(), sorted.end(), 0.5) - sorted.begin());
    sorted.insert(sorted.begin() + static_cast<std::ptrdiff_t>(prior), 0.5);
  }
  const auto last = sorted.size() - 1;
  sorted.push_back(1);
  const double least =
      std::max(settings.narrowest, 1 / static_cast<double>(count + 2));  // 2: the prior, and one more (Optuna, NNI)
  for (std::size_t j = 1, next = 0; j <= last; ++j) {
    if (j == prior) continue;
    const double left = sorted[j] - sorted[j - 1], right = sorted[j + 1] - sorted[j];
    const double gap = last == 1 ? std::max(left, right) : j == 1 ? right : j == last ? left : std::max(left, right);
    kernels.width[order[next++]] = std::clamp(gap, least, 1.0);
  }
  if (kernels.axis->kind != Axis::Kind::grid) return;
  // Kernels in one cell are equal but for the first and the last of them.
  kernels.shape.resize(count + 1);
  std::array<std::uint32_t, 3> recent{};
  std::size_t known = 0;
  const auto shape_of = [&](std::size_t kernel) {
    for (std::size_t i = 0; i < std::min(known, recent.size()); ++i) {
      const auto other = kernels.shapes[recent[i]];
      if (kernels.middle[other] == kernels.middle[kernel] && kernels.width[other] == kernels.width[kernel])
        return recent[i];
    }
    kernels.shapes.push_back(kernel);
    return recent[known++ % recent.size()] = static_cast<std::uint32_t>(kernels.shapes.size() - 1);
  };
  for (const auto i : order) kernels.shape[i] = shape_of(i);
  kernels.shape[count] = shape_of(count);
}

void Parzen::add_masses(Kernels& kernels, const std::vector<trial::TrialId>& members,
                        std::vector<KernelMemory::Entry>& memory) {
  const bool real = kernels.axis->kind == Axis::Kind::real;
  const auto log_mass = [&](std::size_t i) {
    const double width = kernels.width[i];
    const double mass = log_normal_mass(-kernels.middle[i] / width, (1 - kernels.middle[i]) / width);
    return real ? mass + std::log(width) + half_log_two_pi : mass;
  };
  if (real) kernels.inverse.resize(kernels.width.size());
  for (std::size_t i = 0; i < members.size(); ++i) {
    auto& entry = memory[static_cast<std::size_t>(members[i])];
    if (entry.width != kernels.width[i] || entry.middle != kernels.middle[i])
      entry = {kernels.middle[i], kernels.width[i], log_mass(i)};
    log_weight_[i] -= entry.log_mass;
    if (real) kernels.inverse[i] = 1 / kernels.width[i];
  }
  log_weight_.back() -= log_mass(members.size());
  if (real) kernels.inverse.back() = 1 / kernels.width.back();
}

double Parzen::draw(const Kernels& kernels, std::size_t kernel, base::Rng& rng) const {
  const auto& axis = *kernels.axis;
  if (axis.kind == Axis::Kind::category) {
    const bool prior = kernel == kernels.middle.size();
    // In two steps: mostly the own value, else any one.
    const double anything = prior ? 1 : std::exp(kernels.other) * static_cast<double>(axis.cells);
    if (rng.uniform() >= anything) return kernels.middle[kernel];
    return static_cast<double>(rng.below(axis.cells));
  }
  double unit = -1;
  while (!(unit >= 0 && unit <= 1)) unit = kernels.middle[kernel] + kernels.width[kernel] * rng.normal();
  return axis.kind == Axis::Kind::grid ? static_cast<double>(axis.cell_at(unit)) : unit;
}

Candidates Parzen::sample(std::size_t count, base::Rng& rng) const {
  Candidates points{count, std::vector<double>(count * axes_.size())};
  for (std::size_t point = 0; point < count; ++point) {
    const auto found = std::upper_bound(cumulated_.begin(), cumulated_.end(), rng.uniform() * cumulated_.back());
    const auto kernel = std::min(static_cast<std::size_t>(found - cumulated_.begin()), cumulated_.size() - 1);
    for (std::size_t i = 0; i < axes_.size(); ++i) points.values[i * count + point] = draw(axes_[i], kernel, rng);
  }
  return points;
}

std::vector<double> Parzen::log_density(const Candidates& points) const {
  const auto kernels = log_weight_.size();
  // Grids: the mass of each shape in each point's cell, once.
  std::vector<std::vector<double>> tables(axes_.size());
  for (std::size_t i = 0; i < axes_.size(); ++i) {
    const auto& axis = axes_[i];
    for (const auto kernel : axis.shapes) {
      for (std::size_t point = 0; point < points.count; ++point) {
        const auto cell = static_cast<std::size_t>(points.values[i * points.count + point]);
        const double from = (axis.axis->edges[cell] - axis.middle[kernel]) / axis.width[kernel];
        const double to = (axis.axis->edges[cell + 1] - axis.middle[kernel]) / axis.width[kernel];
        tables[i].push_back(log_normal_mass(from, to));
      }
    }
  }
  std::vector<LogSum> sums(points.count);
  std::array<double, piece> terms;
  for (std::size_t begin = 0; begin < kernels; begin += piece) {
    const auto size = std::min(piece, kernels - begin);
    for (std::size_t point = 0; point < points.count; ++point) {
      std::copy_n(log_weight_.begin() + static_cast<std::ptrdiff_t>(begin), size, terms.begin());
      for (std::size_t i = 0; i < axes_.size(); ++i) {
        const auto& axis = axes_[i];
        const double value = points.values[i * points.count + point];
        if (axis.axis->kind == Axis::Kind::real) {
          const double *middle = axis.middle.data() + begin, *inverse = axis.inverse.data() + begin;
          for (std::size_t k = 0; k < size; ++k) {
            const double z = (value - middle[k]) * inverse[k];
            terms[k] -= 0.5 * z * z;
          }
        } else if (axis.axis->kind == Axis::Kind::grid) {
          const auto* shape = axis.shape.data() + begin;
          for (std::size_t k = 0; k < size; ++k) terms[k] += tables[i][shape[k] * points.count + point];
        } else {
          const auto own = std::min(size, axis.middle.size() - begin);  // the prior has no value of its own
          for (std::size_t k = 0; k < own; ++k) terms[k] += axis.middle[begin + k] == value ? axis.keep : axis.other;
          if (own < size) terms[own] += axis.uniform;
        }
      }
      sums[point].add(terms.data(), size);
    }
  }
  std::vector<double> result;
  for (const auto& sum : sums) result.push_back(sum.value());
  return result;
}

}  // namespace assay::search
