#include "bench/search/bbob.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "base/error.hpp"
#include "bench/search/bbob_shapes.hpp"

namespace assay::bench {
namespace {

using Function = std::function<double(const Vector&)>;

constexpr double tau = 2 * std::numbers::pi;

/// What the definitions have in common; the functions below move best_point where theirs lies elsewhere.
struct Setting {
  std::size_t size;
  std::int64_t seed;
  Vector best_point;
  Matrix r, q;  ///< the two rotations

  Matrix r_lambda_q(double condition) const { return times(r, scaled_rows(lambda(condition, size), q)); }
  /// x -> matrix (x - best point).
  std::function<Vector(const Vector&)> shifted(Matrix matrix) const {
    return [matrix = std::move(matrix), best = best_point](const Vector& x) { return times(matrix, minus(x, best)); };
  }
};

// Functions whose construction is longer than a line.

Function bueche_rastrigin(Setting& with) {
  for (std::size_t i = 0; i < with.size; i += 2) with.best_point[i] = std::abs(with.best_point[i]);
  return [best = with.best_point](const Vector& x) {
    auto z = oscillate(minus(x, best));
    for (std::size_t i = 0; i < z.size(); ++i) {
      z[i] *= std::pow(std::sqrt(10.0), share(i, z.size())) * (z[i] > 0 && i % 2 == 0 ? 10 : 1);
    }
    return rastrigin(z) + 100 * penalty(x);
  };
}

Function linear_slope(Setting& with) {
  for (auto& value : with.best_point) value = std::copysign(5, value);
  return [best = with.best_point](const Vector& x) {
    double sum = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double slope = std::copysign(std::pow(10.0, share(i, x.size())), best[i]);
      sum += 5 * std::abs(slope) - slope * (x[i] * best[i] < 25 ? x[i] : best[i]);
    }
    return sum;
  };
}

Function attractive_sector(const Setting& with) {
  return [to_z = with.shifted(with.r_lambda_q(10)), best = with.best_point](const Vector& x) {
    const auto z = to_z(x);
    double sum = 0;
    for (std::size_t i = 0; i < z.size(); ++i) sum += square(z[i] * (z[i] * best[i] > 0 ? 100 : 1));
    return std::pow(oscillate(sum), 0.9);
  };
}

Function step_ellipsoid(const Setting& with) {
  return [to_hat = with.shifted(scaled_rows(lambda(10, with.size), with.q)), r = with.r](const Vector& x) {
    const auto hat = to_hat(x);
    auto steps = hat;
    for (auto& value : steps) {
      value = std::abs(value) > 0.5 ? std::floor(value + 0.5) : std::floor(10 * value + 0.5) / 10;
    }
    const auto z = times(r, steps);
    double sum = 0;
    for (std::size_t i = 0; i < z.size(); ++i) sum += std::pow(100.0, share(i, z.size())) * square(z[i]);
    return 0.1 * std::max(std::abs(hat[0]) / 1e4, sum) + penalty(x);
  };
}

double rosenbrock_scale(std::size_t size) { return std::max(1.0, std::sqrt(static_cast<double>(size)) / 8); }

/// f9 and f19: the optimum is where the rotated and scaled point has 0.5 in every axis.
std::function<Vector(const Vector&)> rotated_valley(Setting& with) {
  const double scale = rosenbrock_scale(with.size);
  for (std::size_t i = 0; i < with.size; ++i) {
    with.best_point[i] = 0;
    for (const auto& row : with.q) with.best_point[i] += 0.5 * row[i] / scale;
  }
  return [matrix = scaled_rows(Vector(with.size, scale), with.q)](const Vector& x) {
    auto z = times(matrix, x);
    for (auto& value : z) value += 0.5;
    return z;
  };
}

Function sharp_ridge(const Setting& with) {
  return [to_z = with.shifted(with.r_lambda_q(10))](const Vector& x) {
    const auto z = to_z(x);
    return square(z[0]) + 100 * std::sqrt(square_sum(Vector(z.begin() + 1, z.end())));
  };
}

Function schaffers_in(const Setting& with, double condition) {
  return [to_r = with.shifted(with.r), matrix = scaled_rows(lambda(condition, with.size), with.q)](const Vector& x) {
    return schaffers(times(matrix, asymmetric(to_r(x), 0.5))) + 10 * penalty(x);
  };
}

Function schwefel(Setting& with) {
  const auto signs = bbob_uniform(with.size, with.seed);
  for (std::size_t i = 0; i < with.size; ++i)
    with.best_point[i] = std::copysign(4.2096874637 / 2, signs[i] < 0.5 ? -1 : 1);
  return [best = with.best_point, scale = lambda(10, with.size)](const Vector& x) {
    double sum = 0, outside = 0, before = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double edge = 2 * std::abs(best[i]);
      const double hat = 2 * std::copysign(1, best[i]) * x[i];
      const double z = 100 * (scale[i] * ((i == 0 ? hat : hat + 0.25 * (before - edge)) - edge) + edge);
      before = hat;
      sum += z * std::sin(std::sqrt(std::abs(z)));
      outside += square(std::max(0.0, std::abs(z) - 500));
    }
    return 0.01 * (418.9828872724339 - sum / static_cast<double>(x.size()) + outside);
  };
}

