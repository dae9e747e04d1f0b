// The log that this worker alone appends to, and its heartbeat. The only part of a study that two threads touch.
#pragma once

#include <condition_variable>
#include <exception>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "os/file.hpp"
#include "study/record.hpp"

namespace assay::study {

enum class Flush {
  later,    ///< with the next record, or within a second
  written,  ///< readers of this machine see it at once, others within a second
  durable   ///< fdatasync before the call returns
};

class LogWriter {
 public:
  /// Creates log/<worker>.0 with the greeting, durably, and starts the heartbeat.
  LogWriter(std::filesystem::path folder, Hello hello, double heartbeat_seconds);
  /// Stops the heartbeat; what is still buffered is written if that works.
  ~LogWriter();
  LogWriter(const LogWriter&) = delete;             // owns a thread
  LogWriter& operator=(const LogWriter&) = delete;  // owns a thread

  /// After a failure, of the heartbeat too, every later call throws that error again: records may be missing.
  void append(const Record& record, Flush flush);
  /// Last record; the heartbeat ends.
  void goodbye(const std::string& reason);
  /// No more records, and no goodbye either: the claims of this worker hold.
  void fall_silent();
  bool left() const { return left_; }

  void set_heartbeat(double seconds);
  /// Since when (boot-time clock) this worker's own bytes have reached the disk without a long gap; nothing while they
  /// do not. Silence of others is believed only for that long.
  std::optional<double> healthy_since() const;

 private:
  void beat();
  void write_locked(Flush flush);
  void roll_locked();
  void open_next_locked();

  const std::filesystem::path folder_;
  const Hello hello_;
  double heartbeat_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::optional<os::AppendFile> file_;
  std::string buffer_;
  int files_ = 0;
  std::exception_ptr broken_;  ///< a write or sync failed: what the disk holds is not known, nothing more is recorded
  bool torn_ = false;          ///< a write failed half-way: the next one starts on a new line
  bool unsynced_ = false;      ///< bytes written, not yet fdatasynced
  bool left_ = false;
  bool stopping_ = false;
  double last_append_ = 0, last_durable_ = 0, healthy_since_ = 0;  ///< boot-time clock
  std::thread thread_;
};

}  // namespace assay::study
