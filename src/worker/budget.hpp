// The time that this process may run, and who watches it: one thread that turns the end of the budget and the study's
// stop file into the same wish to stop as a signal.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace assay::worker {

class Budget {
 public:
  /// `seconds` 0: no limit.
  explicit Budget(double seconds);
  bool limited() const { return seconds_ > 0; }
  /// When trials are asked to stop, early enough for a checkpoint.
  double left() const;
  /// How long a trial of this process took.
  void took(double seconds) { durations_.push_back(seconds); }
  /// False if a typical trial would not end in time and would have fitted into a fresh budget: better not started. A
  /// trial that fills more than half a budget is started all the same, because it can only progress from checkpoint to
  /// checkpoint.
  bool worth_starting() const;
  /// How long this process was to run: the budget, else its Slurm job's time; 0 where neither is known.
  double given() const { return limited() ? seconds_ : job_seconds_; }
  /// True if a trial of so many seconds was ended by the end of that time, and had more than half of it: the next
  /// worker can give it little more.
  bool cut_short(double trial_seconds) const;

 private:
  double seconds_, end_;
  double job_seconds_ = 0, job_end_ = 0;  ///< of the Slurm job; Unix seconds
  std::vector<double> durations_;
};

/// Calls os::request_stop(SIGUSR2) at the end of the budget, or when a stop file appears.
class Watch {
 public:
  Watch(const Budget& budget, std::vector<std::filesystem::path> stop_files);
  ~Watch();
  Watch(const Watch&) = delete;             // owns a thread
  Watch& operator=(const Watch&) = delete;  // owns a thread
  /// Why a stop is wanted: signal, time budget or stop file; empty if none is.
  std::string reason() const;

 private:
  void run();

  const Budget& budget_;
  const std::vector<std::filesystem::path> stop_files_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::string reason_;
  std::thread thread_;
};

}  // namespace assay::worker
