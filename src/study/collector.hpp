// Beyond some 64 workers nobody reads everybody's log any more: one elected worker does, and appends what is new to one
// stream that the others follow. A collector may die or stall at any time: the others then read the logs themselves and
// elect the next one; what it had gathered are copies.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "os/file.hpp"

namespace assay::study {

struct Layout;

/// A piece of one log, copied into the stream; whole lines.
struct Segment {
  std::string log;
  std::uint64_t offset = 0;
  std::string_view bytes;
};

/// The stream of collector number `epoch`, and the newest number that was claimed (0: none).
std::filesystem::path stream_name(const std::filesystem::path& collector, std::int64_t epoch);
std::int64_t newest_epoch(const std::filesystem::path& collector);

/// Visits the whole segments at the front of `bytes`, which may begin in the middle of one; returns the bytes that need
/// not be kept.
std::size_t scan_stream(std::string_view bytes, const std::function<void(const Segment&)>& visit);

/// Gathers on a thread of its own, so that a long trial of its worker holds nobody up.
class Collector {
 public:
  /// Creates the stream of `epoch`, whose name this worker has claimed.
  Collector(const Layout& layout, std::int64_t epoch);
  ~Collector();
  Collector(const Collector&) = delete;             // owns a thread
  Collector& operator=(const Collector&) = delete;  // owns a thread

  /// False once it has given up: another collector was elected, or its disk failed it.
  bool running() const;

 private:
  struct Source {
    std::uint64_t offset = 0;
    double grown = 0;  ///< boot-time clock
  };

  void run();
  void gather(bool everything);
  void list();

  const std::filesystem::path logs_, collector_;
  const std::int64_t epoch_;
  os::AppendFile stream_;
  std::map<std::string, Source> sources_;
  double listed_ = -1e9;
  bool stopping_ = false, running_ = true;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::thread thread_;
};

}  // namespace assay::study
