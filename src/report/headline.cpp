// The answer first, with its uncertainty and the split it comes from.
#include <fmt/format.h>

#include <cmath>

#include "base/text.hpp"
#include "report/figure_text.hpp"
#include "report/insight.hpp"
#include "report/sections.hpp"
#include "trial/standing.hpp"

namespace assay::report {
namespace {

using base::Json;
using run::Stage;

Json note(const char* level, const std::string& title, const std::string& text) {
  return {{"level", level}, {"title", title}, {"text", text}};
}

Json figure(const std::string& label, const std::string& value, const std::string& detail) {
  return {{"label", label}, {"value", value}, {"detail", detail}};
}

/// "[97.1, 98.2], 3 seeds".
std::string interval_detail(Scale scale, const run::Interval& score, std::size_t seeds) {
  const auto bounds = bounds_text(scale, score);
  return (bounds.empty() ? "" : bounds + ", ") + count_text(static_cast<std::int64_t>(seeds), "seed");
}

/// "+1.39 pts": the figures are narrow.
std::string short_points(const std::string& text) {
  const auto at = text.find(" points");
  return at == std::string::npos ? text : text.substr(0, at) + " pts";
}

std::string rows_text(const RunData& run_data, bool untouched) {
  const auto rows = !run_data.split ? 0 : untouched ? run_data.split->untouched : run_data.split->valid;
  return rows == 0 ? "" : " (" + count_text(rows, "row") + ")";
}

/// What the finalists were scored on.
std::string scored_on(const RunData& run_data) {
  if (!run_data.full->untouched) return "on what the command validates on in the stage full";
  return fmt::format("on the untouched validation set{}, which no earlier stage has seen", rows_text(run_data, true));
}

/// What of the finalists breaks limits, as far as it bears on the verdict; with a space before it.
std::string broken_words(const RunData& run_data, const Verdict& found) {
  std::string text;
  const auto broken = [&](const run::FinalistFigures& finalist) {
    return trial::broken_text(run_data.judge, finalist.metrics);
  };
  if (!found.winner->feasible)
    text += fmt::format(" It breaks a constraint: {}. No finalist keeps them all.", broken(*found.winner));
  if (found.baseline != nullptr && found.baseline != found.winner && !found.baseline->feasible)
    text +=
        fmt::format(" The baseline breaks a constraint: {}. It is a control and cannot win.", broken(*found.baseline));
  return text;
}

/// The finalists are there and none keeps all limits.
std::optional<Words> without_winner(const RunData& run_data) {
  if (!run_data.full || run_data.full->winner != -2 || run_data.full->finalists.empty()) return std::nullopt;
  const auto& least = run_data.full->finalists.front();
  return Words{fmt::format("No finalist keeps all constraints when trained in full, so there is no winner; {} breaks "
                           "them least: {}.",
                           network_text(least.trial), trial::broken_text(run_data.judge, least.metrics)),
               "The table below has what each finalist measured. Loosen the constraint, or search further."};
}

Words words_of(const RunData& run_data) {
  const auto& metric = run_data.judge.first().metric;
  const auto scale = run_data.scale(metric);
  if (const auto found = verdict(run_data)) {
    auto words = words_of(*found, *run_data.full, run_data.judge.first(), scale, scored_on(run_data));
    words.lead += broken_words(run_data, *found);
    return words;
  }
  if (auto words = without_winner(run_data)) return std::move(*words);
  if (const auto* view = run_data.study(Stage::search)) {
    const auto best = ranked(*view);
    const trial::Standings standings(*view);
    if (best.empty() && standings.least_violation() != nullptr) {
      const auto* least = standings.least_violation();
      return {fmt::format("No trial keeps all constraints; {} breaks them least: {}.", network_text(least->trial->id),
                          trial::broken_text(view->judge(), least->shown->metrics)),
              fmt::format("{} can be compared. There is no best and no winner before one keeps them all.",
                          count_text(static_cast<std::int64_t>(standings.comparable()), "trial"))};
    }
    if (!best.empty()) {
      const auto& first = view->judge().first().metric;
      const auto at = view->fidelities().size() > 1
                          ? " at " + fidelity_text(best.front()->result()->at, run_data.full_epochs)
                          : std::string();
      return {
          fmt::format("{} is the search's best{} with {} {}{}; it has not been trained in full.",
                      capital(network_text(best.front()->id)), run_data.search ? "" : " so far",
                      value_text(run_data.scale(first), best.front()->result()->metrics.at(first)), first, at),
          fmt::format("The score comes from the search-validation part{} and is the largest of {}: it ranks, and it "
                      "promises too much.",
                      rows_text(run_data, false), count_text(static_cast<std::int64_t>(best.size()), "trial"))};
    }
  }
  if (run_data.baseline) {
    return {fmt::format("The baseline reaches {} {}; nothing has been searched yet.",
                        value_text(scale, run_data.baseline->score.estimate), metric),
            fmt::format("95 % interval {}, one training, on the search-validation part{}.",
                        bounds_text(scale, run_data.baseline->score), rows_text(run_data, false))};
  }
  return {"Nothing has been measured yet.", "The stages below say what to run."};
}

Json figures_of(const RunData& run_data) {
  const auto& metric = run_data.judge.first().metric;
  const auto scale = run_data.scale(metric);
  Json figures = Json::array();
  if (const auto found = verdict(run_data)) {
    const auto& winner = *found->winner;
    figures.push_back(figure(metric + (run_data.full->untouched ? ", untouched" : ", in full"),
                             value_text(scale, winner.score.estimate),
                             interval_detail(scale, winner.score, winner.scores.size())));
    if (found->contrast) {
      const auto& gap = found->contrast->difference;
      figures.push_back(
          figure("against the baseline", short_points(difference_text(scale, gap.estimate)), bounds_text(scale, gap)));
    }
    if (found->baseline != nullptr && found->baseline != found->winner && winner.parameters > 0 &&
        found->baseline->parameters > 0) {
      figures.push_back(figure("parameters", base::with_commas(winner.parameters),
                               fmt::format("baseline {}", base::with_commas(found->baseline->parameters))));
    }
  } else if (run_data.baseline) {
    figures.push_back(figure("baseline " + metric, value_text(scale, run_data.baseline->score.estimate),
                             bounds_text(scale, run_data.baseline->score)));
  }
  if (run_data.proxy && run_data.proxy->chosen) {
    for (const auto& candidate : run_data.proxy->candidates) {
      if (candidate.fidelity != *run_data.proxy->chosen) continue;
      figures.push_back(figure("proxy agreement", fmt::format("rho {:.2f}", candidate.spearman.estimate),
                               fmt::format("[{:.2f}, {:.2f}], {:.1f} x cheaper", candidate.spearman.lo,
                                           candidate.spearman.hi, candidate.speed_up)));
    }
  }
  if (const auto* view = run_data.study(Stage::search)) {
    const auto counts = view->counts();
    const trial::Standings standings(*view);
    auto detail = fmt::format("{} done, {} failed", base::with_commas(counts.done), base::with_commas(counts.failed));
    if (view->fidelities().size() > 1 && standings.comparable() > 0)
      detail += fmt::format("; {} at {}", standings.comparable(),
                            fidelity_text(view->fidelities()[standings.level()], run_data.full_epochs));
    if (!view->judge().limits().empty())
      detail += fmt::format("; {} of {} keep all hard limits", standings.feasible(), standings.comparable());
    if (view->objectives().size() > 1) detail += fmt::format("; front of {}", standings.front().size());
    if (const auto best = best_by_fidelity(standings, run_data.scale(view->judge().first().metric)))
      figures.push_back(figure("best in the search", best->value, best->where));
    figures.push_back(figure("trials", base::with_commas(counts.claimed), detail));
  }
  double cost = 0;
  for (const auto& [stage, view] : run_data.studies) {
    for (const auto& trial : view.trials()) {
      if (!trial) continue;
      for (const auto& rung : trial->rungs)
        cost += trial::imported(trial->first, rung.item.rung) ? 0 : rung.device_seconds;
    }
  }
  const double full = full_training_seconds(run_data);
  if (cost > 0) {
    figures.push_back(figure("device-hours in all", device_hours_text(cost),
                             full > 0 ? fmt::format("as much as {:.1f} full trainings", cost / full) : ""));
  }
  return figures;
}

Json notes_of(const RunData& run_data) {
  Json notes = Json::array();
  for (const auto& state : run_data.stages) {
    if (state.stage == Stage::report) continue;
    const auto name = run::to_string(state.stage);
    if (state.state == "failed") notes.push_back(note("bad", "The " + name + " stage failed", state.reason));
    if (state.state == "stale") {
      notes.push_back(note("act", "The " + name + " stage is stale",
                           state.reason + ". Its figures belong to the earlier settings."));
    }
  }
  for (const auto& text : run_data.unreadable)
    notes.push_back(note("bad", "A part of the run folder is damaged", text));
  if (run_data.full) {
    for (const auto& missing : run_data.full->missing) notes.push_back(note("act", "Missing from the result", missing));
    int finalists = 0;
    for (const auto& finalist : run_data.full->finalists) finalists += finalist.trial >= 0;
    if (finalists > 1 && run_data.full->winner >= 0) {
      notes.push_back(
          note("info", fmt::format("The winner was picked among {} finalists by these same scores", finalists),
               "The best of several equal networks looks a little better than it is; its score on new data will "
               "rather be lower than higher."));
    }
  }
  if (run_data.search && run_data.proxy && !run_data.proxy->chosen) {
    notes.push_back(note("act", "The search trained in full", run_data.proxy->verdict));
  }
  return notes;
}

}  // namespace

std::optional<Verdict> verdict(const RunData& run_data) {
  if (!run_data.full) return std::nullopt;
  return verdict(*run_data.full, run_data.judge.first());
}

Json headline_section(const RunData& run_data) {
  const auto words = words_of(run_data);
  return {{"sentence", words.sentence},
          {"lead", words.lead},
          {"figures", figures_of(run_data)},
          {"notes", notes_of(run_data)}};
}

}  // namespace assay::report