/// The place of each number in ascending order, as the definitions permute: first the smallest.
std::vector<std::size_t> ascending(const Vector& numbers) {
  std::vector<std::size_t> order(numbers.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return numbers[a] < numbers[b]; });
  return order;
}

/// Gaussian peaks in a box of half width `half`; `condition` is that of the highest one.
Function gallagher(Setting& with, std::size_t peaks, double half, double condition) {
  struct Peak {
    double height;
    Vector scale, centre;  ///< centre: rotated
  };
  const auto numbers = bbob_uniform(with.size * peaks, with.seed);
  const auto order = ascending(bbob_uniform(peaks - 1, with.seed));
  std::vector<Peak> all(peaks);
  for (std::size_t i = 0; i < peaks; ++i) {
    Vector centre(with.size);
    for (std::size_t j = 0; j < with.size; ++j)
      centre[j] = (i == 0 ? 0.8 : 1) * half * (2 * numbers[i * with.size + j] - 1);
    if (i == 0) with.best_point = centre;
    const double along = static_cast<double>(peaks) - 2;
    all[i].height = i == 0 ? 10 : 1.1 + 8 * static_cast<double>(i - 1) / along;
    all[i].centre = times(with.q, centre);
    const double alpha = i == 0 ? condition : std::pow(1000.0, static_cast<double>(order[i - 1]) / along);
    const auto axes = ascending(bbob_uniform(with.size, with.seed + 1000 * static_cast<std::int64_t>(i)));
    for (const auto axis : axes) all[i].scale.push_back(std::pow(alpha, share(axis, with.size) - 0.5));
  }
  return [all = std::move(all), q = with.q](const Vector& x) {
    const auto z = times(q, x);
    double highest = 0;
    for (const auto& peak : all) {
      double sum = 0;
      for (std::size_t j = 0; j < z.size(); ++j) sum += peak.scale[j] * square(z[j] - peak.centre[j]);
      highest = std::max(highest, peak.height * std::exp(-0.5 * sum / static_cast<double>(z.size())));
    }
    return square(oscillate(10 - highest)) + penalty(x);
  };
}

Function lunacek(Setting& with) {
  constexpr double mu = 2.5;
  const auto signs = bbob_normal(with.size, with.seed);
  for (std::size_t i = 0; i < with.size; ++i) with.best_point[i] = std::copysign(mu / 2, signs[i]);
  return [best = with.best_point, matrix = with.r_lambda_q(100)](const Vector& x) {
    const auto size = static_cast<double>(x.size());
    const double s = 1 - 0.5 / (std::sqrt(size + 20) - 4.1), other = -std::sqrt((mu * mu - 1) / s);
    Vector from_mu(x.size());
    double second = 0, waves = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double hat = 2 * std::copysign(1, best[i]) * x[i];
      from_mu[i] = hat - mu;
      second += square(hat - other);
    }
    for (const double value : times(matrix, from_mu)) waves += std::cos(tau * value);
    return std::min(square_sum(from_mu), size + s * second) + 10 * (size - waves) + 1e4 * penalty(x);
  };
}

Function separable(int number, Setting& with) {
  const auto& best = with.best_point;
  switch (number) {
    case 1:
      return [best](const Vector& x) { return square_sum(minus(x, best)); };
    case 2:
      return [best](const Vector& x) { return ellipsoid(oscillate(minus(x, best))); };
    case 3:
      return [best](const Vector& x) {
        auto z = asymmetric(oscillate(minus(x, best)), 0.2);
        const auto scale = lambda(10, z.size());
        for (std::size_t i = 0; i < z.size(); ++i) z[i] *= scale[i];
        return rastrigin(z);
      };
    case 4:
      return bueche_rastrigin(with);
    default:
      return linear_slope(with);
  }
}

