// How long one example takes from input to output.
#pragma once

#include <cstdint>

#include "arch/network.hpp"
#include "nn/torch.hpp"

namespace assay::eval {

/// Median milliseconds of forward passes with batch size 1 in evaluation mode, after a warm-up; weights are random,
/// which time does not depend on.
double latency_ms(const arch::Network& network, torch::Device device);

}  // namespace assay::eval
