#include "comm/world.hpp"

#include <cstdlib>
#include <cstring>
#include <exception>

#include "base/error.hpp"
#include "comm/mpi.hpp"

extern "C" char** environ;

namespace assay::comm {
namespace {

std::optional<int> count_from(const char* variable) {
  const char* text = std::getenv(variable);
  if (!text || !*text) return std::nullopt;
  const int count = std::atoi(text);
  return count > 0 ? std::optional(count) : std::nullopt;
}

/// PMIx and PMI give each rank variables of their own; without them ranks started by srun are strangers.
bool has_process_manager() {
  for (char** entry = environ; entry && *entry; ++entry) {
    for (const char* prefix : {"PMIX_RANK=", "PMIX_NAMESPACE=", "PMI_RANK=", "PMI_FD=", "PMI_CONTROL_PORT="}) {
      if (std::strncmp(*entry, prefix, std::strlen(prefix)) == 0) return true;
    }
  }
  return false;
}

[[noreturn]] void refuse_strangers(const Launch& launch, int found) {
  base::fail(
      base::Exit::config,
      "{} started {} processes, but MPI sees {} of them: it does not serve this program's MPI library. Start with "
      "srun --mpi=pmix (if srun --mpi=list shows pmix), or with the mpirun of the MPI that Assay was built with.",
      launch.launcher, *launch.size, found);
}

}  // namespace

Launch detect_launch() {
  Launch launch;
  launch.process_manager = has_process_manager();
  if (const auto size = count_from("OMPI_COMM_WORLD_SIZE")) {
    launch.launcher = "mpirun";
    launch.size = size;
  } else if (const auto step = count_from("SLURM_STEP_NUM_TASKS")) {
    launch.launcher = "srun";
    launch.size = step;
  } else if (const auto pmi = count_from("PMI_SIZE")) {
    launch.launcher = "mpiexec";
    launch.size = pmi;
  } else if (launch.process_manager) {
    launch.launcher = "the launcher";
  }
  return launch;
}

World::World() {
  const Launch launch = detect_launch();
  if (launch.launcher.empty() || launch.size == 1) return;
  // Some MPI libraries would abort inside MPI_Init with a page of text, others would start worlds of one.
  if (!launch.process_manager && launch.launcher == "srun") refuse_strangers(launch, 1);
  int provided = 0;
  ASSAY_MPI(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided));
  started_ = true;
  ASSAY_MPI(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN));
  ASSAY_MPI(MPI_Comm_rank(MPI_COMM_WORLD, &rank_));
  ASSAY_MPI(MPI_Comm_size(MPI_COMM_WORLD, &size_));
  if (launch.size && size_ != *launch.size) {
    const int found = size_;
    MPI_Finalize();  // a constructor that throws has no destructor call
    refuse_strangers(launch, found);
  }
  if (provided < MPI_THREAD_FUNNELED) {
    MPI_Finalize();
    base::fail(base::Exit::config,
               "This MPI library does not allow programs with threads (MPI_THREAD_FUNNELED); use another build.");
  }
  MPI_Comm node = MPI_COMM_NULL;
  ASSAY_MPI(MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, rank_, MPI_INFO_NULL, &node));
  ASSAY_MPI(MPI_Comm_rank(node, &local_rank_));
  ASSAY_MPI(MPI_Comm_free(&node));
}

World::~World() {
  if (started_ && std::uncaught_exceptions() == 0 && mpi_runs()) MPI_Finalize();
}

Group World::groups(int ranks) const {
  if (ranks < 1) base::fail(base::Exit::config, "A group of {} ranks makes no sense: at least 1 is needed.", ranks);
  if (ranks > size_) {
    base::fail(
        base::Exit::config,
        "{} ranks per trial are asked for, but only {} {} started: start with mpirun -n {} (or srun --mpi=pmix -n {}), "
        "or ask for fewer GPUs per trial.",
        ranks, size_, size_ == 1 ? "is" : "are", ranks, ranks);
  }
  if (size_ % ranks != 0) {
    base::fail(base::Exit::config,
               "{} ranks were started, which groups of {} cannot share out: start a multiple of {} (for instance "
               "mpirun -n {}).",
               size_, ranks, ranks, size_ / ranks * ranks);
  }
  Group group;
  group.impl_->local_rank = local_rank_;
  if (ranks == 1) return group;
  ASSAY_MPI(MPI_Comm_split(MPI_COMM_WORLD, rank_ / ranks, rank_, &group.impl_->communicator));
  ASSAY_MPI(MPI_Comm_set_errhandler(group.impl_->communicator, MPI_ERRORS_RETURN));
  ASSAY_MPI(MPI_Comm_rank(group.impl_->communicator, &group.impl_->rank));
  ASSAY_MPI(MPI_Comm_size(group.impl_->communicator, &group.impl_->size));
  return group;
}

void abort_world(int exit_code) {
  if (mpi_runs()) MPI_Abort(MPI_COMM_WORLD, exit_code);
}

}  // namespace assay::comm
