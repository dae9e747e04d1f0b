// Learning curves continued to their end by parametric families (Domhan, Springenberg, Hutter, "Speeding up automatic
// hyperparameter optimization of deep neural networks by extrapolation of learning curves", IJCAI 2015, table 1 and
// section 3; NNI's Curvefitting). Least squares and Akaike weights take the place of their Markov chain.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace assay::search {

struct Forecast {
  double mean = 0;
  double deviation = 0;  ///< standard deviation: noise, parameters, and how far the families disagree
};

/// The value at `horizon` (>= the last step); more is better. Nothing for fewer than five points, values that do not
/// change, or where no family can be fitted.
std::optional<Forecast> extrapolate(std::span<const double> steps, std::span<const double> values, double horizon);

/// One family fitted by least squares, for tests and figures.
struct Fit {
  std::string family;
  double squares = 0;  ///< sum of squared errors, in units of the values
  int parameters = 0;
  Forecast at_horizon;
};
std::vector<Fit> fit_families(std::span<const double> steps, std::span<const double> values, double horizon);

}  // namespace assay::search
