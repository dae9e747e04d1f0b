#include "search/seen.hpp"

namespace assay::search {

std::string text_of(const space::Params& params) {
  std::string text;
  for (const auto& [name, value] : params) text.append(name).append("=").append(space::to_text(value)).append(";");
  return text;
}

void Seen::update(const study::StudyView& view) {
  const auto& trials = view.trials();
  if (read_.size() < trials.size()) read_.resize(trials.size());
  trials.visit_changes(last_, [&](std::size_t i) {
    if (read_[i] || !trials[i]) return;
    if (!trials[i]->proposed) {
      const bool dry = trials[i]->state() == study::State::voided;
      (dry ? dry_ : open_).insert(i);
      if (dry) open_.erase(i);
      return;
    }
    dry_.erase(i);
    open_.erase(i);
    read_[i] = true;
    points_.insert(text_of(trials[i]->what.params));
  });
  last_ = trials;
}

std::size_t Seen::open_before(study::TrialId trial) const {
  return static_cast<std::size_t>(std::distance(open_.begin(), open_.lower_bound(static_cast<std::size_t>(trial))));
}

}  // namespace assay::search
