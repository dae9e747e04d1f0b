// Facts about this machine and about processes on it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace assay::os {

std::string host_name();
/// A new value at every boot; empty where the kernel does not say.
std::string boot_id();
/// Clock ticks since boot at which process `pid` started: with the pid and the boot it names a process for ever.
std::optional<std::uint64_t> process_start(std::int64_t pid);
/// True only if it is proven that the process with that pid and start time has ended; false for what cannot be looked
/// at.
bool process_gone(std::int64_t pid, std::uint64_t start);
/// Cores that this process may run on (affinity mask and cgroup quota).
int usable_cores();
/// The GPUs that this process may use: $CUDA_VISIBLE_DEVICES (set and empty: none), else the device files by number.
std::vector<std::string> visible_gpus();
/// The share of worker number `worker` (from 0) of those GPUs: `each` of them. Workers beyond the last share go round,
/// so that two of them have the same GPUs or none in common.
std::vector<std::string> share_of_gpus(const std::vector<std::string>& gpus, int worker, int each);
/// Highest resident memory of this process so far, in bytes.
std::uint64_t peak_memory();
/// The variable's value, or nothing if it is unset or empty.
std::optional<std::string> environment(const std::string& name);
/// Slurm's job id ("123" or "123_4"), or nothing outside a job.
std::optional<std::string> job_id();
/// 16 random hexadecimal digits from the kernel.
std::string random_name();

}  // namespace assay::os
