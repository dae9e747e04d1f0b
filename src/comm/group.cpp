#include <algorithm>
#include <cstdlib>

#include "base/error.hpp"
#include "base/log.hpp"
#include "comm/mpi.hpp"

namespace assay::comm {
namespace {

constexpr std::int64_t largest_piece = std::int64_t{1} << 28;  // MPI counts are ints

}  // namespace

bool mpi_runs() {
  int started = 0, ended = 0;
  MPI_Initialized(&started);
  MPI_Finalized(&ended);
  return started && !ended;
}

void die(const char* library, const char* expression, const std::string& message, const char* hint) {
  int rank = 0;
  const bool runs = mpi_runs();
  if (runs) MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  base::write_log(base::Level::quiet,
                  "error: ", fmt::format("rank {}: {} failed in {}: {}. {}", rank, library, expression, message, hint));
  const int code = static_cast<int>(base::Exit::io);
  if (runs) MPI_Abort(MPI_COMM_WORLD, code);
  std::_Exit(code);
}

void check_mpi(int code, const char* expression) {
  if (code == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING] = "unknown error";
  int length = 0;
  MPI_Error_string(code, text, &length);
  die("MPI", expression, text,
      "Another rank may have died: look at the log above; the work continues when it is started again.");
}

Group::Impl::~Impl() {
  // Collective: while an exception unwinds, the other ranks are elsewhere and it would wait for them.
  if (std::uncaught_exceptions() > exceptions) return;
  if (communicator != MPI_COMM_NULL && mpi_runs()) MPI_Comm_free(&communicator);
}

Group::Group() : impl_(std::make_shared<Impl>()) {}
int Group::rank() const { return impl_->rank; }
int Group::size() const { return impl_->size; }
int Group::local_rank() const { return impl_->local_rank; }

void Group::sum(float* values, std::int64_t count) const {
  if (impl_->size == 1) return;
  for (std::int64_t at = 0; at < count; at += largest_piece) {
    const int piece = static_cast<int>(std::min(largest_piece, count - at));
    ASSAY_MPI(MPI_Allreduce(MPI_IN_PLACE, values + at, piece, MPI_FLOAT, MPI_SUM, impl_->communicator));
  }
}

int Group::max(int value) const {
  if (impl_->size == 1) return value;
  ASSAY_MPI(MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_INT, MPI_MAX, impl_->communicator));
  return value;
}

void Group::broadcast(std::string& bytes, int root) const {
  if (impl_->size == 1) return;
  std::uint64_t size = bytes.size();
  ASSAY_MPI(MPI_Bcast(&size, 1, MPI_UINT64_T, root, impl_->communicator));
  bytes.resize(size);
  for (std::uint64_t at = 0; at < size; at += static_cast<std::uint64_t>(largest_piece)) {
    const int piece = static_cast<int>(std::min<std::uint64_t>(largest_piece, size - at));
    ASSAY_MPI(MPI_Bcast(bytes.data() + at, piece, MPI_BYTE, root, impl_->communicator));
  }
}

void Group::barrier() const {
  if (impl_->size > 1) ASSAY_MPI(MPI_Barrier(impl_->communicator));
}

}  // namespace assay::comm
