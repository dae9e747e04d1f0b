#include "comm/nccl.hpp"

#include <exception>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "comm/mpi.hpp"

#ifdef ASSAY_WITH_CUDA
#include <cuda_runtime_api.h>
#include <nccl.h>
#include <unistd.h>

#include <cstring>

namespace assay::comm {
namespace {

void check_cuda(cudaError_t code, const char* expression) {
  if (code == cudaSuccess) return;
  die("CUDA", expression, cudaGetErrorString(code), "Look at the GPU with nvidia-smi; another process may hold it.");
}

void check_nccl(ncclResult_t code, const char* expression) {
  if (code == ncclSuccess) return;
  die("NCCL", expression, ncclGetErrorString(code),
      "NCCL_DEBUG=INFO tells more; several networks in the nodes: set NCCL_SOCKET_IFNAME.");
}

#define ASSAY_CUDA(call) check_cuda((call), #call)
#define ASSAY_NCCL(call) check_nccl((call), #call)

/// NCCL hangs when two ranks of one communicator use the same GPU, so they are compared first.
void refuse_shared_gpus(const Group& group, int device) {
  if (group.size() == 1) return;
  constexpr int width = 80;
  cudaDeviceProp properties{};
  ASSAY_CUDA(cudaGetDeviceProperties(&properties, device));
  std::vector<char> names(static_cast<std::size_t>(width * group.size()), '\0');
  char* mine = names.data() + width * group.rank();
  std::memcpy(mine, &properties.uuid, sizeof properties.uuid);
  ::gethostname(mine + sizeof properties.uuid, width - sizeof properties.uuid - 1);
  ASSAY_MPI(
      MPI_Allgather(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, names.data(), width, MPI_BYTE, group.impl()->communicator));
  for (int other = 0; other < group.size(); ++other) {
    if (other == group.rank() || std::memcmp(names.data() + width * other, mine, width) != 0) continue;
    base::fail(
        base::Exit::config,
        "Ranks {} and {} of a trial share one GPU of {}, which NCCL does not allow: ask for as many GPUs per node as "
        "ranks per node, or for fewer GPUs per trial.",
        std::min(other, group.rank()), std::max(other, group.rank()), mine + sizeof properties.uuid);
  }
}

/// Two copies of NCCL in one process interpose each other's symbols; the headers must belong to the library.
void refuse_other_version() {
  int version = 0;
  ASSAY_NCCL(ncclGetVersion(&version));
  if (version / 10000 != NCCL_VERSION_CODE / 10000) {
    base::fail(
        base::Exit::config,
        "The NCCL library loaded is version {}, but Assay was built with {}: unset LD_LIBRARY_PATH and LD_PRELOAD "
        "entries that lead to another NCCL.",
        version, NCCL_VERSION_CODE);
  }
}

}  // namespace

struct Nccl::Impl {
  ncclComm_t communicator = nullptr;
  cudaStream_t stream = nullptr;
  cudaEvent_t ready = nullptr, summed = nullptr;
  int exceptions = std::uncaught_exceptions();  ///< when it was made
};

Nccl::Nccl(const Group& group, int device) {
  refuse_other_version();
  refuse_shared_gpus(group, device);
  impl_ = std::make_unique<Impl>();
  ncclUniqueId id{};
  if (group.rank() == 0) ASSAY_NCCL(ncclGetUniqueId(&id));
  std::string bytes(reinterpret_cast<const char*>(&id), sizeof id);
  group.broadcast(bytes);
  std::memcpy(&id, bytes.data(), sizeof id);
  group.barrier();
  int least = 0, greatest = 0;
  ASSAY_CUDA(cudaDeviceGetStreamPriorityRange(&least, &greatest));
  ASSAY_CUDA(cudaStreamCreateWithPriority(&impl_->stream, cudaStreamNonBlocking, greatest));
  ASSAY_CUDA(cudaEventCreateWithFlags(&impl_->ready, cudaEventDisableTiming));
  ASSAY_CUDA(cudaEventCreateWithFlags(&impl_->summed, cudaEventDisableTiming));
  ASSAY_NCCL(ncclCommInitRank(&impl_->communicator, group.size(), id, group.rank()));
}

Nccl::~Nccl() {
  if (!impl_) return;
  // Destroying a communicator, and events behind its sums, waits for peers: while an exception unwinds they may be
  // elsewhere, and the process ends anyway.
  if (std::uncaught_exceptions() > impl_->exceptions) return;
  // Failures here are of no consequence any more, and a destructor must not end the process.
  if (impl_->communicator) ncclCommDestroy(impl_->communicator);
  if (impl_->ready) cudaEventDestroy(impl_->ready);
  if (impl_->summed) cudaEventDestroy(impl_->summed);
  if (impl_->stream) cudaStreamDestroy(impl_->stream);
}

void Nccl::sum(float* values, std::int64_t count, void* stream) const {
  auto* compute = static_cast<cudaStream_t>(stream);
  ASSAY_CUDA(cudaEventRecord(impl_->ready, compute));
  ASSAY_CUDA(cudaStreamWaitEvent(impl_->stream, impl_->ready, 0));
  ASSAY_NCCL(ncclAllReduce(values, values, static_cast<std::size_t>(count), ncclFloat32, ncclSum, impl_->communicator,
                           impl_->stream));
  ASSAY_CUDA(cudaEventRecord(impl_->summed, impl_->stream));
  ASSAY_CUDA(cudaStreamWaitEvent(compute, impl_->summed, 0));
}

void Nccl::check() const {
  ncclResult_t noticed = ncclSuccess;
  ASSAY_NCCL(ncclCommGetAsyncError(impl_->communicator, &noticed));
  check_nccl(noticed, "a collective in flight");
}

}  // namespace assay::comm

#else  // without CUDA

namespace assay::comm {

struct Nccl::Impl {};
Nccl::Nccl(const Group&, int) {
  base::fail(base::Exit::config,
             "This build has no GPU path: install a LibTorch with CUDA (bin/setup --cuda 13.0) and build again.");
}
Nccl::~Nccl() = default;
void Nccl::sum(float*, std::int64_t, void*) const {}
void Nccl::check() const {}

}  // namespace assay::comm

#endif
