#include "study/log_reader.hpp"

#include <algorithm>
#include <charconv>
#include <future>
#include <utility>

#include "base/time.hpp"
#include "os/file.hpp"
#include "study/archive.hpp"
#include "study/collector.hpp"
#include "study/names.hpp"

namespace assay::study {
namespace {

constexpr double listing_seconds = 0.25, archive_seconds = 5;
constexpr std::size_t first_bytes = 16 << 10, more_bytes = 4 << 20;

}  // namespace

LogReader::LogReader(const Layout& layout, std::string own, Sink sink)
    : folder_(layout.log()),
      archive_(layout.archive()),
      collector_(layout.collector()),
      own_(std::move(own)),
      sink_(std::move(sink)) {}

LogReader::File* LogReader::file(const std::string& name) {
  if (const auto known = files_.find(name); known != files_.end()) return &known->second;
  const auto dot = name.find('.');
  if (dot == std::string::npos) return nullptr;
  int number = -1;
  const auto [end, error] = std::from_chars(name.data() + dot + 1, name.data() + name.size(), number);
  const auto worker = name.substr(0, dot);
  if (error != std::errc() || end != name.data() + name.size() || worker == own_) return nullptr;
  progress_.try_emplace(worker).first->second.grown = base::boot_seconds();
  ++live_;
  return &(files_[name] = {.name = name, .worker = worker, .number = number});
}

void LogReader::finish(File& file) {
  if (!file.finished) --live_;
  file.finished = true;
}

void LogReader::list() {
  listed_ = base::boot_seconds();
  for (auto& [name, file] : files_) file.there = false;
  for (const auto& name : os::list_folder(folder_)) {
    if (auto* known = file(name)) known->there = true;
  }
  // A log that is gone has been packed: its piece is there already.
  const auto gone = [](const auto& entry) { return !entry.second.there && !entry.second.finished; };
  if (std::any_of(files_.begin(), files_.end(), gone)) archive_listed_ = -1;
}

void LogReader::list_archive() {
  archive_listed_ = base::boot_seconds();
  std::vector<std::string> fresh;
  for (const auto& name : os::list_folder(archive_)) {
    if (name.ends_with(".gz") && !pieces_.contains(name)) fresh.push_back(name);
  }
  // The next piece is unpacked while this one is read.
  const auto unpack = [&](std::size_t i) { return std::async(std::launch::async, read_piece, archive_ / fresh[i]); };
  std::future<std::vector<PackedLog>> next;
  for (std::size_t i = 0; i < fresh.size(); ++i) {
    const auto piece = i == 0 ? read_piece(archive_ / fresh[0]) : next.get();
    if (i + 1 < fresh.size()) next = unpack(i + 1);
    pieces_.insert(fresh[i]);
    for (const auto& log : piece) {
      auto* known = file(log.name);
      if (known == nullptr) continue;
      take(log.name, 0, log.bytes);
      known->packed = true;
      finish(*known);
      if (log.dead) progress_[known->worker].ended = true;
    }
  }
}

void LogReader::read() {
  const double now = base::boot_seconds();
  if (collector_from_ > 0 && live_ >= collector_from_) read_stream();
  const bool follow = following() && listed_ >= 0;
  // log/ before archive/: what has left the one is in the other.
  if (listed_ < 0 || (!follow && now - listed_ > listing_seconds)) list();
  if (archive_listed_ < 0 || now - archive_listed_ > archive_seconds) list_archive();
  for (auto& [name, file] : files_) {
    if (!file.finished && (!follow || file.offset < file.announced)) read_file(file);
  }
}

void LogReader::read(const std::string& worker) {
  list();
  if (archive_listed_ < 0) list_archive();
  for (auto& [name, file] : files_) {
    if (file.worker == worker && !file.finished) read_file(file);
  }
}

void LogReader::make_durable(const std::string& worker) const {
  for (const auto& [name, file] : files_) {
    if (file.worker == worker && !file.packed) os::sync_file(folder_ / name);
  }
}

void LogReader::read_file(File& file) {
  auto& progress = progress_[file.worker];
  for (std::size_t wanted = first_bytes;; wanted = more_bytes) {
    const auto bytes = os::read_part(folder_ / file.name, file.offset, wanted);
    if (file.offset + bytes.size() > file.seen) {
      file.seen = file.offset + bytes.size();
      progress.grown = base::boot_seconds();
    }
    const auto used = use(file, bytes);
    file.offset += used;
    if (bytes.size() < wanted || file.finished) return;
    if (used == 0 && wanted == more_bytes) return;  // a line longer than any record: damage
  }
}

void LogReader::take(const std::string& name, std::uint64_t offset, std::string_view bytes) {
  auto* known = file(name);
  if (known == nullptr || known->finished || offset + bytes.size() <= known->offset) return;
  known->announced = std::max(known->announced, offset + bytes.size());
  if (offset > known->offset) {
    read_file(*known);  // a collector begins in the middle; what was before lies in the log itself
    if (known->finished || offset > known->offset || offset + bytes.size() <= known->offset) return;
  }
  bytes.remove_prefix(known->offset - offset);
  known->offset += use(*known, bytes);
  known->seen = std::max(known->seen, known->offset);
  progress_[known->worker].grown = base::boot_seconds();
}

bool LogReader::following() const {
  return collector_from_ > 0 && live_ >= collector_from_ && base::boot_seconds() - stream_grown_ < silence_;
}

void LogReader::read_stream() {
  if (!following()) {
    listed_ = -1;  // who did not look for long looks at the logs themselves once
    const auto newest = newest_epoch(collector_);
    if (newest == 0) return;
    if (newest != epoch_) {
      // What was gathered before we look lies in the logs, which are read directly this time.
      stream_offset_ = epoch_ == 0 ? os::file_size(stream_name(collector_, newest)).value_or(0) : 0;
      stream_rest_.clear();
      epoch_ = newest;
      stream_grown_ = base::boot_seconds();  // one that was just elected is given time to speak
    }
  }
  for (;;) {
    const auto bytes = os::read_part(stream_name(collector_, epoch_), stream_offset_, more_bytes);
    if (!bytes.empty()) stream_grown_ = base::boot_seconds();
    stream_offset_ += bytes.size();
    stream_rest_ += bytes;
    const auto used =
        scan_stream(stream_rest_, [this](const Segment& segment) { take(segment.log, segment.offset, segment.bytes); });
    stream_rest_.erase(0, used);
    if (bytes.size() < more_bytes) return;
  }
}

std::size_t LogReader::use(File& file, std::string_view bytes) {
  Scanner scanner(bytes);
  while (const auto json = scanner.next()) {
    auto record = decode(*json);
    if (!record) continue;
    if (std::holds_alternative<Roll>(*record)) finish(file);
    if (std::holds_alternative<Bye>(*record)) {
      finish(file);
      progress_[file.worker].ended = true;
    }
    sink_(file.worker, std::move(*record));
  }
  damaged_ += scanner.damaged();
  return scanner.consumed();
}

std::vector<LogReader::Finished> LogReader::packable(const std::function<bool(const std::string& worker)>& dead) {
  list();
  std::vector<Finished> result;
  for (const auto& [name, file] : files_) {
    if (file.packed || !file.there || (!file.finished && !dead(file.worker))) continue;
    result.push_back({name, file.worker, file.finished, std::max(file.seen, file.offset)});
  }
  return result;
}

std::vector<std::string> LogReader::packed_twice() const {
  std::vector<std::string> result;
  for (const auto& [name, file] : files_) {
    if (file.packed && file.there) result.push_back(name);
  }
  return result;
}

}  // namespace assay::study
