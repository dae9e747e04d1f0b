// Test problems in closed form, on the unit cube, everything to be minimised: what searches are compared on.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace assay::bench {

struct Problem {
  std::string name;
  std::vector<std::pair<double, double>> bounds;  ///< what the unit cube is scaled to
  std::function<std::vector<double>(const std::vector<double>&)> inside;
  std::size_t objectives = 1;
  double best = 0;                ///< one objective: the minimum; several: the largest hypervolume
  std::vector<double> reference;  ///< several objectives: where the hypervolume is bounded

  std::size_t size() const { return bounds.size(); }
  /// `unit`: in [0, 1]^D.
  std::vector<double> at(const std::vector<double>& unit) const;
  /// What is missing to the best after each of these results: value - minimum, or hypervolume.
  std::vector<double> regrets(const std::vector<std::vector<double>>& results) const;
};

/// hartmann6, ackley4, ackley4s, rosenbrock4, branin, branin_currin, zdt1, zdt2, dtlz2, dtlz2s (s: the optimum moved
/// away from the centre of the cube), ackley20, dtlz2_20, dtlz2s_3 (three objectives), and
/// bbob_f<1..24>_d<D>_i<instance>. Error(config) for other names.
Problem problem(const std::string& name);

}  // namespace assay::bench
