// Reads what was appended to the logs of a study since the last time, and passes the records on: from the logs
// themselves, from the archive that ended logs are packed into, and, where there are many workers, from the one stream
// in which a collector gathers all that is new.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "study/record.hpp"

namespace assay::study {

struct Layout;

/// Seconds without a new byte after which a collector's stream is not trusted any more.
inline constexpr double stream_silence = 15;

/// How far one worker's logs have been seen; a lease is judged by `grown`.
struct LogProgress {
  double grown = 0;    ///< when this process last saw new bytes (boot-time clock); first sight counts
  bool ended = false;  ///< `bye` was read, or it was packed as dead: nothing more will come
};

class LogReader {
 public:
  using Sink = std::function<void(const std::string& worker, Record record)>;

  /// `own` is left out: a worker knows what it wrote itself. Empty: read all.
  LogReader(const Layout& layout, std::string own, Sink sink);

  /// Looks for new logs and pieces (listings, now and then) and reads on in all that is not finished.
  void read();
  /// Reads on in the logs of one worker only.
  void read(const std::string& worker);
  /// Syncs the logs of one worker, before others build on what it may not have synced itself.
  void make_durable(const std::string& worker) const;
  /// Looks for new names at the next read(), whatever the time.
  void expect_new_files() { listed_ = archive_listed_ = -1; }

  const std::map<std::string, LogProgress>& workers() const { return progress_; }
  /// Logs that are not finished: how many files a direct look reads.
  std::size_t live() const { return live_; }
  /// From how many live logs on the collector's stream is followed while it grows, 0: never; and after how many seconds
  /// without a new byte it is not trusted any more.
  void follow_collector_from(std::size_t logs, double silence = stream_silence) {
    collector_from_ = logs;
    silence_ = silence;
  }
  /// True while the stream tells all that is new.
  bool following() const;
  /// The newest collector's number, 0: there has been none.
  std::int64_t epoch() const { return epoch_; }

  struct Finished {
    std::string name, worker;
    bool ended = false;      ///< its last record was read; else its worker is dead
    std::uint64_t seen = 0;  ///< bytes that it has at least
  };
  /// Logs that ended and lie in log/ (which is listed for it); with `dead(worker)` also the last ones of workers that
  /// will never end them.
  std::vector<Finished> packable(const std::function<bool(const std::string& worker)>& dead);
  /// Logs below log/ that a piece holds as well: their packer died before it could unlink them.
  std::vector<std::string> packed_twice() const;
  /// Lines that were torn or damaged.
  std::int64_t damaged() const { return damaged_; }

 private:
  struct File {
    std::string name, worker;
    int number = 0;
    std::uint64_t offset = 0, seen = 0;  ///< bytes used; bytes there
    std::uint64_t announced = 0;         ///< bytes that a collector has seen
    bool finished = false, packed = false;
    bool there = false;  ///< in log/ at the last listing
  };

  File* file(const std::string& name);
  void list();
  void list_archive();
  void read_file(File& file);
  void read_stream();
  void take(const std::string& name, std::uint64_t offset, std::string_view bytes);
  std::size_t use(File& file, std::string_view bytes);
  void finish(File& file);

  const std::filesystem::path folder_, archive_, collector_;
  std::string own_;
  Sink sink_;
  std::map<std::string, File> files_;  ///< by name
  std::map<std::string, LogProgress> progress_;
  std::set<std::string> pieces_;
  std::size_t live_ = 0, collector_from_ = 0;
  double listed_ = -1, archive_listed_ = -1;  ///< boot-time clock
  std::int64_t damaged_ = 0;

  double silence_ = stream_silence;
  std::int64_t epoch_ = 0;
  std::uint64_t stream_offset_ = 0;
  double stream_grown_ = -1e9;  ///< boot-time clock
  std::string stream_rest_;     ///< the beginning of a segment whose end is not there yet
};

}  // namespace assay::study
