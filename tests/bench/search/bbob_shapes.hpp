// The shapes of BBOB functions over the transformed point z, lowest value 0; f numbers as in RR-6829.
#pragma once

#include "bench/search/bbob_parts.hpp"

namespace assay::bench {

double square(double value);
double square_sum(const Vector& z);
double ellipsoid(const Vector& z);            ///< f2, f10
double rastrigin(const Vector& z);            ///< f3, f4, f15
double rosenbrock(const Vector& z);           ///< f8, f9: lowest at (1, ..., 1)
double different_powers(const Vector& z);     ///< f14
double weierstrass(const Vector& z);          ///< f16
double schaffers(const Vector& z);            ///< f17, f18
double griewank_rosenbrock(const Vector& z);  ///< f19: lowest at (1, ..., 1)
double katsuura(const Vector& z);             ///< f23

}  // namespace assay::bench
