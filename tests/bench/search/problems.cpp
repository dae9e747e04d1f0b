#include "bench/search/problems.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <numbers>
#include <regex>

#include "base/error.hpp"
#include "bench/search/bbob.hpp"
#include "stats/hypervolume.hpp"

namespace assay::bench {
namespace {

constexpr double pi = std::numbers::pi;

double square(double value) { return value * value; }

/// Dixon and Szegö 1978; the lowest value is reached at three points.
double branin(double x, double y) {
  return square(y - 5.1 / (4 * pi * pi) * x * x + 5 / pi * x - 6) + 10 * (1 - 1 / (8 * pi)) * std::cos(x) + 10;
}

/// Currin et al. 1988, with Branin as in Belakaria et al. 2019.
Vector branin_currin(const Vector& u) {
  const double a = u[0], b = u[1];
  const double decay = b > 0 ? 1 - std::exp(-1 / (2 * b)) : 1;
  const double rational = (((2300 * a + 1900) * a + 2092) * a + 60) / (((100 * a + 500) * a + 4) * a + 20);
  return {branin(15 * a - 5, 15 * b), decay * rational};
}

/// Zitzler, Deb, Thiele 2000.
Vector zdt(const Vector& x, bool convex) {
  double g = 0;
  for (std::size_t i = 1; i < x.size(); ++i) g += x[i];
  g = 1 + 9 * g / (static_cast<double>(x.size()) - 1);
  const double ratio = x[0] / g;
  return {x[0], g * (1 - (convex ? std::sqrt(ratio) : ratio * ratio))};
}

/// Deb, Thiele, Laumanns, Zitzler 2002: the first parameters are angles on the sphere, the others say how far outside.
Vector dtlz2(const Vector& x, std::size_t objectives) {
  double g = 0;
  for (auto i = objectives - 1; i < x.size(); ++i) g += square(x[i] - 0.5);
  Vector values(objectives, 1 + g);
  for (std::size_t m = 0; m < objectives; ++m) {
    const auto last = objectives - 1 - m;
    for (std::size_t i = 0; i < last; ++i) values[m] *= std::cos(x[i] * pi / 2);
    if (m > 0) values[m] *= std::sin(x[last] * pi / 2);
  }
  return values;
}

/// Hartman 1973, four peaks in six dimensions.
double hartmann6(const Vector& x) {
  constexpr std::array<double, 4> heights{1, 1.2, 3, 3.2};
  constexpr double widths[4][6] = {
      {10, 3, 17, 3.5, 1.7, 8}, {0.05, 10, 17, 0.1, 8, 14}, {3, 3.5, 1.7, 10, 17, 8}, {17, 8, 0.05, 10, 0.1, 14}};
  constexpr double centres[4][6] = {{1312, 1696, 5569, 124, 8283, 5886},
                                    {2329, 4135, 8307, 3736, 1004, 9991},
                                    {2348, 1451, 3522, 2883, 3047, 6650},
                                    {4047, 8828, 8732, 5743, 1091, 381}};
  double sum = 0;
  for (std::size_t i = 0; i < heights.size(); ++i) {
    double distance = 0;
    for (std::size_t j = 0; j < 6; ++j) distance += widths[i][j] * square(x[j] - centres[i][j] * 1e-4);
    sum += heights[i] * std::exp(-distance);
  }
  return -sum;
}

double ackley(const Vector& x) {
  double squares = 0, waves = 0;
  for (const double value : x) {
    squares += value * value;
    waves += std::cos(2 * pi * value);
  }
  const auto size = static_cast<double>(x.size());
  return -20 * std::exp(-0.2 * std::sqrt(squares / size)) - std::exp(waves / size) + 20 + std::numbers::e;
}

double rosenbrock(const Vector& x) {
  double sum = 0;
  for (std::size_t i = 0; i + 1 < x.size(); ++i) sum += 100 * square(x[i + 1] - x[i] * x[i]) + square(1 - x[i]);
  return sum;
}

using Bounds = std::vector<std::pair<double, double>>;

Problem one(std::string name, Bounds bounds, double (*function)(const Vector&), double best) {
  return {std::move(name), std::move(bounds), [function](const Vector& x) { return Vector{function(x)}; }, 1, best, {}};
}

Problem several(std::string name, Bounds bounds, std::function<Vector(const Vector&)> function, Vector reference,
                double best) {
  const auto objectives = reference.size();
  return {std::move(name), std::move(bounds), std::move(function), objectives, best, std::move(reference)};
}

Bounds cube(std::size_t size, double lo = 0, double hi = 1) { return Bounds(size, {lo, hi}); }

/// Of DTLZ2: its best points lie at 0.3 of each range but the angles', not in the middle.
Bounds moved(std::size_t size, std::size_t angles) {
  auto bounds = cube(size, 0.2, 1.2);
  std::fill_n(bounds.begin(), angles, std::pair(0.0, 1.0));
  return bounds;
}

const std::vector<Problem>& all() {
  const auto convex = [](const Vector& x) { return zdt(x, true); };
  const auto concave = [](const Vector& x) { return zdt(x, false); };
  const auto circle = [](const Vector& x) { return dtlz2(x, 2); };
  const auto sphere = [](const Vector& x) { return dtlz2(x, 3); };
  static const std::vector<Problem> problems{
      one("hartmann6", cube(6), hartmann6, -3.32236801),
      one("ackley4", cube(4, -32.768, 32.768), ackley, 0),
      one("ackley4s", cube(4, -22.768, 42.768), ackley, 0),
      one("ackley20", cube(20, -32.768, 32.768), ackley, 0),
      one("rosenbrock4", cube(4, -5, 10), rosenbrock, 0),
      one(
          "branin", {{-5, 10}, {0, 15}}, [](const Vector& x) { return branin(x[0], x[1]); }, 5 / (4 * pi)),
      several("branin_currin", cube(2), branin_currin, {18, 6}, 59.36011874867746),
      several("zdt1", cube(6), convex, {11, 11}, 121 - 1.0 / 3),
      several("zdt2", cube(6), concave, {11, 11}, 121 - 2.0 / 3),
      several("dtlz2", cube(6), circle, {1.1, 1.1}, 1.21 - pi / 4),
      several("dtlz2s", moved(6, 1), circle, {1.1, 1.1}, 1.21 - pi / 4),
      several("dtlz2_20", cube(20), circle, {1.1, 1.1}, 1.21 - pi / 4),
      several("dtlz2s_3", moved(12, 2), sphere, {1.1, 1.1, 1.1}, 1.331 - pi / 6)};
  return problems;
}

}  // namespace

std::vector<double> Problem::at(const std::vector<double>& unit) const {
  base::require(unit.size() == size(), "{} has {} parameters, not {}", name, size(), unit.size());
  std::vector<double> x(unit);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = bounds[i].first + (bounds[i].second - bounds[i].first) * x[i];
  return inside(x);
}

std::vector<double> Problem::regrets(const std::vector<std::vector<double>>& results) const {
  std::vector<double> left;
  if (objectives == 1) {
    double lowest = std::numeric_limits<double>::infinity();
    for (const auto& result : results) {
      lowest = std::min(lowest, result.front());
      left.push_back(lowest - best);
    }
    return left;
  }
  stats::HypervolumeArchive archive(reference, std::vector<bool>(objectives, false));
  for (const auto& result : results) {
    archive.add(result);
    left.push_back(best - archive.volume());
  }
  return left;
}

Problem problem(const std::string& name) {
  for (const auto& known : all()) {
    if (known.name == name) return known;
  }
  static const std::regex form("bbob_f([0-9]{1,2})_d([0-9]{1,3})_i([0-9]{1,4})");
  std::smatch parts;
  if (!std::regex_match(name, parts, form)) base::fail(base::Exit::config, "there is no problem {}", name);
  const auto function =
      make_bbob(std::stoi(parts[1]), std::stoi(parts[3]), static_cast<std::size_t>(std::stoul(parts[2])));
  return {name,
          cube(static_cast<std::size_t>(std::stoul(parts[2])), -5, 5),
          [value = function.value](const Vector& x) { return Vector{value(x)}; },
          1,
          function.best_value,
          {}};
}

}  // namespace assay::bench
