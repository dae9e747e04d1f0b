#include "bench/search/bbob_shapes.hpp"

#include <cmath>
#include <numbers>
#include <numeric>

namespace assay::bench {
namespace {

constexpr double tau = 2 * std::numbers::pi;

}  // namespace

double square(double value) { return value * value; }

double square_sum(const Vector& z) { return std::inner_product(z.begin(), z.end(), z.begin(), 0.0); }

double ellipsoid(const Vector& z) {
  double sum = 0;
  for (std::size_t i = 0; i < z.size(); ++i) sum += std::pow(1e6, share(i, z.size())) * square(z[i]);
  return sum;
}

double rastrigin(const Vector& z) {
  double waves = 0;
  for (const double value : z) waves += std::cos(tau * value);
  return 10 * (static_cast<double>(z.size()) - waves) + square_sum(z);
}

double rosenbrock(const Vector& z) {
  double sum = 0;
  for (std::size_t i = 0; i + 1 < z.size(); ++i) sum += 100 * square(square(z[i]) - z[i + 1]) + square(z[i] - 1);
  return sum;
}

double different_powers(const Vector& z) {
  double sum = 0;
  for (std::size_t i = 0; i < z.size(); ++i) sum += std::pow(std::abs(z[i]), 2 + 4 * share(i, z.size()));
  return std::sqrt(sum);
}

double weierstrass(const Vector& z) {
  double sum = 0, least = 0;
  for (int k = 0; k < 12; ++k) {
    const double height = std::pow(0.5, k), frequency = std::pow(3.0, k);
    least += height * std::cos(tau * frequency * 0.5);
    for (const double value : z) sum += height * std::cos(tau * frequency * (value + 0.5));
  }
  return 10 * std::pow(sum / static_cast<double>(z.size()) - least, 3);
}

double schaffers(const Vector& z) {
  double sum = 0;
  for (std::size_t i = 0; i + 1 < z.size(); ++i) {
    const double radius = square(z[i]) + square(z[i + 1]);
    sum += std::pow(radius, 0.25) * (1 + square(std::sin(50 * std::pow(radius, 0.1))));
  }
  return square(sum / (static_cast<double>(z.size()) - 1));
}

double griewank_rosenbrock(const Vector& z) {
  double sum = 0;
  for (std::size_t i = 0; i + 1 < z.size(); ++i) {
    const double s = 100 * square(square(z[i]) - z[i + 1]) + square(1 - z[i]);
    sum += s / 4000 - std::cos(s);
  }
  return 10 + 10 * sum / (static_cast<double>(z.size()) - 1);
}

double katsuura(const Vector& z) {
  const auto size = static_cast<double>(z.size());
  double product = 1;
  for (std::size_t i = 0; i < z.size(); ++i) {
    double sum = 0;
    for (int j = 1; j <= 32; ++j) {
      const double power = std::pow(2.0, j);
      sum += std::abs(power * z[i] - std::floor(power * z[i] + 0.5)) / power;
    }
    product *= std::pow(1 + static_cast<double>(i + 1) * sum, 10 / std::pow(size, 1.2));
  }
  return 10 / square(size) * (product - 1);
}

}  // namespace assay::bench
