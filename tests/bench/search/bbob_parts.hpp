// What the BBOB functions are made of: their random numbers, rotations and transformations, as in COCO's reference
// implementation; definitions in Hansen, Finck, Ros, Auger, "Real-parameter black-box optimization benchmarking 2009:
// noiseless functions definitions", INRIA RR-6829.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace assay::bench {

using Vector = std::vector<double>;
using Matrix = std::vector<Vector>;

/// Uniform in (0, 1]: Park and Miller's generator, shuffled through a table of 32 numbers.
Vector bbob_uniform(std::size_t count, std::int64_t seed);
/// Standard normal: Box and Muller, the second half of the uniform numbers as angles.
Vector bbob_normal(std::size_t count, std::int64_t seed);
/// Normal numbers, column by column, made orthonormal by Gram and Schmidt.
Matrix bbob_rotation(std::size_t size, std::int64_t seed);

Vector times(const Matrix& matrix, const Vector& x);
Matrix times(const Matrix& a, const Matrix& b);
Vector minus(const Vector& a, const Vector& b);

/// i / (D - 1): how far axis i is on the way from the first to the last.
double share(std::size_t i, std::size_t size);
/// Diagonal: condition^(share / 2), the Lambda of the definitions.
Vector lambda(double condition, std::size_t size);
/// The rows of the matrix times the diagonal.
Matrix scaled_rows(const Vector& diagonal, Matrix matrix);

/// T_osz: small smooth irregularities.
double oscillate(double value);
Vector oscillate(Vector x);
/// T_asy: breaks the symmetry of positive and negative, more for later axes.
Vector asymmetric(Vector x, double beta);
/// f_pen: squared distance outside of [-5, 5].
double penalty(const Vector& x);

}  // namespace assay::bench
