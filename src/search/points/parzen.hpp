// Parzen estimators over several decisions at once: a mixture of one product of kernels per trial, and one for the
// prior. Kernels: normals cut off at the range (their mass in a cell, on grids), and categories that keep their value
// or take another one. Bergstra et al., "Algorithms for hyper-parameter optimization", NIPS 2011; Watanabe,
// "Tree-structured Parzen estimator: understanding its algorithm components", arXiv 2304.11127.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/random.hpp"
#include "search/points/columns.hpp"

namespace assay::search {

struct KernelSettings {
  double prior_weight = 1;  ///< of the prior's kernel, in trials
  /// The prior's centre counts as a neighbour when widths are taken (hyperopt, NNI).
  bool prior_is_neighbour = false;
  double narrowest = 0.01;  ///< least width, as a share of the range
};

/// Weights by age, oldest first: all 1 up to 25 trials; beyond, the youngest 25 have 1 and the others rise evenly from
/// 1/n to 1.
std::vector<double> age_weights(std::size_t count);

/// Logarithm of the mass of a standard normal in [a, b].
double log_normal_mass(double a, double b);

/// Points of one block: values[axis * count + point].
struct Candidates {
  std::size_t count = 0;
  std::vector<double> values;
};

/// What a trial's kernel had last time: most do not change from one suggestion to the next.
struct KernelMemory {
  struct Entry {
    double middle = 0, width = -1, log_mass = 0;
  };
  std::vector<std::vector<Entry>> entries;  ///< by axis of the space, then trial number
};

class Parzen {
 public:
  /// `members`: numbers of trials that have the block, ascending; one weight each.
  Parzen(const Columns& columns, const Block& block, const std::vector<trial::TrialId>& members,
         const std::vector<double>& weights, const KernelSettings& settings, KernelMemory& memory);

  Candidates sample(std::size_t count, base::Rng& rng) const;
  /// Logarithm of the density (of the probability, where all is discrete) at each point.
  std::vector<double> log_density(const Candidates& points) const;

 private:
  /// Kernels of one axis; the last one is the prior's.
  struct Kernels {
    const Axis* axis = nullptr;
    std::vector<double> middle, width;        ///< real, grid; category: the value as `middle`
    std::vector<double> inverse;              ///< real: 1 / width
    std::vector<std::uint32_t> shape;         ///< grid: kernels of one shape have equal middle and width
    std::vector<std::size_t> shapes;          ///< grid: a kernel of each shape
    double keep = 0, other = 0, uniform = 0;  ///< category: logarithms of the probabilities
  };

  Kernels category_kernels(const Column& column, const Axis& axis, const std::vector<trial::TrialId>& members,
                           double prior_weight) const;
  void number_kernels(Kernels& kernels, const Column& column, const std::vector<trial::TrialId>& members,
                      const KernelSettings& settings) const;
  void add_masses(Kernels& kernels, const std::vector<trial::TrialId>& members,
                  std::vector<KernelMemory::Entry>& memory);
  double draw(const Kernels& kernels, std::size_t kernel, base::Rng& rng) const;

  std::vector<double> cumulated_;   ///< weights, summed up
  std::vector<double> log_weight_;  ///< less what reals must be divided by, so that kernels have mass 1
  std::vector<Kernels> axes_;
};

}  // namespace assay::search
