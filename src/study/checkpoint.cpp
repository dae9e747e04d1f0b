#include "study/checkpoint.hpp"

#include "os/file.hpp"

namespace assay::study {
namespace {

/// Attempts below `before`, newest first; the committed one of a settled rung alone counts.
Path newest(const Layout& layout, const Facts& facts, const ItemId& item, int before) {
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

}  // namespace

bool has_checkpoint(const Path& folder) {
  return os::file_size(folder / "checkpoint.safetensors").has_value() ||
         !os::list_folder(folder / "checkpoint").empty();
}

Path previous_folder(const Layout& layout, const Facts& facts, const ItemId& item, int attempt, const Proposal& what) {
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
