#include "train/device.hpp"

#include <ATen/Context.h>
#include <ATen/Parallel.h>

#include <algorithm>

#ifdef ASSAY_WITH_CUDA
#include <c10/cuda/CUDAFunctions.h>
#include <cuda_runtime_api.h>
#endif

#include "base/error.hpp"
#include "os/host.hpp"

namespace assay::train {
namespace {

struct Gpus {
  int count = 0;
  bool driver_too_old = false;
  int driver = 0, runtime = 0;  ///< CUDA versions, 1000 * major + 10 * minor
};

Gpus find_gpus() {
  Gpus gpus;
#ifdef ASSAY_WITH_CUDA
  const auto answer = cudaGetDeviceCount(&gpus.count);
  if (answer != cudaSuccess) gpus.count = 0;
  cudaDriverGetVersion(&gpus.driver);  // 0 where no driver is installed
  cudaRuntimeGetVersion(&gpus.runtime);
  gpus.driver_too_old = answer == cudaErrorInsufficientDriver && gpus.driver > 0;
  cudaGetLastError();  // the failed question must not show up at a later call
#endif
  return gpus;
}

std::string version_text(int version) { return fmt::format("{}.{}", version / 1000, version % 1000 / 10); }

}  // namespace

torch::Device choose_device(const std::string& wanted, int local_rank) {
  if (wanted != "auto" && wanted != "cpu" && wanted != "cuda") {
    base::fail(base::Exit::config, "The device \"{}\" is not one of auto, cpu, cuda.", wanted);
  }
  if (wanted == "cpu") return torch::kCPU;
  const auto gpus = find_gpus();
  if (gpus.driver_too_old) {
    base::fail(
        base::Exit::config,
        "The GPU driver of {} serves CUDA {}, but this LibTorch needs CUDA {}: build with an older one (bin/setup "
        "--cuda 12.6), or compute on the CPU (--device cpu).",
        os::host_name(), version_text(gpus.driver), version_text(gpus.runtime));
  }
  if (gpus.count > 0) {
    const auto index = static_cast<c10::DeviceIndex>(local_rank % gpus.count);
#ifdef ASSAY_WITH_CUDA
    c10::cuda::set_device(index);
#endif
    return {torch::kCUDA, index};
  }
  if (wanted == "cuda") {
#ifdef ASSAY_WITH_CUDA
    base::fail(base::Exit::config,
               "--device cuda, but {} shows this process no GPU: ask the scheduler for one (--gres=gpu:1), look at "
               "CUDA_VISIBLE_DEVICES, or take --device cpu.",
               os::host_name());
#else
    base::fail(base::Exit::config,
               "--device cuda, but this build has no GPU path: build again with bin/setup --cuda 13.0.");
#endif
  }
  return torch::kCPU;
}

void set_threads(int threads, int ranks) {
  const int share = std::max(1, os::usable_cores() / std::max(1, ranks));
  at::set_num_threads(threads > 0 ? threads : share);
  at::globalContext().setFlushDenormal(true);  // numbers next to zero cost a hundred times the others on some CPUs
  // LibTorch accepts this once per process, and only before the first parallel work.
  [[maybe_unused]] static const bool once = [] {
    try {
      at::set_num_interop_threads(1);
    } catch (const c10::Error&) {
      return false;
    }
    return true;
  }();
}

}  // namespace assay::train
