#include "pipeline/proxy_choice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "stats/correlation.hpp"
#include "stats/resampling.hpp"

namespace assay::pipeline {
namespace {

/// A bootstrap cannot see luck: three networks in perfect order give [1, 1], and so does one random order in six.
constexpr double most_chance = 0.05;

/// Scores and costs of one setting, by reference network; NaN where the training failed.
struct Measured {
  std::vector<double> scores, seconds;
};

Measured collect(const trial::StudyView& view, const std::string& candidate, const trial::Objective& objective,
                 std::size_t networks) {
  Measured measured{std::vector<double>(networks, NAN), std::vector<double>(networks, NAN)};
  for (const auto& trial : view.trials()) {
    if (!trial || !trial->first.tags.contains("candidate") || trial->first.tags.at("candidate") != candidate) continue;
    const auto* result = trial->result();
    if (result == nullptr || !result->metrics.contains(objective.metric)) continue;
    const auto index = static_cast<std::size_t>(std::stol(trial->first.tags.at("reference")));
    measured.scores.at(index) = trial::metric_or_nan(result->metrics, objective.metric) * (objective.maximise ? 1 : -1);
    measured.seconds.at(index) = result->device_seconds;
  }
  return measured;
}

double mean_of_finite(const std::vector<double>& values) {
  double sum = 0;
  int count = 0;
  for (const double value : values) {
    if (std::isfinite(value)) sum += value, ++count;
  }
  return count == 0 ? 0 : sum / count;
}

run::Interval interval_of(const stats::Interval& interval) { return {interval.estimate, interval.lo, interval.hi}; }

run::CandidateFigures judge(const Measured& full, const Measured& proxy, const trial::Fidelity& fidelity,
                            const run::Run& run, int full_epochs, std::size_t index) {
  // Scores and costs of the networks that both have: other networks cost other times.
  std::vector<double> x, y;
  double full_seconds = 0, proxy_seconds = 0;
  for (std::size_t i = 0; i < full.scores.size(); ++i) {
    if (!std::isfinite(full.scores[i]) || !std::isfinite(proxy.scores[i])) continue;
    x.push_back(full.scores[i]);
    y.push_back(proxy.scores[i]);
    full_seconds += full.seconds[i];
    proxy_seconds += proxy.seconds[i];
  }
  run::CandidateFigures figures;
  figures.fidelity = fidelity;
  figures.name = trial::to_text(fidelity, full_epochs);
  figures.networks = static_cast<int>(x.size());
  if (!x.empty()) figures.seconds = proxy_seconds / static_cast<double>(x.size());
  if (proxy_seconds > 0) figures.speed_up = full_seconds / proxy_seconds;
  if (x.size() < 3) return figures;
  const auto draws = static_cast<int>(run.config().integer("proxy.bootstrap"));
  const base::Rng rng(run.seed(), "proxy", static_cast<std::int64_t>(index), "bootstrap");
  figures.spearman = interval_of(stats::bootstrap_pairs(x, y, stats::spearman, draws, rng));
  figures.kendall = interval_of(stats::bootstrap_pairs(x, y, stats::kendall_tau_b, draws, rng));
  figures.chance = stats::kendall_chance(figures.networks, figures.kendall.estimate);
  figures.passes = figures.spearman.lo >= run.config().number("proxy.agreement") && figures.chance < most_chance &&
                   figures.speed_up > 1;
  return figures;
}

std::string verdict_of(const run::ProxyFigures& figures, const run::CandidateFigures* best) {
  const auto passing = std::count_if(figures.candidates.begin(), figures.candidates.end(),
                                     [](const auto& candidate) { return candidate.passes; });
  if (best == nullptr) {
    const auto lucky = std::any_of(figures.candidates.begin(), figures.candidates.end(), [&](const auto& candidate) {
      return candidate.spearman.lo >= figures.agreement_wanted && candidate.chance >= most_chance;
    });
    const auto no_cheaper =
        std::any_of(figures.candidates.begin(), figures.candidates.end(), [&](const auto& candidate) {
          return candidate.spearman.lo >= figures.agreement_wanted && candidate.chance < most_chance;
        });
    if (no_cheaper) {
      return fmt::format(
          "none of {} proxies is of use (those that agree cost as much as full trainings); the search will "
          "train in full",
          figures.candidates.size());
    }
    return fmt::format("none of {} proxies agrees well enough ({}); the search will train in full",
                       figures.candidates.size(),
                       lucky ? "so few networks agree by luck too often: raise proxy.reference"
                             : fmt::format("lower bound of rho >= {:.2f} is asked", figures.agreement_wanted));
  }
  return fmt::format("{} of {} proxies agree; chosen {}", passing, figures.candidates.size(), best->name);
}

}  // namespace

std::vector<trial::Fidelity> proxy_candidates(const config::Config& config, const trial::Fidelity& full) {
  std::vector<trial::Fidelity> candidates;
  const auto listed = config.node("proxy.candidate");
  const bool table = config.has("trial.table");
  for (std::size_t i = 0; listed && i < listed.size(); ++i) {
    const auto entry = listed.items()[i].second;
    trial::Fidelity fidelity = full;
    if (const auto epochs = entry.at("epochs")) fidelity.epochs = static_cast<int>(epochs.integer());
    if (const auto data = entry.at("data")) fidelity.data = data.number();
    if (const auto width = entry.at("width")) fidelity.width = width.number();
    if (const auto resolution = entry.at("resolution")) fidelity.resolution = resolution.number();
    if (table && (fidelity.data != 1 || fidelity.width != 1 || fidelity.resolution != 1))
      entry.fail("a table knows epochs only; take out data, width and resolution");
    if (fidelity == full) entry.fail("this proxy is the full training; reduce epochs, data, width or resolution");
    candidates.push_back(fidelity);
  }
  if (!candidates.empty()) return candidates;
  if (table && full.epochs == 0)
    base::fail(base::Exit::config, "proxy.candidate is missing: with a table and searched epochs, name their epochs");
  if (full.epochs == 0) return {{.epochs = 0, .data = 0.25}, {.epochs = 0, .data = 0.5}};  // epochs are searched
  const int eighth = std::max(1, full.epochs / 8), quarter = std::max(1, full.epochs / 4);
  // Of another program's networks nobody here knows how to make them narrower.
  const bool program = !config.texts("trial.command").empty();
  if (table || program) return {{.epochs = eighth}, {.epochs = quarter}};
  return {{.epochs = eighth}, {.epochs = quarter}, {.epochs = quarter, .width = 0.5}};
}

run::ProxyFigures choose_proxy(const trial::StudyView& view, const run::Run& run, const trial::Fidelity& full,
                               const std::vector<trial::Fidelity>& candidates) {
  const auto objective = run.judge().first();
  const auto networks = view.trials().size() / (candidates.size() + 1);
  const auto reference = collect(view, "full", objective, networks);

  run::ProxyFigures figures;
  figures.agreement_wanted = run.config().number("proxy.agreement");
  figures.full_seconds = mean_of_finite(reference.seconds);
  figures.scatter.resize(networks);
  const double sign = objective.maximise ? 1 : -1;
  for (std::size_t r = 0; r < networks; ++r) {
    if (std::isfinite(reference.scores[r])) figures.scatter[r]["full"] = sign * reference.scores[r];
  }
  for (std::size_t c = 0; c < candidates.size(); ++c) {
    const auto proxy = collect(view, std::to_string(c), objective, networks);
    figures.candidates.push_back(judge(reference, proxy, candidates[c], run, full.epochs, c));
    for (std::size_t r = 0; r < networks; ++r) {
      if (std::isfinite(proxy.scores[r])) figures.scatter[r][std::to_string(c)] = sign * proxy.scores[r];
    }
  }
  const run::CandidateFigures* best = nullptr;
  for (const auto& candidate : figures.candidates) {
    if (candidate.passes && (best == nullptr || candidate.seconds < best->seconds)) best = &candidate;
  }
  if (best != nullptr) figures.chosen = best->fidelity;
  figures.verdict = verdict_of(figures, best);
  return figures;
}

}  // namespace assay::pipeline
