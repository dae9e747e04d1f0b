#include "study/outputs.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/error.hpp"
#include "base/log.hpp"
#include "os/file.hpp"
#include "os/host.hpp"
#include "os/process.hpp"
#include "study/checkpoint.hpp"

namespace assay::study {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t most_output_bytes = 1 << 20;  ///< of one trial's folder
constexpr const char* packing = "packing.";            ///< + worker: folders on their way into an archive
constexpr const char* packed = "packed-";

std::optional<trial::TrialId> number_of(const std::string& name) {
  trial::TrialId number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  return error == std::errc() && end == name.data() + name.size() ? std::optional(number) : std::nullopt;
}

/// Small, and nothing in it that a later trial could go on from or that people would want to load.
bool can_be_packed(const Path& folder) {
  std::uintmax_t bytes = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const auto name = entry->path().filename().string();
    if (entry->is_directory(error)) {
      if (name == checkpoint_folder && !fs::is_empty(entry->path(), error)) return false;
      continue;
    }
    if (name.ends_with(".safetensors") || name.ends_with(".pt") || entry->is_symlink(error)) return false;
    bytes += entry->file_size(error);
  }
  return !error && bytes <= most_output_bytes;
}

/// rename(2): of several packers one has the folder.
bool take(const Path& from, const Path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  return !error;
}

/// Everything in `folder` becomes one archive beside it, durably; then the folder goes.
int make_archive(const Path& trials, const Path& folder) {
  auto names = os::list_folder(folder);
  if (names.empty()) {
    os::remove_all(folder);
    return 0;
  }
  std::sort(names.begin(), names.end(), [](const auto& a, const auto& b) { return number_of(a) < number_of(b); });
  const auto name = fmt::format("{}{}-{}-{}.tar.gz", packed, names.front(), names.back(), os::random_name());
  const auto half = folder / (name + ".half");
  std::vector<std::string> command = {"tar", "-czf", half.string(), "-C", folder.string(), "--"};
  command.insert(command.end(), names.begin(), names.end());
  const auto said = os::capture(command, 600);
  if (said.ended.code != 0) {
    base::log_warning("outputs of ended trials could not be packed in {}: tar ended with exit code {}", folder.string(),
                      said.ended.code);
    return 0;
  }
  os::share_tree(half);
  os::sync_file(half);
  if (!take(half, trials / name)) return 0;  // another packer took this folder for one of the dead
  os::sync_folder(trials);
  os::remove_all(folder);
  return static_cast<int>(names.size());
}

}  // namespace

int pack_outputs(const Layout& layout, const std::string& worker, int least,
                 const std::function<bool(trial::TrialId)>& ended,
                 const std::function<bool(const std::string& id)>& gone, std::set<trial::TrialId>& refused) {
  const auto trials = layout.stage / "trials";
  const auto mine = trials / (packing + worker);
  std::vector<std::string> ready, orphans;
  for (const auto& name : os::list_folder(trials)) {
    if (const auto number = number_of(name)) {
      if (refused.contains(*number) || !ended(*number)) continue;
      if (can_be_packed(trials / name)) {
        ready.push_back(name);
      } else {
        refused.insert(*number);
      }
    } else if (name.starts_with(packing)) {
      const auto rest = name.substr(std::string(packing).size());
      const auto owner = rest.substr(0, rest.find('.'));
      if (owner == worker || gone(owner)) orphans.push_back(name);
    }
  }
  int count = 0;
  for (const auto& name : orphans) {
    const auto adopted = trials / (packing + worker + "." + os::random_name());
    if (!take(trials / name, adopted)) continue;
    for (const auto& half : os::list_folder(adopted)) {
      if (half.ends_with(".half")) os::remove_all(adopted / half);
    }
    count += make_archive(trials, adopted);
  }
  if (ready.size() < static_cast<std::size_t>(least)) return count;
  os::make_folders(mine);
  for (const auto& name : ready) take(trials / name, mine / name);
  return count + make_archive(trials, mine);
}

std::optional<std::string> read_output(const Layout& layout, trial::TrialId trial, const std::string& relative) {
  const auto trials = layout.stage / "trials";
  const auto inside = std::to_string(trial) + "/" + relative;
  if (auto content = os::try_read_file(trials / inside)) return content;
  for (const auto& name : os::list_folder(trials)) {
    if (name.starts_with(packing)) {
      if (auto content = os::try_read_file(trials / name / inside)) return content;
    }
    if (!name.starts_with(packed)) continue;
    const auto range = name.substr(std::string(packed).size());
    const auto dash = range.find('-');
    const auto first = number_of(range.substr(0, dash));
    const auto last = number_of(range.substr(dash + 1, range.find('-', dash + 1) - dash - 1));
    if (!first || !last || trial < *first || trial > *last) continue;
    auto said = os::capture({"tar", "-xzOf", (trials / name).string(), "--", inside}, 120);
    if (said.ended.code == 0) return std::move(said.output);
  }
  return std::nullopt;
}

}  // namespace assay::study
