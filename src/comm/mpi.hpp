// The C interface of MPI, checked: every call's result is looked at, a failed one ends the world with the expression.
// Internal to comm.
#pragma once

#define OMPI_SKIP_MPICXX 1
#define MPICH_SKIP_MPICXX 1
#include <mpi.h>

#include <exception>

#include "comm/world.hpp"

namespace assay::comm {

struct Group::Impl {
  MPI_Comm communicator = MPI_COMM_NULL;  ///< owned; null in a group of one
  int rank = 0, size = 1, local_rank = 0;
  int exceptions = std::uncaught_exceptions();  ///< when it was made: more of them later mean that one unwinds it

  Impl() = default;
  ~Impl();
  Impl(const Impl&) = delete;             // owns a communicator
  Impl& operator=(const Impl&) = delete;  // owns a communicator
};

/// True between MPI_Init and MPI_Finalize.
bool mpi_runs();

/// Prints what failed on which rank and ends the world (exit code 74: another rank or the network is gone).
[[noreturn]] void die(const char* library, const char* expression, const std::string& message, const char* hint);

void check_mpi(int code, const char* expression);

}  // namespace assay::comm

#define ASSAY_MPI(call) ::assay::comm::check_mpi((call), #call)
