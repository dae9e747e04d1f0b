#include "report/verdict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace assay::report {
namespace {

Verdict::Kind kind_of(const Verdict& found) {
  if (found.baseline == nullptr) return Verdict::Kind::alone;
  if (found.baseline == found.winner) return Verdict::Kind::defaults;
  if (!found.contrast) return Verdict::Kind::unknown;
  if (found.contrast->difference.hi < 0) return Verdict::Kind::worse;
  return found.contrast->difference.lo > 0 ? Verdict::Kind::better : Verdict::Kind::unclear;
}

/// "the baseline", or which trial of the search has its parameters.
std::string baseline_text(const run::FinalistFigures& baseline) {
  return baseline.trial < 0 ? "the baseline"
                            : fmt::format("the baseline (trial {} of the search has the defaults)", baseline.trial);
}

std::string alone_text(const run::FullFigures& figures) {
  const auto failed = [](const std::string& text) { return text.starts_with("finalist baseline "); };
  return std::any_of(figures.missing.begin(), figures.missing.end(), failed)
             ? "the baseline's trainings failed, so there is nothing to compare it with"
             : "there is no baseline to compare it with";
}

std::string sentence_of(const Verdict& found, const run::FullFigures& figures, const std::string& metric, Scale scale) {
  const auto& winner = *found.winner;
  const auto reaches = fmt::format("{} reaches {} {}", capital(network_text(winner.trial)),
                                   value_text(scale, winner.score.estimate), metric);
  const auto control = found.baseline == nullptr ? "" : value_text(scale, found.baseline->score.estimate);
  switch (found.kind) {
    case Verdict::Kind::alone:
      return fmt::format("{}; {}.", reaches, alone_text(figures));
    case Verdict::Kind::defaults:
      if (figures.finalists.size() == 1)
        return fmt::format("{} is the only finalist and reaches {} {}.", capital(baseline_text(winner)), control,
                           metric);
      return fmt::format("No network found beats {}, which reaches {} {}.", baseline_text(winner), control, metric);
    case Verdict::Kind::unclear:
      return fmt::format("{}, which cannot be told from the {} of {}.", reaches, control,
                         baseline_text(*found.baseline));
    case Verdict::Kind::better:
    case Verdict::Kind::worse:
    case Verdict::Kind::unknown:
      break;
  }
  return fmt::format("{}; {}, trained in the same way, reaches {}.", reaches, baseline_text(*found.baseline), control);
}

/// What the difference holds, as a sentence with a space before it.
std::string difference_words(const Verdict& found, Scale scale) {
  if (found.kind == Verdict::Kind::alone || found.kind == Verdict::Kind::defaults) return "";
  if (!found.contrast) {
    return " A single training each, without an interval: how much of the difference is noise is unknown.";
  }
  const auto& gap = found.contrast->difference;
  const auto signed_text = difference_text(scale, gap.estimate);
  const auto bounds = bounds_text(scale, gap).empty() ? "" : " " + bounds_text(scale, gap);
  const std::string one_each =
      found.contrast->seeds ? "" : "with a single training, nothing is known of the noise between trainings";
  if (found.kind == Verdict::Kind::better) {
    auto text = fmt::format(" Better than the baseline by {}{}", signed_text.substr(1), bounds);
    if (!one_each.empty()) return text + ", more than the chance in the rows it is scored on; " + one_each + ".";
    return text + (bounds.empty() ? "; every seed gave the same score." : ", more than the noise between seeds.");
  }
  if (found.kind == Verdict::Kind::worse) {
    const auto text = fmt::format(" Worse than the baseline by {}{}", signed_text.substr(1), bounds);
    return text + (one_each.empty() ? "." : "; " + one_each + ".");
  }
  auto text = fmt::format(" The difference is {}{}: ", signed_text, bounds);
  text += bounds.empty() ? "every seed gave the same score" : "the interval holds zero";
  return text + (one_each.empty() ? "." : ", and " + one_each + ".");
}

}  // namespace

std::vector<double> all_scores(const run::FullFigures& figures) {
  std::vector<double> scores;
  for (const auto& finalist : figures.finalists)
    scores.insert(scores.end(), finalist.scores.begin(), finalist.scores.end());
  return scores;
}

std::optional<Verdict> verdict(const run::FullFigures& figures, const trial::Objective& objective) {
  Verdict found;
  for (const auto& finalist : figures.finalists) {
    if (finalist.scores.empty()) continue;
    if (finalist.trial == figures.winner) found.winner = &finalist;
    // The control itself stands before a trial with its parameters.
    if (finalist.is_baseline() && (found.baseline == nullptr || finalist.trial < 0)) found.baseline = &finalist;
  }
  if (found.winner == nullptr) return std::nullopt;
  if (found.winner->is_baseline()) found.baseline = found.winner;
  if (found.baseline != nullptr && found.baseline != found.winner) {
    found.contrast = contrast(*found.winner, *found.baseline, objective.metric, all_scores(figures));
    if (found.contrast && !objective.maximise) {
      const auto d = found.contrast->difference;
      found.contrast->difference = {-d.estimate, -d.hi, -d.lo};
    }
  }
  found.kind = kind_of(found);
  return found;
}

Words words_of(const Verdict& found, const run::FullFigures& figures, const trial::Objective& objective, Scale scale,
               const std::string& where) {
  const auto& winner = *found.winner;
  const auto bounds = bounds_text(scale, winner.score);
  const auto seeds = winner.scores.size();
  Words words;
  words.sentence = sentence_of(found, figures, objective.metric, scale);
  words.lead = fmt::format("{}, {} {}.", bounds.empty() ? "No interval" : "95 % interval " + bounds,
                           seeds == 1 ? "one training" : fmt::format("mean of {} seeds", seeds), where);
  words.lead += difference_words(found, scale);
  return words;
}

}  // namespace assay::report
