#include "pipeline/pack.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"
#include "os/file.hpp"
#include "os/process.hpp"
#include "study/checkpoint.hpp"
#include "study/names.hpp"

namespace assay::pipeline {
namespace {

namespace fs = std::filesystem;
using base::Exit;

/// The order in which a study is read. A worker publishes a record, then its commit, then the closing, then the result:
/// who reads them the other way round never sees a name without what it names. A log that is packed meanwhile is in the
/// archive, which is listed last.
enum Phase { results, closings, names, other, logs, archives, phases };

Phase phase_of(const fs::path& inside) {
  const auto name = inside.filename().string();
  if (name.starts_with("done") && name.ends_with(".json")) return results;
  const auto study = std::find(inside.begin(), inside.end(), "study");
  if (study == inside.end()) return other;
  const auto part = std::next(study) == inside.end() ? std::string() : std::next(study)->string();
  if (part.starts_with("closed") || part.starts_with("reopened")) return closings;
  if (part == "claims" || part == "workers") return names;
  if (part == "log") return logs;
  return part == "archive" ? archives : other;
}

/// What a trial could go on from, or people would load; the winner's weights stay in.
bool is_weight(const fs::path& inside) {
  if (std::find(inside.begin(), inside.end(), "trials") == inside.end()) return false;
  const auto name = inside.filename().string();
  return name.ends_with(".safetensors") || name.ends_with(".pt") ||
         std::find(inside.begin(), inside.end(), study::checkpoint_folder) != inside.end();
}

class Packer {
 public:
  Packer(const run::Run& run, fs::path archive)
      : top_(fs::absolute(run.folder()).lexically_normal()),
        archive_(std::move(archive)),
        half_(archive_.string() + ".half"),
        list_(archive_.string() + ".list") {
    if (top_.filename().empty()) top_ = top_.parent_path();
  }
  Packer(const Packer&) = delete;             // owns temporary files
  Packer& operator=(const Packer&) = delete;  // owns temporary files
  ~Packer() {
    std::error_code ignored;
    for (const auto& file : {half_, list_, zipped()}) fs::remove(file, ignored);
  }

  PackFigures pack() {
    for (int phase = 0; phase < phases; ++phase) add(static_cast<Phase>(phase));
    call({"gzip", "-f", half_.string()}, 0);
    os::sync_file(zipped());
    fs::rename(zipped(), archive_);
    os::sync_folder(archive_.has_parent_path() ? archive_.parent_path() : ".");
    figures_.bytes = os::file_size(archive_).value_or(0);
    return figures_;
  }

 private:
  fs::path zipped() const { return half_.string() + ".gz"; }

  /// One look at the folder, and what belongs into this phase into the archive.
  void add(Phase phase) {
    std::string list;
    for (fs::recursive_directory_iterator entry(top_), end; entry != end; ++entry) take(*entry, phase, list);
    if (list.empty()) return;
    os::publish(list_, list, os::Durable::no);
    call({"tar", "--append", "--file", half_.string(), "--directory", top_.parent_path().string(), "--no-recursion",
          "--ignore-failed-read", "--null", "--verbatim-files-from", "--files-from", list_.string()},
         1);  // 1: a file grew or went while it was read
  }

  void take(const fs::directory_entry& entry, Phase phase, std::string& list) {
    const auto inside = entry.path().lexically_relative(top_);
    std::error_code gone;
    const bool folder = entry.is_directory(gone), link = entry.is_symlink(gone);
    if (phase_of(inside) != phase || gone || !wanted(inside)) return;
    if (is_weight(inside)) {
      if (folder) return;
      ++figures_.left_out;
      figures_.left_out_bytes += link ? 0 : entry.file_size(gone);
      return;
    }
    if (!link && ::access(entry.path().c_str(), R_OK) != 0 && fs::exists(entry.path(), gone))
      base::fail(Exit::io, "{} cannot be read: nothing is packed", entry.path().string());
    list += (top_.filename() / inside).string() + '\0';
    figures_.files += folder ? 0 : 1;
  }

  /// Neither the archive itself, nor what is on its way to another name, nor a collector's copies of the logs.
  bool wanted(const fs::path& inside) const {
    const auto path = top_ / inside;
    if (path == archive_ || path == half_ || path == list_ || inside.extension() == ".tmp") return false;
    const auto study = std::find(inside.begin(), inside.end(), "study");
    return study == inside.end() || std::next(study) == inside.end() || *std::next(study) != "collector";
  }

  void call(const std::vector<std::string>& command, int most_code) const {
    os::Child child({.arguments = command, .standard_error = half_.string() + ".log"});
    const auto ended = child.wait();
    const auto said = os::try_read_file(half_.string() + ".log").value_or("");
    os::remove_all(half_.string() + ".log");
    if (ended.signal != 0 || ended.code > most_code) {
      base::fail(Exit::io, "{} is not written: {} ended with exit code {}: {}", archive_.string(), command.front(),
                 ended.code, base::last_lines(said, 1));
    }
  }

  fs::path top_, archive_, half_, list_;
  PackFigures figures_;
};

/// Trials under way in any study of the run.
std::int64_t unfinished(const run::Run& run) {
  std::int64_t count = 0;
  for (const auto stage : run::all_stages) {
    auto reader = run.reader(stage);
    if (reader.founded()) count += static_cast<std::int64_t>(reader.refresh().running().size());
  }
  return count;
}

}  // namespace

PackFigures pack(const run::Run& run, const std::filesystem::path& archive) {
  auto figures = Packer(run, fs::absolute(archive).lexically_normal()).pack();
  figures.unfinished = unfinished(run);
  return figures;
}

}  // namespace assay::pipeline