Function moderate(int number, Setting& with) {
  switch (number) {
    case 6:
      return attractive_sector(with);
    case 7:
      return step_ellipsoid(with);
    case 8: {
      for (auto& value : with.best_point) value *= 0.75;
      return [best = with.best_point](const Vector& x) {
        auto z = minus(x, best);
        for (auto& value : z) value = rosenbrock_scale(z.size()) * value + 1;
        return rosenbrock(z);
      };
    }
    default:
      return [to_z = rotated_valley(with)](const Vector& x) { return rosenbrock(to_z(x)); };
  }
}

Function ill_conditioned(int number, const Setting& with) {
  const auto to_r = with.shifted(with.r);
  switch (number) {
    case 10:
      return [to_r](const Vector& x) { return ellipsoid(oscillate(to_r(x))); };
    case 11:
      return [to_r](const Vector& x) {
        const auto z = oscillate(to_r(x));
        return square_sum(z) + (1e6 - 1) * square(z[0]);
      };
    case 12:
      return [to_r, r = with.r](const Vector& x) {
        const auto z = times(r, asymmetric(to_r(x), 0.5));
        return square(z[0]) + 1e6 * square_sum(Vector(z.begin() + 1, z.end()));
      };
    case 13:
      return sharp_ridge(with);
    default:
      return [to_r](const Vector& x) { return different_powers(to_r(x)); };
  }
}

Function multimodal(int number, Setting& with) {
  const auto to_r = with.shifted(with.r);
  switch (number) {
    case 15:
      return [to_r, matrix = with.r_lambda_q(10)](const Vector& x) {
        return rastrigin(times(matrix, asymmetric(oscillate(to_r(x)), 0.2)));
      };
    case 16:
      return [to_r, matrix = with.r_lambda_q(0.01)](const Vector& x) {
        return weierstrass(times(matrix, oscillate(to_r(x)))) + 10 / static_cast<double>(x.size()) * penalty(x);
      };
    case 17:
      return schaffers_in(with, 10);
    case 18:
      return schaffers_in(with, 1000);
    default:
      return [to_z = rotated_valley(with)](const Vector& x) { return griewank_rosenbrock(to_z(x)); };
  }
}

Function weak_structure(int number, Setting& with) {
  switch (number) {
    case 20:
      return schwefel(with);
    case 21:
      return gallagher(with, 101, 5, std::sqrt(1000.0));
    case 22:
      return gallagher(with, 21, 4.9, 1000);
    case 23:
      return [to_z = with.shifted(with.r_lambda_q(100))](const Vector& x) { return katsuura(to_z(x)) + penalty(x); };
    default:
      return lunacek(with);
  }
}

}  // namespace

Bbob make_bbob(int number, int instance, std::size_t size) {
  base::require(number >= 1 && number <= 24 && instance >= 1 && size >= 2,
                "there is no BBOB function f{} in {} dimensions", number, size);
  const int family = number == 4 || number == 18 ? number - 1 : number;  // f4 and f18 share the numbers of f3 and f17
  Setting with{.size = size, .seed = family + 10000 * std::int64_t{instance}, .best_point = {}, .r = {}, .q = {}};
  with.best_point = bbob_uniform(size, number == 12 ? with.seed + 1000000 : with.seed);
  for (auto& value : with.best_point) {
    value = 8 * std::floor(1e4 * value) / 1e4 - 4;
    if (value == 0) value = -1e-5;
  }
  with.r = bbob_rotation(size, with.seed + 1000000);
  with.q = bbob_rotation(size, with.seed);
  const double ratio = bbob_normal(1, with.seed)[0] / bbob_normal(1, with.seed + 1)[0];
  const double lowest = std::clamp(std::floor(1e4 * ratio + 0.5) / 100, -1000.0, 1000.0);
  auto function = number <= 5    ? separable(number, with)
                  : number <= 9  ? moderate(number, with)
                  : number <= 14 ? ill_conditioned(number, with)
                  : number <= 19 ? multimodal(number, with)
                                 : weak_structure(number, with);
  return {number, instance, with.best_point, lowest,
          [function = std::move(function), lowest](const Vector& x) { return function(x) + lowest; }};
}

}  // namespace assay::bench
