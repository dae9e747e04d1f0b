#include "study/collector.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <exception>
#include <vector>

#include "base/log.hpp"
#include "base/time.hpp"
#include "study/names.hpp"

namespace assay::study {
namespace {

/// Begins a segment's head; JSON text and numbers never hold it, so that a reader can join in the middle.
constexpr char mark = '\x01';
constexpr double gather_seconds = 1, listing_seconds = 5;
/// A log that has been silent for so long is looked at every tenth time only.
constexpr double quiet_seconds = 120;
constexpr std::size_t part_bytes = 4 << 20;

std::string head_of(const std::string& log, std::uint64_t offset, std::size_t size) {
  return mark + log + " " + std::to_string(offset) + " " + std::to_string(size) + "\n";
}

/// The bytes of a log up to its last line break: what was before a collector began lies in the log itself.
std::uint64_t whole_lines(const std::filesystem::path& log) {
  constexpr std::uint64_t tail = 1 << 20;
  const auto size = os::file_size(log).value_or(0);
  const auto begin = size > tail ? size - tail : 0;
  const auto end = os::read_part(log, begin, tail).rfind('\n');
  return end == std::string::npos ? begin : begin + end + 1;
}

template <class Number>
bool read_number(std::string_view& text, char end, Number& number) {
  const auto [after, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || after == text.data() + text.size() || *after != end) return false;
  text.remove_prefix(static_cast<std::size_t>(after - text.data()) + 1);
  return true;
}

}  // namespace

std::filesystem::path stream_name(const std::filesystem::path& collector, std::int64_t epoch) {
  return collector / (std::to_string(epoch) + ".stream");
}

std::int64_t newest_epoch(const std::filesystem::path& collector) {
  std::int64_t newest = 0;
  for (const auto& name : os::list_folder(collector)) {
    std::int64_t epoch = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), epoch);
    if (error == std::errc() && end == name.data() + name.size()) newest = std::max(newest, epoch);
  }
  return newest;
}

std::size_t scan_stream(std::string_view bytes, const std::function<void(const Segment&)>& visit) {
  std::size_t used = 0;
  for (;;) {
    const auto begin = bytes.find(mark, used);
    if (begin == std::string_view::npos) return bytes.size();
    used = begin;
    const auto end = bytes.find('\n', begin);
    if (end == std::string_view::npos) return used;
    if (const auto other = bytes.substr(0, end).find(mark, begin + 1); other != std::string_view::npos) {
      used = other;  // torn within its head
      continue;
    }
    auto head = bytes.substr(begin + 1, end - begin);
    Segment segment;
    std::size_t size = 0;
    const auto space = head.find(' ');
    if (space != std::string_view::npos) {
      segment.log = head.substr(0, space);
      head.remove_prefix(space + 1);
    }
    if (space == std::string_view::npos || !read_number(head, ' ', segment.offset) || !read_number(head, '\n', size)) {
      used = begin + 1;  // torn: look for the next mark
      continue;
    }
    const auto next = bytes.find(mark, end + 1);
    if (next != std::string_view::npos && next < end + 1 + size) {
      used = next;  // torn: its collector died half-way through, or wrote on after a failure
      continue;
    }
    if (end + 1 + size > bytes.size()) return used;
    segment.bytes = bytes.substr(end + 1, size);
    visit(segment);
    used = end + 1 + size;
  }
}

Collector::Collector(const Layout& layout, std::int64_t epoch)
    : logs_(layout.log()),
      collector_(layout.collector()),
      epoch_(epoch),
      stream_(stream_name(layout.collector(), epoch)),
      thread_([this] { run(); }) {
  // Streams before the last one are read by nobody any more.
  for (auto old = epoch - 2; old > 0 && os::file_size(stream_name(collector_, old)); --old) {
    os::remove_all(stream_name(collector_, old));
  }
}

Collector::~Collector() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

bool Collector::running() const {
  const std::lock_guard lock(mutex_);
  return running_;
}

void Collector::list() {
  listed_ = base::boot_seconds();
  std::map<std::string, Source> there;
  for (const auto& name : os::list_folder(logs_)) {
    const auto known = sources_.find(name);
    if (known != sources_.end()) {
      there.insert(*known);
    } else if (name.front() != '.' && name.find(".tmp.") == std::string::npos) {
      there[name] = {sources_.empty() ? whole_lines(logs_ / name) : 0, listed_};
    }
  }
  sources_ = std::move(there);
}

void Collector::gather(bool everything) {
  const double now = base::boot_seconds();
  bool silent = true;
  for (auto& [name, source] : sources_) {
    if (!everything && now - source.grown > quiet_seconds) continue;
    const auto bytes = os::read_part(logs_ / name, source.offset, part_bytes);
    const auto end = bytes.rfind('\n');
    if (end == std::string::npos) continue;
    stream_.append(head_of(name, source.offset, end + 1) + bytes.substr(0, end + 1));
    source = {source.offset + end + 1, now};
    silent = false;
  }
  // An empty segment is the stream's heartbeat. Others see the bytes of a network file system once they are synced.
  if (silent) stream_.append(head_of("-", 0, 0));
  stream_.sync();
}

void Collector::run() {
  std::unique_lock lock(mutex_);
  for (std::int64_t round = 0; !stopping_; ++round) {
    lock.unlock();
    bool stay = true;
    try {
      if (base::boot_seconds() - listed_ > listing_seconds) {
        list();
        stay = newest_epoch(collector_) <= epoch_;
      }
      if (stay) gather(round % 10 == 0);
    } catch (const std::exception& error) {
      base::log_warning("this worker collects no longer: {}", error.what());
      stay = false;
    }
    lock.lock();
    if (!stay) {
      running_ = false;
      return;
    }
    wake_.wait_for(lock, std::chrono::duration<double>(gather_seconds));
  }
}

}  // namespace assay::study
