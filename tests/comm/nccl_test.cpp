// NCCL with one rank: one GPU cannot host two ranks of a communicator. Skipped where there is no GPU.
#include <catch2/catch_test_macros.hpp>
#include <vector>

#include "base/error.hpp"
#include "comm/nccl.hpp"

#ifdef ASSAY_WITH_CUDA
#include <cuda_runtime_api.h>
#endif

using namespace assay;

TEST_CASE("a sum over one GPU gives back the values in stream order", "[gpu]") {
#ifdef ASSAY_WITH_CUDA
  int devices = 0;
  if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0) SKIP("this machine shows no CUDA device");
  REQUIRE(cudaSetDevice(0) == cudaSuccess);
  const comm::Nccl nccl(comm::Group(), 0);
  std::vector<float> values(1000, 2.5F), back(1000);
  float* memory = nullptr;
  REQUIRE(cudaMalloc(reinterpret_cast<void**>(&memory), values.size() * sizeof(float)) == cudaSuccess);
  cudaStream_t stream = nullptr;
  REQUIRE(cudaStreamCreate(&stream) == cudaSuccess);
  cudaMemcpyAsync(memory, values.data(), values.size() * sizeof(float), cudaMemcpyHostToDevice, stream);
  nccl.sum(memory, static_cast<std::int64_t>(values.size()), stream);
  cudaMemcpyAsync(back.data(), memory, values.size() * sizeof(float), cudaMemcpyDeviceToHost, stream);
  REQUIRE(cudaStreamSynchronize(stream) == cudaSuccess);
  CHECK(back == values);
  nccl.check();
  cudaFree(memory);
  cudaStreamDestroy(stream);
#else
  CHECK_THROWS_AS(comm::Nccl(comm::Group(), 0), base::Error);
#endif
}
