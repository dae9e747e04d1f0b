#include "launch/summary.hpp"

#include <algorithm>
#include <cmath>

#include "base/json.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "run/results.hpp"
#include "trial/metric.hpp"
#include "trial/standing.hpp"

namespace assay::launch {
namespace {

using base::Json;

std::string interval_text(const std::string& metric, const run::Interval& interval) {
  if (interval.lo == interval.hi) return score_text(metric, interval.estimate);
  if (!trial::is_share(metric, interval.estimate)) {
    return fmt::format("{} [{:.4g}, {:.4g}]", score_text(metric, interval.estimate), interval.lo, interval.hi);
  }
  return fmt::format("{} [{:.1f}, {:.1f}]", score_text(metric, interval.estimate), 100 * interval.lo,
                     100 * interval.hi);
}

std::string split_text(const run::SplitFigures& figures) {
  if (figures.train + figures.valid == 0) return figures.verdict;
  auto text = fmt::format("{} train + {} search-validation", base::with_commas(figures.train),
                          base::with_commas(figures.valid));
  if (figures.untouched > 0) text += fmt::format(", {} validation untouched", base::with_commas(figures.untouched));
  if (figures.verdict.empty()) return text;
  const bool tells_p = figures.verdict.find("p =") != std::string::npos || figures.untouched == 0;
  return text + "; " + figures.verdict + (tells_p ? "" : fmt::format(" (chi2 p = {:.2f})", figures.p_value));
}

std::string baseline_text(const run::BaselineFigures& figures, const std::string& metric) {
  auto text = interval_text(metric, figures.score);
  if (figures.parameters > 0) text += fmt::format(", {} parameters", base::with_commas(figures.parameters));
  if (figures.best_batch > 0) text += fmt::format("; best batch {}", figures.best_batch);
  return text + fmt::format("; one full training costs {}", base::format_duration(figures.training_seconds));
}

std::string proxy_text(const run::ProxyFigures& figures) {
  const auto passing = std::count_if(figures.candidates.begin(), figures.candidates.end(),
                                     [](const run::CandidateFigures& candidate) { return candidate.passes; });
  if (!figures.chosen) return figures.verdict;
  auto text = fmt::format("{} of {} proxies agree; ", passing, figures.candidates.size());
  for (const auto& candidate : figures.candidates) {
    if (candidate.fidelity != *figures.chosen) continue;
    return text + fmt::format("chosen {}: rho {:.2f} [{:.2f}, {:.2f}], {:.1f} x cheaper", candidate.name,
                              candidate.spearman.estimate, candidate.spearman.lo, candidate.spearman.hi,
                              candidate.speed_up);
  }
  return text + "chosen " + trial::to_text(*figures.chosen, figures.chosen->epochs);
}

/// "at 8 epochs", with what else is reduced.
std::string at_text(const trial::Fidelity& at) {
  auto text = trial::to_text(at, 0);
  if (const auto full = text.find(", full data"); full != std::string::npos) text.erase(full, 11);
  return "at " + text;
}

/// "  best 67.0 % at 8 epochs (78.2 % at 2 epochs)": fidelities are named where trials were measured at several.
std::string best_text(const trial::Standings& standings) {
  const auto& view = standings.view();
  const auto& first = view.judge().first();
  const bool several = view.fidelities().size() > 1;
  if (standings.best() == nullptr) {
    const auto* least = standings.least_violation();
    if (least == nullptr) return "";
    return fmt::format("  none keeps all constraints, trial {} breaks them least ({})", least->trial->id,
                       trial::broken_text(view.judge(), least->shown->metrics));
  }
  const auto score = [&](const trial::Measurement& at) {
    return score_text(first.metric, at.metrics.at(first.metric));
  };
  auto text = "  best " + score(*standings.best()->shown);
  if (!several) return text;
  text += " " + at_text(standings.best()->shown->at);
  const double sign = first.maximise ? 1 : -1;
  const trial::Measurement* better = nullptr;
  for (std::size_t level = 0; level < standings.level(); ++level) {
    const auto* below = standings.best_at(level);
    const double than = (better != nullptr ? *better : *standings.best()->shown).metrics.at(first.metric);
    if (below != nullptr && sign * below->metrics.at(first.metric) > sign * than) better = below;
  }
  return better == nullptr ? text : text + fmt::format(" ({} {})", score(*better), at_text(better->at));
}

std::string search_text(const run::SearchFigures& figures, const std::string& metric) {
  const auto& counts = figures.counts;
  auto text =
      fmt::format("{} trials; ", base::with_commas(counts.done + counts.stopped + counts.failed + counts.infeasible));
  if (figures.best >= 0) {
    text += fmt::format("best {}{} (trial {})", score_text(metric, figures.best_score),
                        figures.reached && *figures.reached != figures.fidelity ? " " + at_text(*figures.reached) : "",
                        figures.best);
  } else {
    text += "no trial keeps all constraints";
    if (figures.least >= 0) text += fmt::format(", trial {} breaks them least ({})", figures.least, figures.least_text);
  }
  if (figures.best >= 0 && figures.feasible < figures.comparable)
    text += fmt::format("; {} of {} keep all constraints", figures.feasible, figures.comparable);
  if (figures.pareto.size() > 1) text += fmt::format("; front {}", figures.pareto.size());
  if (counts.failed > 0) text += fmt::format("; failed {}", counts.failed);
  if (counts.stopped > 0) text += fmt::format("; stopped early {}", counts.stopped);
  if (counts.infeasible > 0) text += fmt::format("; infeasible {}", counts.infeasible);
  text += fmt::format("; {} per trial", base::format_duration(figures.mean_trial_seconds));
  const bool to_its_end = figures.reason.empty() || figures.reason.starts_with("all ");
  return to_its_end ? text : text + "; " + figures.reason;
}

std::string full_text(const run::FullFigures& figures, const std::string& metric) {
  const run::FinalistFigures* winner = nullptr;
  const run::FinalistFigures* baseline = nullptr;
  for (const auto& finalist : figures.finalists) {
    if (finalist.trial == figures.winner) winner = &finalist;
    if (finalist.trial < 0) baseline = &finalist;
  }
  if (winner == nullptr)
    return fmt::format("{} finalists, no winner: none keeps all constraints", figures.finalists.size());
  auto text = fmt::format(
      "{} {}{}", winner->trial < 0 ? "the baseline wins with" : fmt::format("winner: trial {},", winner->trial),
      interval_text(metric, winner->score), figures.untouched ? " on untouched data" : "");
  if (winner->parameters > 0) text += fmt::format(", {} parameters", base::with_commas(winner->parameters));
  if (baseline != nullptr && baseline != winner) text += "; baseline " + score_text(metric, baseline->score.estimate);
  if (!figures.missing.empty()) text += fmt::format("; {} trainings failed", figures.missing.size());
  return text;
}

}  // namespace

std::string score_text(const std::string& metric, double value) {
  if (std::isnan(value)) return "not a number";
  if (trial::is_share(metric, value)) return fmt::format("{:.1f} %", 100 * value);
  const bool whole = value == std::round(value) && std::abs(value) < 1e15;
  return whole ? base::with_commas(static_cast<std::int64_t>(value)) : fmt::format("{:.4g}", value);
}

std::string summary(run::Stage stage, const Json& figures, const std::string& metric) {
  switch (stage) {
    case run::Stage::split:
      return split_text(run::split_figures(figures));
    case run::Stage::baseline:
      return baseline_text(run::baseline_figures(figures), metric);
    case run::Stage::proxy:
      return proxy_text(run::proxy_figures(figures));
    case run::Stage::search:
      return search_text(run::search_figures(figures), metric);
    case run::Stage::full:
      return full_text(run::full_figures(figures), metric);
    case run::Stage::report:
      break;
  }
  if (figures.contains("page") && figures.at("page").is_string()) return figures.at("page").get<std::string>();
  return "report/";
}

std::vector<double> default_proxy_shares(const config::Config& config) {
  if (config.has("trial.command") || config.has("trial.table")) return {0.125, 0.25};
  return {0.125, 0.25, 0.0625};
}

std::int64_t planned_trials(const run::Run& run, run::Stage stage) {
  const auto& config = run.config();
  switch (stage) {
    case run::Stage::baseline:
      return 1;
    case run::Stage::proxy: {
      const auto candidates = config.node("proxy.candidate");
      const auto count = candidates ? candidates.size() : default_proxy_shares(config).size();
      return config.integer("proxy.reference") * static_cast<std::int64_t>(1 + count);
    }
    case run::Stage::search: {
      const auto points = config.node("search.points");
      const auto limit = config.integer("search.max_trials");
      return points && config.text("search.algorithm") == "list"
                 ? std::min<std::int64_t>(limit, static_cast<std::int64_t>(points.size()))
                 : limit;
    }
    case run::Stage::full:
      return config.integer("full.seeds") * (config.integer("full.top_k") + (config.flag("full.baseline") ? 1 : 0));
    default:
      return 0;
  }
}

std::string progress(const trial::StudyView& view, std::int64_t planned, int workers, double rate) {
  const auto counts = view.counts();
  const auto ended =
      std::max<std::int64_t>(0, counts.done + counts.stopped + counts.failed + counts.infeasible - view.imported());
  planned = std::max(planned, ended);
  auto text = fmt::format("{}/{} trials", ended, planned);
  if (view.imported() > 0) text += fmt::format("  {} imported", view.imported());
  if (workers >= 0) text += fmt::format("  {} worker{}", workers, workers == 1 ? "" : "s");
  const trial::Standings standings(view);
  if (!view.objectives().empty()) text += best_text(standings);
  if (const auto running = view.running(); planned == 1 && !running.empty() && !running.front()->reports.empty()) {
    const auto& last = running.front()->reports.back();
    text += fmt::format("  epoch {}/{}", last.step, running.front()->at.epochs);
    for (const auto& [metric, value] : last.metrics) {
      if (!view.objectives().empty() && metric == view.judge().first().metric) text += "  " + score_text(metric, value);
    }
  }
  if (view.objectives().size() > 1 && ended > 0) text += fmt::format("  front {}", standings.front().size());
  if (counts.failed > 0) text += fmt::format("  failed {}", counts.failed);
  if (rate > 0) {
    text += rate >= 1 ? fmt::format("  {:.1f} trials/s", rate)
                      : fmt::format("  {} per trial", base::format_duration(1 / rate));
    text += fmt::format("  {} left", base::format_duration(static_cast<double>(planned - ended) / rate));
  }
  return text;
}

}  // namespace assay::launch
