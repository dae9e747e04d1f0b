#include "search/seen.hpp"

namespace assay::search {
namespace {

/// No text holds a sign that parts texts.
void append(std::string& into, const std::string& text) {
  for (const char c : text) {
    if (std::string_view("\\=;'+").find(c) != std::string_view::npos) into.push_back('\\');
    into.push_back(c);
  }
}

}  // namespace

std::string text_of(const space::Params& params) {
  std::string text;
  for (const auto& [name, value] : params) {
    append(text, name);
    text += '=';
    if (const auto* label = std::get_if<std::string>(&value)) {
      append(text += '\'', *label);
    } else if (const auto* labels = std::get_if<std::vector<std::string>>(&value)) {
      for (const auto& one : *labels) append(text += '+', one);
    } else {  // an integer and a real of the same size are one point
      text += space::to_text(value);
    }
    text += ';';
  }
  return text;
}

void Seen::update(const trial::StudyView& view) {
  const auto& trials = view.trials();
  if (read_.size() < trials.size()) read_.resize(trials.size());
  trials.visit_changes(last_, [&](std::size_t i) {
    if (read_[i] || !trials[i]) return;
    if (!trials[i]->proposed) {
      const bool dry = trials[i]->state() == trial::State::voided;
      (dry ? dry_ : open_).insert(i);
      if (dry) open_.erase(i);
      return;
    }
    dry_.erase(i);
    open_.erase(i);
    read_[i] = true;
    points_.insert(text_of(trials[i]->first.params));
  });
  last_ = trials;
}

std::size_t Seen::open_before(trial::TrialId trial) const {
  return static_cast<std::size_t>(std::distance(open_.begin(), open_.lower_bound(static_cast<std::size_t>(trial))));
}

}  // namespace assay::search
