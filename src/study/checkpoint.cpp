#include "study/checkpoint.hpp"

#include <algorithm>

#include "os/file.hpp"

namespace assay::study {
namespace {

/// Attempts below `before`, newest first; the committed one of a settled rung alone counts.
Path newest(const Layout& layout, const Facts& facts, const trial::ItemId& item, int before) {
  const auto* rung = facts.find(item);
  if (rung == nullptr) return {};
  if (rung->settled) {
    const auto folder = layout.attempt(item, rung->winner);
    return has_checkpoint(folder) ? folder : Path();
  }
  for (auto attempt = rung->attempts.rbegin(); attempt != rung->attempts.rend(); ++attempt) {
    if (attempt->number >= before) continue;
    const auto folder = layout.attempt(item, attempt->number);
    if (has_checkpoint(folder)) return folder;
  }
  return {};
}

bool same_file(const Path& a, const Path& b) {
  constexpr std::size_t part = 1 << 20;
  if (os::file_size(a) != os::file_size(b)) return false;
  for (std::uint64_t offset = 0;; offset += part) {
    const auto bytes = os::read_part(a, offset, part);
    if (bytes != os::read_part(b, offset, part)) return false;
    if (bytes.size() < part) return true;
  }
}

bool same_tree(const Path& a, const Path& b) {
  const auto names = os::list_folder(a);
  if (names != os::list_folder(b)) return false;
  return std::all_of(names.begin(), names.end(), [&](const std::string& name) {
    std::error_code ignored;
    const bool folder = std::filesystem::is_directory(a / name, ignored);
    if (folder != std::filesystem::is_directory(b / name, ignored)) return false;
    return folder ? same_tree(a / name, b / name) : same_file(a / name, b / name);
  });
}

}  // namespace

bool left_checkpoint(const trial::Work& work) {
  if (!has_checkpoint(work.folder)) return false;
  // The trainer publishes its own under this name; a command finds a copy of the earlier one.
  if (work.previous.empty() || os::file_size(work.folder / checkpoint_file)) return true;
  return !same_tree(work.folder / checkpoint_folder, work.previous / checkpoint_folder);
}

bool has_checkpoint(const Path& folder) {
  return os::file_size(folder / checkpoint_file).has_value() || !os::list_folder(folder / checkpoint_folder).empty();
}

Path previous_folder(const Layout& layout, const Facts& facts, const trial::ItemId& item, int attempt,
                     const trial::Proposal& what) {
  constexpr int any = 1 << 30;
  if (auto folder = newest(layout, facts, item, attempt); !folder.empty()) return folder;
  if (what.from) {
    if (auto folder = newest(layout, facts, *what.from, any); !folder.empty()) return folder;
    if (what.from->trial != item.trial) return {};
  }
  for (int rung = item.rung - 1; rung >= 0; --rung) {
    if (auto folder = newest(layout, facts, {item.trial, rung}, any); !folder.empty()) return folder;
  }
  return {};
}

}  // namespace assay::study
