#include "study/log_reader.hpp"

#include <charconv>
#include <utility>

#include "base/time.hpp"
#include "os/file.hpp"

namespace assay::study {
namespace {

constexpr double listing_seconds = 0.25;
constexpr std::size_t first_bytes = 16 << 10, more_bytes = 4 << 20;

}  // namespace

LogReader::LogReader(std::filesystem::path folder, std::string own, Sink sink)
    : folder_(std::move(folder)), own_(std::move(own)), sink_(std::move(sink)) {}

void LogReader::list() {
  listed_ = base::boot_seconds();
  for (const auto& name : os::list_folder(folder_)) {
    const auto dot = name.find('.');
    if (dot == std::string::npos || files_.contains(name)) continue;
    int number = -1;
    const auto [end, error] = std::from_chars(name.data() + dot + 1, name.data() + name.size(), number);
    const auto worker = name.substr(0, dot);
    if (error != std::errc() || end != name.data() + name.size() || worker == own_) continue;
    files_[name] = {.name = name, .worker = worker, .number = number};
    progress_.try_emplace(worker).first->second.grown = listed_;
  }
}

void LogReader::read() {
  if (listed_ < 0 || base::boot_seconds() - listed_ > listing_seconds) list();
  for (auto& [name, file] : files_) {
    if (!file.finished) read_file(file);
  }
}

void LogReader::read(const std::string& worker) {
  list();
  for (auto& [name, file] : files_) {
    if (file.worker == worker && !file.finished) read_file(file);
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

std::size_t LogReader::use(File& file, std::string_view bytes) {
  Scanner scanner(bytes);
  while (const auto json = scanner.next()) {
    auto record = decode(*json);
    if (!record) continue;
    if (std::holds_alternative<Roll>(*record)) file.finished = true;
    if (std::holds_alternative<Bye>(*record)) file.finished = progress_[file.worker].ended = true;
    sink_(file.worker, std::move(*record));
  }
  damaged_ += scanner.damaged();
  return scanner.consumed();
}

}  // namespace assay::study
