#include "study/log_writer.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/time.hpp"

namespace assay::study {
namespace {

constexpr std::uint64_t roll_bytes = 64 << 20;
constexpr double batch_seconds = 1;

}  // namespace

LogWriter::LogWriter(std::filesystem::path folder, Hello hello, double heartbeat_seconds)
    : folder_(std::move(folder)), hello_(std::move(hello)), heartbeat_(heartbeat_seconds) {
  {
    const std::lock_guard lock(mutex_);
    open_next_locked();
    healthy_since_ = last_durable_;
  }
  thread_ = std::thread([this] { beat(); });
}

LogWriter::~LogWriter() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
  try {
    const std::lock_guard lock(mutex_);
    if (!buffer_.empty()) write_locked(Flush::durable);
  } catch (const std::exception& error) {
    base::log_warning("the last lines of a worker's log could not be written: {}", error.what());
  }
}

void LogWriter::append(const Record& record, Flush flush) {
  const auto line = frame(encode(record));
  const std::lock_guard lock(mutex_);
  base::require(!left_, "a worker that has said goodbye writes to its log");
  if (broken_) std::rethrow_exception(broken_);
  buffer_ += line;
  last_append_ = base::boot_seconds();
  try {
    if (flush != Flush::later) write_locked(flush);
    if (file_->size() > roll_bytes) roll_locked();
  } catch (...) {
    broken_ = std::current_exception();
    throw;
  }
}

void LogWriter::goodbye(const std::string& reason) {
  const std::lock_guard lock(mutex_);
  if (left_) return;
  left_ = true;
  buffer_ += frame(encode(Bye{reason, base::unix_seconds()}));
  write_locked(Flush::durable);
}

void LogWriter::fall_silent() {
  const std::lock_guard lock(mutex_);
  if (left_) return;
  left_ = true;
  write_locked(Flush::durable);
}

void LogWriter::set_heartbeat(double seconds) {
  const std::lock_guard lock(mutex_);
  heartbeat_ = seconds;
}

std::optional<double> LogWriter::healthy_since() const {
  const std::lock_guard lock(mutex_);
  if (base::boot_seconds() - last_durable_ > 3 * heartbeat_ + batch_seconds) return std::nullopt;
  return healthy_since_;
}

void LogWriter::write_locked(Flush flush) {
  if (!buffer_.empty()) {
    // The buffer is given up before the attempt: a record that could not be written is reported once, as an error.
    auto bytes = std::exchange(buffer_, {});
    if (torn_) bytes.insert(0, 1, '\n');
    torn_ = true;
    file_->append(bytes);
    torn_ = false;
    unsynced_ = true;
  }
  if (flush != Flush::durable || !unsynced_) return;
  file_->sync();
  unsynced_ = false;
  const double now = base::boot_seconds();
  if (now - last_durable_ > 3 * heartbeat_ + batch_seconds) healthy_since_ = now;
  last_durable_ = now;
}

void LogWriter::roll_locked() {
  buffer_ += frame(encode(Roll{}));
  write_locked(Flush::durable);
  open_next_locked();
}

void LogWriter::open_next_locked() {
  file_.emplace(folder_ / (hello_.worker.id + "." + std::to_string(files_++)));
  buffer_ += frame(encode(hello_));
  last_append_ = base::boot_seconds();
  write_locked(Flush::durable);
  os::sync_folder(folder_);
}

void LogWriter::beat() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const double tick = std::min(batch_seconds, heartbeat_ / 2);
    wake_.wait_for(lock, std::chrono::duration<double>(tick));
    if (stopping_ || left_ || broken_) continue;
    const double now = base::boot_seconds();
    try {
      if (now - last_append_ >= heartbeat_) {
        buffer_ += frame(encode(Beat{base::unix_seconds()}));
        last_append_ = now;
      }
      if (!buffer_.empty() || unsynced_) write_locked(Flush::durable);
    } catch (const std::exception& error) {
      // Records are lost, or may be (after a failed sync the next one succeeds without them): the worker's next own
      // record ends it.
      broken_ = std::current_exception();
      base::log_warning("heartbeat: {}", error.what());
    }
  }
}

}  // namespace assay::study
