#include "report/card.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "report/figure_text.hpp"
#include "report/verdict.hpp"
#include "trial/metric.hpp"

namespace assay::report {
namespace {

using run::FinalistFigures;

/// Per cent where the name says a share and every finalist's values are one.
Scale scale_of(const run::FullFigures& figures, const std::string& metric) {
  if (!trial::named_share(metric)) return Scale::plain;
  for (const auto& finalist : figures.finalists) {
    for (const auto& metrics : finalist.measured) {
      const auto found = metrics.find(metric);
      if (found != metrics.end() && !trial::is_share(metric, found->second)) return Scale::plain;
    }
  }
  return Scale::percent;
}

double value_in(const trial::Metrics& metrics, const std::string& metric) {
  const auto found = metrics.find(metric);
  return found == metrics.end() ? NAN : found->second;
}

std::string mean_text(const FinalistFigures& finalist, const std::string& metric, Scale scale) {
  double sum = 0;
  int count = 0;
  for (const auto& metrics : finalist.measured) {
    const double value = value_in(metrics, metric);
    if (std::isfinite(value)) sum += value, ++count;
  }
  return count == 0 ? "–" : value_text(scale, sum / count);
}

/// Those that have a role first, objectives in their order; then the others by name.
std::vector<std::string> metrics_of(const Card& card, const FinalistFigures& winner) {
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  for (const auto& objective : card.objectives) add(objective.metric);
  for (const auto& [metric, role] : card.roles) add(metric);
  for (const auto& metrics : winner.measured) {
    for (const auto& [metric, value] : metrics) add(metric);
  }
  return names;
}

std::string cell(std::string text) {
  for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) text.insert(at, "\\");
  return text;
}

/// One row per metric: the mean, each seed, the baseline's mean.
std::string table(const Card& card, const Verdict& found) {
  const auto& winner = *found.winner;
  const auto* baseline = found.baseline != found.winner ? found.baseline : nullptr;
  std::string text = "| metric | mean |", rule = "|---|---|";
  for (std::size_t i = 0; i < winner.measured.size(); ++i) {
    text += i < winner.seeds.size() ? fmt::format(" seed {} |", winner.seeds[i]) : " one seed |";
    rule += "---|";
  }
  if (baseline != nullptr) text += baseline->feasible ? " baseline |" : " baseline (breaks a limit) |", rule += "---|";
  text += "\n" + rule + "\n";
  for (const auto& metric : metrics_of(card, winner)) {
    const auto scale = scale_of(card.figures, metric);
    const auto role = card.roles.find(metric);
    const auto bounds = metric == card.objectives.front().metric ? bounds_text(scale, winner.score) : std::string();
    text += fmt::format("| {}{} | {}{} |", cell(metric), role == card.roles.end() ? "" : " (" + role->second + ")",
                        mean_text(winner, metric, scale), bounds.empty() ? "" : " " + bounds);
    for (const auto& metrics : winner.measured) {
      const double value = value_in(metrics, metric);
      text += std::isfinite(value) ? fmt::format(" {} |", value_text(scale, value)) : " – |";
    }
    if (baseline != nullptr) text += fmt::format(" {} |", mean_text(*baseline, metric, scale));
    text += "\n";
  }
  return text;
}

std::string file_text(const std::string& name) {
  static const std::map<std::string, std::string> texts = {
      {"network.json", "the network as a graph of primitives"},
      {"weights.safetensors",
       "weights of the first seed (no seed was picked by its score), and how inputs and targets are normalised"},
      {"network.py",
       "rebuilds it in PyTorch: `from network import load; model = load()`; takes raw inputs, predicts in "
       "the units of the data"},
      {"params.json", "its parameters, as the trainer was given them"}};
  const auto found = texts.find(name);
  return fmt::format("- `{}`{}\n", name, found == texts.end() ? "" : ": " + found->second);
}

}  // namespace

std::string winner_card(const Card& card) {
  const auto found = verdict(card.figures, card.objectives.front());
  const auto& winner = *found->winner;
  const auto scale = scale_of(card.figures, card.objectives.front().metric);
  const auto words = words_of(*found, card.figures, card.objectives.front(), scale, card.where);
  auto text = fmt::format("# Winner of {}\n\n{} {}\n\n## Measured\n\n", card.run, words.sentence, words.lead);
  text += table(card, *found);
  text += "\n## Parameters\n\n";
  for (const auto& [name, value] : winner.params) text += fmt::format("- `{}` = {}\n", name, space::to_text(value));
  if (winner.params.empty()) text += "None is searched.\n";
  if (!card.files.empty()) text += "\n## Files\n\n";
  for (const auto& name : card.files) text += file_text(name);
  if (!card.checkpoint.empty())
    text += fmt::format("\nCheckpoint of the first seed, in the run folder: `{}`\n", card.checkpoint);
  if (!card.outputs.empty())
    text += fmt::format("\nOutputs of the first seed, in the run folder: `{}`\n", card.outputs);
  text += "\n## Again\n\n```\n";
  for (const auto& command : card.commands) text += command + "\n";
  return text + "```\n";
}

}  // namespace assay::report
