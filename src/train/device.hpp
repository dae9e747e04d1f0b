// Which device this process computes on, and with how many threads.
#pragma once

#include <string>

#include "nn/torch.hpp"

namespace assay::train {

/// `wanted`: auto | cpu | cuda. GPUs are shared out by the rank on this node, modulo the visible ones. Error(config) if
/// CUDA is asked for and there is none, or if the driver is too old for this LibTorch (also for "auto": to go on
/// silently on the CPU of a GPU node would waste the allocation).
torch::Device choose_device(const std::string& wanted, int local_rank);

/// Threads inside an operation; 0: all usable cores, shared among `ranks` ranks. Operations never run side by side.
void set_threads(int threads, int ranks = 1);

}  // namespace assay::train
