// How long one example takes from input to output.
#pragma once

#include <string>

#include "arch/network.hpp"

namespace assay::eval {

/// Median milliseconds of forward passes with batch size 1 in evaluation mode, after a warm-up; weights are random,
/// which time does not depend on. `device` as LibTorch names it: "cpu", "cuda:0".
double latency_ms(const arch::Network& network, const std::string& device);

}  // namespace assay::eval
