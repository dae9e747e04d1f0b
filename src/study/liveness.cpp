#include "study/liveness.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/time.hpp"
#include "os/host.hpp"

namespace assay::study {
namespace {

/// Pause between two looks at the same living process.
constexpr double look_seconds = 0.25;

std::string pid_namespace() {
  char target[128];
  const auto size = ::readlink("/proc/self/ns/pid", target, sizeof target);
  return size > 0 ? std::string(target, static_cast<std::size_t>(size)) : std::string();
}

}  // namespace

Hello greet(const std::string& worker, double reservation) {
  Hello hello;
  hello.worker.id = worker;
  hello.worker.reservation = reservation;
  hello.worker.host = os::host_name();
  hello.worker.boot = os::boot_id();
  hello.worker.pid = ::getpid();
  hello.worker.process_start = os::process_start(::getpid()).value_or(0);
  hello.worker.job = os::job_id().value_or("");
  hello.worker.first_seen = hello.worker.last_record = base::unix_seconds();
  hello.worker.cores = os::usable_cores();
  hello.worker.gpus = static_cast<int>(os::visible_gpus().size());
  hello.worker.pid_namespace = pid_namespace();
  hello.restart = std::atoi(os::environment("SLURM_RESTART_COUNT").value_or("0").c_str());
  return hello;
}

double hold_seconds(const trial::WorkerInfo& worker, double lease) { return std::max(0.0, worker.reservation) + lease; }

bool reservation_over(const trial::WorkerInfo& worker, double lease) {
  return worker.reservation > 0 && base::unix_seconds() - worker.last_record > hold_seconds(worker, lease);
}

Liveness::Liveness(const Hello& self) : self_(self.worker) {
  knows_processes_ = self_.process_start != 0 && !self_.boot.empty() && !self_.pid_namespace.empty();
}

bool Liveness::proven_dead(const trial::WorkerInfo& worker) { return worker.reservation <= 0 && process_gone(worker); }

bool Liveness::process_gone(const trial::WorkerInfo& worker) {
  if (!knows_processes_ || worker.process_start == 0 || worker.host != self_.host || worker.boot != self_.boot ||
      worker.pid_namespace != self_.pid_namespace) {
    return false;
  }
  auto& look = looks_[worker.id];
  const double now = base::boot_seconds();
  if (look.dead || (look.time > 0 && now - look.time < look_seconds)) return look.dead;
  look.time = now;
  look.dead = os::process_gone(worker.pid, worker.process_start);
  return look.dead;
}

bool Liveness::lease_over(const LogProgress& progress, std::optional<double> healthy_since, double lease) {
  if (!healthy_since) return false;
  return base::boot_seconds() - std::max(progress.grown, *healthy_since) > lease;
}

}  // namespace assay::study
