// This user's jobs as squeue shows them, and what Slurm's reasons mean.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace assay::launch {

struct QueuedJob {
  std::string id;        ///< "12", "12_3", "12_[4-7]"
  std::string array_id;  ///< "12": what a dependency names
  std::string name, state, elapsed, reason;
};

/// Pure: the lines of `squeue -h -o "%i|%F|%j|%T|%M|%r"`.
std::vector<QueuedJob> parse_queue(const std::string& text);

/// One squeue call for all `names`; nothing if there is no Slurm here. Error(io) if the controller does not answer
/// after several tries.
std::optional<std::vector<QueuedJob>> queued_jobs(const std::vector<std::string>& names, int tries = 3);

/// What a pending reason means for a person, or the reason itself.
std::string explain(const std::string& reason);
/// True if such a job will never start.
bool hopeless(const QueuedJob& job);

}  // namespace assay::launch
