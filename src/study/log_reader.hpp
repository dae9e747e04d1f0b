// Reads what was appended to the logs of a study since the last time, and passes the records on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "study/record.hpp"

namespace assay::study {

/// How far one worker's logs have been seen; a lease is judged by `grown`.
struct LogProgress {
  double grown = 0;    ///< when this process last saw new bytes (boot-time clock); first sight counts
  bool ended = false;  ///< `bye` was read: nothing more will come
};

class LogReader {
 public:
  using Sink = std::function<void(const std::string& worker, Record record)>;

  /// `own` is left out: a worker knows what it wrote itself. Empty: read all.
  LogReader(std::filesystem::path folder, std::string own, Sink sink);

  /// Looks for new log files (a listing) and reads on in all of them.
  void read();
  /// Reads on in the known files of one worker only.
  void read(const std::string& worker);
  /// Looks for new files at the next read(), whatever the time.
  void expect_new_files() { listed_ = -1; }

  const std::map<std::string, LogProgress>& workers() const { return progress_; }
  /// Lines that were torn or damaged.
  std::int64_t damaged() const { return damaged_; }

 private:
  struct File {
    std::string name, worker;
    int number = 0;
    std::uint64_t offset = 0, seen = 0;  ///< bytes used; bytes there
    bool finished = false;
  };

  void list();
  void read_file(File& file);
  std::size_t use(File& file, std::string_view bytes);

  std::filesystem::path folder_;
  std::string own_;
  Sink sink_;
  std::map<std::string, File> files_;  ///< by name
  std::map<std::string, LogProgress> progress_;
  double listed_ = -1;  ///< boot-time clock
  std::int64_t damaged_ = 0;
};

}  // namespace assay::study
