#include "worker/budget.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <exception>
#include <limits>
#include <utility>

#include "base/log.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "os/file.hpp"
#include "os/host.hpp"
#include "os/signal.hpp"

namespace assay::worker {
namespace {

constexpr double look_seconds = 2;
constexpr double most_margin = 30;  ///< seconds for the checkpoint before the budget is over

}  // namespace

Budget::Budget(double seconds)
    : seconds_(seconds), end_(base::steady_seconds() + seconds - std::min(most_margin, 0.1 * seconds)) {
  const auto start = base::number_in(os::environment("SLURM_JOB_START_TIME").value_or(""));
  const auto end = base::number_in(os::environment("SLURM_JOB_END_TIME").value_or(""));
  if (!start || !end || *end <= *start) return;
  job_seconds_ = *end - *start;
  job_end_ = *end;
}

bool Budget::cut_short(double trial_seconds) const {
  if (trial_seconds <= given() / 2) return false;
  if (limited()) return left() <= 0;
  // Slurm warns some time before the end; the same signal may come from a person at any time.
  const bool at_the_end = job_end_ - base::unix_seconds() <= job_seconds_ / 4;
  return job_seconds_ > 0 && os::stop_signal() == SIGUSR2 && at_the_end;
}

double Budget::left() const {
  return limited() ? end_ - base::steady_seconds() : std::numeric_limits<double>::infinity();
}

bool Budget::worth_starting() const {
  if (!limited() || durations_.empty()) return true;
  auto sorted = durations_;
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  return *middle <= left() || *middle > seconds_ / 2;
}

Watch::Watch(const Budget& budget, std::vector<std::filesystem::path> stop_files)
    : budget_(budget), stop_files_(std::move(stop_files)), thread_([this] { run(); }) {}

Watch::~Watch() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

std::string Watch::reason() const {
  {
    const std::lock_guard lock(mutex_);
    if (!reason_.empty()) return reason_;
  }
  const int signal = os::stop_signal();
  return signal == 0 ? "" : os::signal_name(signal);
}

void Watch::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_ && reason_.empty()) {
    try {
      for (const auto& file : stop_files_) {
        if (os::file_size(file)) reason_ = "asked to stop (" + file.string() + ")";
      }
    } catch (const std::exception& error) {
      base::log_warning("{}", error.what());
    }
    if (budget_.left() <= 0) reason_ = "the time budget is used up";
    if (!reason_.empty()) {
      os::request_stop(SIGUSR2);
      return;
    }
    wake_.wait_for(lock, std::chrono::duration<double>(std::clamp(budget_.left(), 0.0, look_seconds)));
  }
}

}  // namespace assay::worker
