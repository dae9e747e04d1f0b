#include "search/seen.hpp"

#include <algorithm>

namespace assay::search {

std::string text_of(const space::Params& params) {
  std::string text;
  for (const auto& [name, value] : params) text.append(name).append("=").append(space::to_text(value)).append(";");
  return text;
}

void Seen::update(const study::StudyView& view) {
  const auto& trials = view.trials();
  if (read_.size() < trials.size()) read_.resize(trials.size());
  for (std::size_t i = 0; i < trials.size(); ++i) {
    if (read_[i] || !trials[i] || !trials[i]->proposed) continue;
    read_[i] = true;
    points_.insert(text_of(trials[i]->what.params));
  }
}

bool all_claimed(const study::StudyView& view, std::int64_t count) {
  const auto& trials = view.trials();
  if (static_cast<std::int64_t>(trials.size()) < count) return false;
  return std::all_of(trials.begin(), trials.begin() + count, [](const auto& trial) { return trial != nullptr; });
}

}  // namespace assay::search
