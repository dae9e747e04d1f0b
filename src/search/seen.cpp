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
      if (trials[i]->state() == study::State::voided) dry_.insert(i);
      return;
    }
    dry_.erase(i);
    read_[i] = true;
    points_.insert(text_of(trials[i]->what.params));
  });
  last_ = trials;
}

}  // namespace assay::search
