#include "os/host.hpp"

#include <sched.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "base/error.hpp"

namespace assay::os {
namespace {

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

/// cgroup v2's "quota period" as whole cores, or nothing where there is no limit.
std::optional<int> cgroup_cores() {
  std::istringstream line(first_line("/sys/fs/cgroup/cpu.max"));
  double quota = 0, period = 0;
  if (!(line >> quota >> period) || period <= 0) return std::nullopt;
  return std::max(1, static_cast<int>(quota / period));
}

struct ProcessFacts {
  bool dead = false;  ///< a zombie
  std::uint64_t start = 0;
};

std::optional<ProcessFacts> look_at_process(std::int64_t pid) {
  const auto line = first_line("/proc/" + std::to_string(pid) + "/stat");
  // The program's name stands in parentheses and may hold anything: count fields after the last one.
  const auto close = line.rfind(')');
  if (close == std::string::npos) return std::nullopt;
  std::istringstream fields(line.substr(close + 1));
  ProcessFacts facts;
  std::string field;
  for (int i = 3; i <= 22; ++i) {
    if (!(fields >> field)) return std::nullopt;
    if (i == 3) facts.dead = field == "Z" || field == "X";
  }
  facts.start = std::strtoull(field.c_str(), nullptr, 10);
  return facts;
}

}  // namespace

std::string host_name() {
  char name[256] = {};
  if (::gethostname(name, sizeof name - 1) != 0) return "unknown";
  return name;
}

std::string boot_id() { return first_line("/proc/sys/kernel/random/boot_id"); }

std::optional<std::uint64_t> process_start(std::int64_t pid) {
  const auto facts = look_at_process(pid);
  return facts && !facts->dead ? std::optional(facts->start) : std::nullopt;
}

bool process_gone(std::int64_t pid, std::uint64_t start) {
  if (::kill(static_cast<pid_t>(pid), 0) != 0 && errno == ESRCH) return true;
  const auto facts = look_at_process(pid);
  return facts && (facts->dead || facts->start != start);
}

int usable_cores() {
  cpu_set_t mask;
  int cores = 1;
  if (::sched_getaffinity(0, sizeof mask, &mask) == 0) cores = CPU_COUNT(&mask);
  return std::max(1, std::min(cores, cgroup_cores().value_or(cores)));
}

std::vector<std::string> visible_gpus() {
  std::vector<std::string> gpus;
  if (const char* listed = std::getenv("CUDA_VISIBLE_DEVICES"); listed != nullptr) {
    std::istringstream names(listed);
    for (std::string name; std::getline(names, name, ',') && name[0] != '-';) gpus.push_back(name);
    return gpus;
  }
  while (::access(("/dev/nvidia" + std::to_string(gpus.size())).c_str(), F_OK) == 0) {
    gpus.push_back(std::to_string(gpus.size()));
  }
  return gpus;
}

std::vector<std::string> share_of_gpus(const std::vector<std::string>& gpus, int worker, int each) {
  const auto count = std::min(gpus.size(), static_cast<std::size_t>(std::max(1, each)));
  if (count == 0) return {};
  const auto first = static_cast<std::size_t>(worker) % (gpus.size() / count) * count;
  const auto begin = gpus.begin() + static_cast<std::ptrdiff_t>(first);
  return {begin, begin + static_cast<std::ptrdiff_t>(count)};
}

std::uint64_t peak_memory() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

std::optional<std::string> job_id() {
  const auto array = environment("SLURM_ARRAY_JOB_ID");
  const auto task = environment("SLURM_ARRAY_TASK_ID");
  if (array && task) return *array + "_" + *task;
  return environment("SLURM_JOB_ID");
}

std::string random_name() {
  std::uint64_t bits = 0;
  if (::getrandom(&bits, sizeof bits, 0) != sizeof bits) base::fail(base::Exit::io, "getrandom gave no random bytes");
  return fmt::format("{:016x}", bits);
}

}  // namespace assay::os
