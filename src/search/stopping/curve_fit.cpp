#include "search/stopping/curve_fit.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

namespace assay::search {
namespace {

using Shape = std::array<double, 2>;  ///< the nonlinear parameters, on scales on which a grid is even

/// f(x) = offset + scale * g(x; shape). The linear part is solved exactly for each shape (variable projection: Golub
/// and Pereyra, 1973), which leaves at most two parameters to search, makes the fit independent of the metric's units,
/// and lets a curve fall as well as rise.
struct Family {
  const char* name;
  int shapes;   ///< how many entries of Shape count
  bool offset;  ///< false: the curve begins at the worst value seen
  Shape lo, hi;
  double (*g)(double x, const Shape& shape);
};

// Of the twelve families of the papers some are the same curve in another notation, and are fitted once.
const Family families[] = {
    {"linear", 0, true, {}, {}, [](double x, const Shape&) { return x; }},
    {"log-linear", 0, true, {}, {}, [](double x, const Shape&) { return std::log(x); }},
    {"ilog2", 0, true, {}, {}, [](double x, const Shape&) { return 1 / std::log(x + 1); }},
    {"pow3", 1, true, {-3}, {1.6}, [](double x, const Shape& s) { return std::pow(x, -std::exp(s[0])); }},
    {"pow4",
     2,
     true,
     {-3, -3},
     {1.6, 5},
     [](double x, const Shape& s) { return std::pow(x + std::exp(s[1]), -std::exp(s[0])); }},
    {"vapor pressure",
     2,
     false,
     {-8, -1},
     {8, 2},
     [](double x, const Shape& s) { return std::exp(s[0] / x + s[1] * std::log(x)); }},
    // = log-power a / (1 + (x/e^b)^c) with c < 0
    {"Hill",
     2,
     false,
     {-1.5, -1},
     {2, 6},
     [](double x, const Shape& s) { return 1 / (1 + std::pow(std::exp(s[1]) / x, std::exp(s[0]))); }},
    {"MMF",
     2,
     true,
     {-1.5, -1},
     {2, 6},
     [](double x, const Shape& s) { return 1 / (1 + std::pow(x * std::exp(-s[1]), std::exp(s[0]))); }},
    // = Janoschek a - (a - b) exp(-k x^d) = exp4 c - exp(-a x^p + b)
    {"Weibull",
     2,
     true,
     {-1.5, -1},
     {1.5, 6},
     [](double x, const Shape& s) { return std::exp(-std::pow(x * std::exp(-s[1]), std::exp(s[0]))); }},
};

constexpr int grid = 6, most_steps = 25;
constexpr std::size_t most_points = 150, fewest_points = 5;
/// Residuals below this share of the curve's range count as rounding.
constexpr double least_noise = 1e-3;

struct Points {
  std::vector<double> x, y;
  double horizon;
};

struct Solution {
  Shape shape{};
  double offset = 0, scale = 0;
  double squares = std::numeric_limits<double>::infinity();
};

/// Also the residuals, if they are wanted.
Solution solve(const Family& family, const Points& points, const Shape& shape,
               std::vector<double>* residuals = nullptr) {
  const auto n = static_cast<double>(points.x.size());
  double sum_g = 0, sum_y = 0, sum_gg = 0, sum_gy = 0;
  static thread_local std::vector<double> g;
  g.resize(points.x.size());
  for (std::size_t i = 0; i < points.x.size(); ++i) {
    g[i] = family.g(points.x[i], shape);
    sum_g += g[i], sum_y += points.y[i], sum_gg += g[i] * g[i], sum_gy += g[i] * points.y[i];
  }
  Solution solution{.shape = shape};
  const double mean_g = family.offset ? sum_g / n : 0, mean_y = family.offset ? sum_y / n : 0;
  const double spread = sum_gg - n * mean_g * mean_g;
  if (!std::isfinite(sum_gg) || spread <= 1e-12 * sum_gg) return solution;
  solution.scale = (sum_gy - n * mean_g * mean_y) / spread;
  solution.offset = mean_y - solution.scale * mean_g;
  double squares = 0;
  if (residuals != nullptr) residuals->resize(points.x.size());
  for (std::size_t i = 0; i < points.x.size(); ++i) {
    const double error = points.y[i] - solution.offset - solution.scale * g[i];
    squares += error * error;
    if (residuals != nullptr) (*residuals)[i] = error;
  }
  if (std::isfinite(squares)) solution.squares = squares;
  return solution;
}

/// Damped Gauss-Newton (Levenberg and Marquardt) in the shape, with differences for derivatives, inside its bounds.
Solution refined(const Family& family, const Points& points, Solution best) {
  constexpr double delta = 1e-5;
  std::vector<double> base, moved[2];
  double damping = 1e-2;
  for (int step = 0; step < most_steps && damping < 1e6; ++step) {
    solve(family, points, best.shape, &base);
    double normal[2][2] = {{0, 0}, {0, 1}}, gradient[2] = {0, 0};
    for (int a = 0; a < family.shapes; ++a) {
      auto shape = best.shape;
      shape[a] += delta;
      if (!std::isfinite(solve(family, points, shape, &moved[a]).squares)) return best;
      for (std::size_t i = 0; i < base.size(); ++i) moved[a][i] = (moved[a][i] - base[i]) / delta;
    }
    for (int a = 0; a < family.shapes; ++a) {
      for (int b = 0; b < family.shapes; ++b)
        normal[a][b] = std::inner_product(moved[a].begin(), moved[a].end(), moved[b].begin(), 0.0);
      gradient[a] = std::inner_product(moved[a].begin(), moved[a].end(), base.begin(), 0.0);
    }
    const double before = best.squares;
    for (; damping < 1e6; damping *= 4) {
      const double d0 = normal[0][0] * (1 + damping) + 1e-12, d1 = normal[1][1] * (1 + damping) + 1e-12;
      const double determinant = d0 * d1 - normal[0][1] * normal[1][0];
      auto shape = best.shape;
      shape[0] -= (d1 * gradient[0] - normal[0][1] * gradient[1]) / determinant;
      if (family.shapes > 1) shape[1] -= (d0 * gradient[1] - normal[1][0] * gradient[0]) / determinant;
      for (int a = 0; a < family.shapes; ++a) shape[a] = std::clamp(shape[a], family.lo[a], family.hi[a]);
      const auto found = solve(family, points, shape);
      if (!(found.squares < best.squares)) continue;
      best = found;
      damping /= 10;
      break;
    }
    if (best.squares > before * (1 - 1e-6)) break;
  }
  return best;
}

/// The best point of a grid, then downhill from there: the surface has two dimensions at most.
Solution fit(const Family& family, const Points& points) {
  Solution best;
  const int first = family.shapes > 0 ? grid : 1, second = family.shapes > 1 ? grid : 1;
  const auto at = [&](int axis, int place) {
    return family.lo[axis] + (family.hi[axis] - family.lo[axis]) * (place + 0.5) / grid;
  };
  for (int i = 0; i < first; ++i) {
    for (int j = 0; j < second; ++j) {
      const auto found = solve(family, points, {at(0, i), at(1, j)});
      if (found.squares < best.squares) best = found;
    }
  }
  return family.shapes > 0 && std::isfinite(best.squares) ? refined(family, points, best) : best;
}

/// Variance of the value at the horizon by the delta method: s^2 (1 + j' (J'J)^-1 j), J of all parameters at the
/// points. Directions that the points leave open are bounded by a small ridge.
double variance_at_horizon(const Family& family, const Points& points, const Solution& solution) {
  const int linear = family.offset ? 2 : 1, count = linear + family.shapes;
  const auto gradient = [&](double x) {
    std::array<double, 4> row{family.g(x, solution.shape), 1, 0, 0};
    for (int axis = 0; axis < family.shapes; ++axis) {
      constexpr double delta = 1e-4;
      auto up = solution.shape, down = solution.shape;
      up[axis] += delta, down[axis] -= delta;
      row[linear + axis] = solution.scale * (family.g(x, up) - family.g(x, down)) / (2 * delta);
    }
    return row;
  };
  std::array<std::array<double, 4>, 4> normal{};
  for (const double x : points.x) {
    const auto row = gradient(x);
    for (int a = 0; a < count; ++a) {
      for (int b = 0; b < count; ++b) normal[a][b] += row[a] * row[b];
    }
  }
  auto right = gradient(points.horizon);
  const auto j = right;
  for (int a = 0; a < count; ++a) normal[a][a] *= 1 + 1e-9;
  // Gaussian elimination; the matrix is positive definite, up to rounding.
  for (int a = 0; a < count; ++a) {
    if (!(normal[a][a] > 0)) return std::numeric_limits<double>::infinity();
    for (int b = a + 1; b < count; ++b) {
      const double factor = normal[b][a] / normal[a][a];
      for (int c = a; c < count; ++c) normal[b][c] -= factor * normal[a][c];
      right[b] -= factor * right[a];
    }
  }
  double leverage = 0;
  for (int a = count - 1; a >= 0; --a) {
    for (int b = a + 1; b < count; ++b) right[a] -= normal[a][b] * right[b];
    right[a] /= normal[a][a];
    leverage += j[a] * right[a];
  }
  const auto n = static_cast<double>(points.x.size());
  const double noise = std::max(solution.squares / (n - count), least_noise * least_noise);
  return noise * (1 + std::max(0.0, leverage));
}

/// Steps counted in reports from 1 on, thinned out; values from the worst (0) to the best (1) one.
struct Scaled {
  Points points;
  double worst = 0, range = 0;
};

std::optional<Scaled> scaled(std::span<const double> steps, std::span<const double> values, double horizon) {
  if (values.size() < fewest_points || steps.size() != values.size()) return std::nullopt;
  const auto [lo, hi] = std::minmax_element(values.begin(), values.end());
  Scaled result{.points = {}, .worst = *lo, .range = *hi - *lo};
  const double pace = (steps.back() - steps.front()) / static_cast<double>(steps.size() - 1);
  if (!(result.range > 0) || !std::isfinite(result.range) || !(pace > 0)) return std::nullopt;
  const auto place = [&](double step) { return 1 + (step - steps.front()) / pace; };
  const auto stride = 1 + (values.size() - 1) / most_points;
  for (std::size_t i = (values.size() - 1) % stride; i < values.size(); i += stride) {
    result.points.x.push_back(place(steps[i]));
    result.points.y.push_back((values[i] - *lo) / result.range);
  }
  result.points.horizon = std::max(place(horizon), result.points.x.back());
  return result;
}

std::vector<Fit> fit_all(const Scaled& curve) {
  std::vector<Fit> fits;
  for (const auto& family : families) {
    const int parameters = 1 + (family.offset ? 1 : 0) + family.shapes;
    // The correction of Akaike's criterion counts the noise as one more, and needs one point beyond.
    if (static_cast<int>(curve.points.x.size()) < parameters + 3) continue;
    const auto solution = fit(family, curve.points);
    const double mean = solution.offset + solution.scale * family.g(curve.points.horizon, solution.shape);
    const double variance = variance_at_horizon(family, curve.points, solution);
    if (!std::isfinite(mean) || !std::isfinite(variance) || !std::isfinite(solution.squares)) continue;
    fits.push_back({family.name,
                    solution.squares * curve.range * curve.range,
                    parameters,
                    {curve.worst + curve.range * mean, curve.range * std::sqrt(variance)}});
  }
  return fits;
}

}  // namespace

std::vector<Fit> fit_families(std::span<const double> steps, std::span<const double> values, double horizon) {
  const auto curve = scaled(steps, values, horizon);
  return curve ? fit_all(*curve) : std::vector<Fit>{};
}

std::optional<Forecast> extrapolate(std::span<const double> steps, std::span<const double> values, double horizon) {
  const auto curve = scaled(steps, values, horizon);
  if (!curve) return std::nullopt;
  const auto fits = fit_all(*curve);
  if (fits.empty()) return std::nullopt;
  const auto n = static_cast<double>(curve->points.x.size());
  std::vector<double> criteria;
  for (const auto& each : fits) {
    const double noise = std::max(each.squares / n, std::pow(least_noise * curve->range, 2));
    const double k = each.parameters + 1;
    criteria.push_back(n * std::log(noise) + 2 * k + 2 * k * (k + 1) / (n - k - 1));
  }
  const double least = *std::min_element(criteria.begin(), criteria.end());
  double sum = 0, mean = 0, square = 0;
  for (std::size_t i = 0; i < fits.size(); ++i) {
    const double weight = std::exp((least - criteria[i]) / 2);
    sum += weight;
    mean += weight * fits[i].at_horizon.mean;
  }
  mean /= sum;
  for (std::size_t i = 0; i < fits.size(); ++i) {
    const double weight = std::exp((least - criteria[i]) / 2) / sum;
    const auto& [value, deviation] = fits[i].at_horizon;
    square += weight * (deviation * deviation + (value - mean) * (value - mean));
  }
  return Forecast{mean, std::sqrt(square)};
}

}  // namespace assay::search
