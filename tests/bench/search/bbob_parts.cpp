#include "bench/search/bbob_parts.hpp"

#include <array>
#include <cmath>
#include <cstdlib>
#include <numbers>

namespace assay::bench {
namespace {

/// x -> 16807 x mod 2^31 - 1, without overflow of 32 bits (Schrage).
std::int64_t park_miller(std::int64_t state) {
  const std::int64_t high = state / 127773;
  state = 16807 * (state - high * 127773) - 2836 * high;
  return state < 0 ? state + 2147483647 : state;
}

}  // namespace

Vector bbob_uniform(std::size_t count, std::int64_t seed) {
  std::int64_t state = std::max<std::int64_t>(1, std::llabs(seed));
  std::array<std::int64_t, 32> table{};
  for (std::size_t i = 40; i-- > 0;) {
    state = park_miller(state);
    if (i < table.size()) table[i] = state;
  }
  std::int64_t drawn = table[0];
  Vector result(count);
  for (auto& value : result) {
    state = park_miller(state);
    auto& place = table[static_cast<std::size_t>(drawn / 67108865)];
    drawn = place;
    place = state;
    value = drawn == 0 ? 1e-99 : static_cast<double>(drawn) / 2.147483647e9;
  }
  return result;
}

Vector bbob_normal(std::size_t count, std::int64_t seed) {
  const auto uniform = bbob_uniform(2 * count, seed);
  Vector result(count);
  for (std::size_t i = 0; i < count; ++i) {
    result[i] = std::sqrt(-2 * std::log(uniform[i])) * std::cos(2 * std::numbers::pi * uniform[count + i]);
    if (result[i] == 0) result[i] = 1e-99;
  }
  return result;
}

Matrix bbob_rotation(std::size_t size, std::int64_t seed) {
  const auto numbers = bbob_normal(size * size, seed);
  Matrix columns(size);
  for (std::size_t i = 0; i < size; ++i) {
    auto& column = columns[i];
    column.assign(numbers.begin() + static_cast<std::ptrdiff_t>(i * size),
                  numbers.begin() + static_cast<std::ptrdiff_t>((i + 1) * size));
    for (std::size_t j = 0; j < i; ++j) {
      double along = 0;
      for (std::size_t k = 0; k < size; ++k) along += column[k] * columns[j][k];
      for (std::size_t k = 0; k < size; ++k) column[k] -= along * columns[j][k];
    }
    double square = 0;
    for (const double value : column) square += value * value;
    for (auto& value : column) value /= std::sqrt(square);
  }
  Matrix rows(size, Vector(size));
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t j = 0; j < size; ++j) rows[i][j] = columns[j][i];
  }
  return rows;
}

Vector times(const Matrix& matrix, const Vector& x) {
  Vector result(matrix.size(), 0.0);
  for (std::size_t i = 0; i < matrix.size(); ++i) {
    for (std::size_t j = 0; j < x.size(); ++j) result[i] += matrix[i][j] * x[j];
  }
  return result;
}

Matrix times(const Matrix& a, const Matrix& b) {
  Matrix result(a.size(), Vector(b.front().size(), 0.0));
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t k = 0; k < b.size(); ++k) {
      for (std::size_t j = 0; j < b[k].size(); ++j) result[i][j] += a[i][k] * b[k][j];
    }
  }
  return result;
}

Vector minus(const Vector& a, const Vector& b) {
  Vector result(a);
  for (std::size_t i = 0; i < result.size(); ++i) result[i] -= b[i];
  return result;
}

double share(std::size_t i, std::size_t size) { return static_cast<double>(i) / (static_cast<double>(size) - 1); }

Vector lambda(double condition, std::size_t size) {
  Vector diagonal(size);
  for (std::size_t i = 0; i < size; ++i) diagonal[i] = std::pow(std::sqrt(condition), share(i, size));
  return diagonal;
}

Matrix scaled_rows(const Vector& diagonal, Matrix matrix) {
  for (std::size_t i = 0; i < matrix.size(); ++i) {
    for (auto& value : matrix[i]) value *= diagonal[i];
  }
  return matrix;
}

double oscillate(double value) {
  if (value == 0) return 0;
  const double size = std::log(std::abs(value)) / 0.1;
  const double first = value > 0 ? 1 : 0.55, second = value > 0 ? 0.79 : 0.31;
  return std::copysign(std::exp(0.1 * (size + 0.49 * (std::sin(first * size) + std::sin(second * size)))), value);
}

Vector oscillate(Vector x) {
  for (auto& value : x) value = oscillate(value);
  return x;
}

Vector asymmetric(Vector x, double beta) {
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i] > 0) x[i] = std::pow(x[i], 1 + beta * share(i, x.size()) * std::sqrt(x[i]));
  }
  return x;
}

double penalty(const Vector& x) {
  double sum = 0;
  for (const double value : x) {
    const double outside = std::abs(value) - 5;
    if (outside > 0) sum += outside * outside;
  }
  return sum;
}

}  // namespace assay::bench
