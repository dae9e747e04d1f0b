// The parts of the page that belong to one stage: its figures, and what they do and do not say.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/text.hpp"
#include "report/compare.hpp"
#include "report/figure_text.hpp"
#include "report/insight.hpp"
#include "report/sections.hpp"
#include "report/trial_table.hpp"
#include "report/verdict.hpp"
#include "stats/correlation.hpp"
#include "stats/resampling.hpp"
#include "trial/metric.hpp"
#include "trial/standing.hpp"

namespace assay::report {
namespace {

using base::Json;
using run::Stage;

constexpr std::size_t most_rows = 20'000;  ///< trials in the page itself; the CSV has all
constexpr std::size_t most_curves = 120;
constexpr std::size_t most_points = 60;  ///< of one curve

/// The best ten and a spread of the others, each thinned.
Json curves(const trial::StudyView& view) {
  Json list = Json::array();
  if (view.objectives().empty()) return list;
  const auto& metric = view.judge().first().metric;
  auto trials = ranked(view);
  const std::set<const trial::Trial*> known(trials.begin(), trials.end());
  const std::size_t top = std::min<std::size_t>(10, trials.size());
  // Behind the best: what breaks limits, or was measured at a lower fidelity.
  for (const auto& trial : view.trials()) {
    if (trial && trial->result() != nullptr && !known.contains(trial.get())) trials.push_back(trial.get());
  }
  const std::size_t step = std::max<std::size_t>(1, (trials.size() - top) / (most_curves - 10) + 1);
  for (std::size_t i = 0; i < trials.size(); i += i < top ? 1 : step) {
    const auto reports = whole_curve(*trials[i]);
    Json steps = Json::array(), values = Json::array();
    const std::size_t stride = reports.size() / most_points + 1;
    for (std::size_t k = 0; k < reports.size(); ++k) {
      if (k % stride != 0 && k + 1 != reports.size()) continue;
      const auto found = reports[k].metrics.find(metric);
      if (found == reports[k].metrics.end() || !std::isfinite(found->second)) continue;
      steps.push_back(reports[k].step);
      values.push_back(found->second);
    }
    if (!steps.empty())
      list.push_back({{"trial", trials[i]->id}, {"top", i < top}, {"steps", steps}, {"values", values}});
  }
  return list;
}

/// How each row of the table counts, for the charts: "compared", "infeasible" (compared, breaks a hard limit), "below"
/// and "below infeasible" (measured at another fidelity), or "".
Json row_standings(const TrialTable& table, const trial::Standings& standings) {
  Json list = Json::array();
  for (const auto& row : table.rows) {
    const auto& standing = standings.at(std::get<std::int64_t>(row[0]));
    std::string text;
    if (standing.shown != nullptr && standing.shown->state == trial::State::done)
      text = standing.comparable ? (standing.feasible ? "compared" : "infeasible")
                                 : (standing.feasible ? "below" : "below infeasible");
    list.push_back(text);
  }
  return list;
}

/// The best so far over the trials that compare and keep the limits, by number: [trial, value] where it changes.
Json running_best(const trial::Standings& standings) {
  Json list = Json::array();
  const bool maximise = standings.view().judge().first().maximise;
  std::optional<double> best;
  for (const auto& standing : standings.all()) {
    if (!standing.comparable || !standing.feasible) continue;
    if (best && !(maximise ? *standing.value > *best : *standing.value < *best)) continue;
    best = standing.value;
    list.push_back({standing.trial->id, *best});
  }
  return list;
}

std::string curve_text(const trial::StudyView& view, Scale scale) {
  const auto now = progress(view);
  if (now.best < 0) return "No trial has a score yet.";
  auto text = fmt::format("The best came as trial {}; {} after it did not beat it.", now.best,
                          count_text(now.since_best, "scored trial"));
  if (now.growth) {
    text += fmt::format(" Mean of the last third against the first: {} {}",
                        difference_text(scale, now.growth->estimate), bounds_text(scale, *now.growth));
    text += view.judge().first().maximise ? "." : " (better is positive).";
  }
  return text;
}

/// How many trials, at which fidelity, on what; which was the best at each; how it ended.
std::string search_text(const RunData& run_data, const trial::Standings& standings) {
  const auto& view = standings.view();
  const auto rows = run_data.split && run_data.split->valid > 0
                        ? fmt::format(" ({})", count_text(run_data.split->valid, "row"))
                        : std::string();
  auto text = fmt::format(
      "{}, scored on the search-validation part{}: these scores order networks, they do not promise anything about new "
      "data.",
      trials_text(standings, run_data.full_epochs), rows);
  if (const auto best = best_by_fidelity(standings, run_data.scale(view.judge().first().metric))) {
    text += fmt::format(" Best {} {}: only scores of one fidelity are compared.", best->value, best->where);
  }
  return text + (run_data.search ? " Ended: " + run_data.search->reason + "."
                                 : " The search has not ended: this is what is there so far.");
}

/// "The ten best in blue, others in grey."
std::string curves_text(const Json& curves, bool rungs) {
  const auto top = std::count_if(curves.begin(), curves.end(), [](const Json& curve) { return curve["top"] == true; });
  const auto rest = static_cast<std::ptrdiff_t>(curves.size()) - top;
  std::string text = top == 0 ? "No trial is among the best yet: all in grey"
                              : fmt::format("The {}best in blue", top == 1 ? "" : fmt::format("{} ", top));
  if (top > 0 && rest > 0) text += ", others in grey";
  return text + (rungs ? "; a curve goes through all rungs of its trial." : ".");
}

/// Did stage 1 put the finalists into the order that stage 2 finds?
std::string rank_text(const RunData& run_data) {
  std::vector<double> searched, full;
  for (const auto& finalist : run_data.full->finalists) {
    if (finalist.trial < 0 || finalist.scores.empty()) continue;
    searched.push_back(finalist.search_score);
    full.push_back(finalist.score.estimate);
  }
  if (searched.size() < 3) return "Too few finalists for a rank correlation.";
  const base::Rng rng(run_data.seed, "report", 0, "finalists");
  const auto rho = stats::bootstrap_pairs(searched, full, stats::spearman, 1000, rng);
  auto text = fmt::format("Rank correlation of the two stages: rho {} over {} finalists.",
                          agreement_text({rho.estimate, rho.lo, rho.hi}), searched.size());
  if (searched.size() < 8) text += " So few say little; chosen near the top, they lie close together.";
  return text;
}

/// What the intervals of the finalists hold. `score`: the winner's.
std::string full_foot(const RunData& run_data, double score, std::size_t seeds) {
  const auto& objective = run_data.judge.first();
  const std::string lower = objective.maximise ? "" : " Lower is better.";
  const bool rows = run_data.split && run_data.split->untouched > 0 && trial::is_share_of_rows(objective.metric, score);
  if (seeds < 2) {
    const auto text = rows ? fmt::format(
                                 "Intervals: 95 %, Wilson's for the {} rows of the validation set; differences: "
                                 "Newcombe's, from both intervals. ",
                                 base::with_commas(run_data.split->untouched))
                           : std::string();
    return text + "One training each: the noise between trainings is unknown." + lower;
  }
  std::string text =
      "Intervals: 95 %, t over seeds, kept among the values that the metric can have; differences: Welch's t over "
      "seeds, not corrected for the number of finalists. They hold the noise between trainings";
  if (rows && run_data.scale(objective.metric) == Scale::percent) {
    const double half =
        1.96 * std::sqrt(std::max(0.0, score * (1 - score)) / static_cast<double>(run_data.split->untouched));
    text += fmt::format(
        "; that the validation set has only {} rows adds about ±{:.2f} points to each score as an estimate for new "
        "data",
        base::with_commas(run_data.split->untouched), 100 * half);
  }
  return text + "." + lower;
}

/// The search-validation histogram and its companions under the names that the page uses.
Json histograms(const Json& report) {
  const auto list = [&](const char* name) { return report.value(name, Json::array()); };
  const auto train = list("train_histogram");
  if (train.empty() || train.size() > 200) return nullptr;
  return {{"train", train}, {"valid", list("valid_histogram")}, {"untouched", list("untouched_histogram")}};
}

}  // namespace

Json split_section(const RunData& run_data) {
  if (!run_data.split) return nullptr;
  auto section = run::to_json(*run_data.split);
  section["histograms"] = nullptr;
  section["warnings"] = Json::array();
  if (run_data.split_report.is_object()) {
    section["histograms"] = histograms(run_data.split_report);
    section["warnings"] = run_data.split_report.value("warnings", Json::array());
    section["chi2"] = run_data.split_report.value("chi2", Json());
  }
  return section;
}

Json proxy_section(const RunData& run_data) {
  if (!run_data.proxy) return nullptr;
  const auto& proxy = *run_data.proxy;
  auto section = run::to_json(proxy);
  section["chosen_index"] = -1;
  int networks = 0;
  for (std::size_t c = 0; c < proxy.candidates.size(); ++c) {
    if (proxy.chosen && proxy.candidates[c].fidelity == *proxy.chosen) section["chosen_index"] = c;
    networks = std::max(networks, proxy.candidates[c].networks);
  }
  section["text"] = fmt::format("Accepted is the cheapest candidate whose lower bound of rho reaches {:.2f}.",
                                proxy.agreement_wanted);
  section["foot"] =
      "Intervals: 95 % bootstrap over the reference networks. The networks were spread over the space by size, which "
      "makes agreement look better than among the best networks alone; several candidates were looked at, and no "
      "correction is made for that.";
  if (networks >= 3) {
    section["foot"] = section["foot"].get<std::string>() +
                      fmt::format(" Unrelated rankings of {} networks reach tau 0.65 with a chance of {:.2g} %.",
                                  networks, 100 * stats::kendall_chance(networks, 0.65));
  }
  return section;
}

Json search_section(const RunData& run_data) {
  const auto* view = run_data.study(Stage::search);
  if (view == nullptr) return nullptr;
  const auto counts = view->counts();
  Json section = Json::object();
  const trial::Standings standings(*view);
  section["text"] = search_text(run_data, standings);
  section["curve_text"] = curve_text(*view, run_data.scale(run_data.judge.first().metric));
  section["curves"] = curves(*view);
  section["curves_text"] = curves_text(section["curves"], view->fidelities().size() > 1);
  section["epochs"] = 0;
  for (const auto& curve : section["curves"]) {
    section["epochs"] = std::max(section["epochs"].get<std::int64_t>(), curve["steps"].back().get<std::int64_t>());
  }
  section["front"] = Json::array();
  for (const auto* standing : standings.front()) section["front"].push_back(standing->trial->id);
  section["counts"] = {{"claimed", counts.claimed},
                       {"running", counts.running},
                       {"done", counts.done},
                       {"stopped", counts.stopped},
                       {"failed", counts.failed},
                       {"infeasible", counts.infeasible},
                       {"wanted", view->max_trials() - view->imported()}};
  const auto table = trial_table(*view, most_rows);
  section["table"] = to_columns(table);
  section["levels"] = view->fidelities().size();
  section["standing"] = row_standings(table, standings);
  section["running_best"] = running_best(standings);
  section["strongest"] = nullptr;
  const auto list = influences(*view);
  section["influences"] = Json::array();
  for (const auto& item : list) section["influences"].push_back({{"parameter", item.parameter}, {"share", item.share}});
  for (const auto& column : table.columns) {
    if (!list.empty() && column.group == Column::Group::parameter && column.label == list.front().parameter)
      section["strongest"] = column.key;
  }
  return section;
}

Json baseline_section(const RunData& run_data) {
  if (!run_data.baseline) return nullptr;
  auto section = run::to_json(*run_data.baseline);
  auto metrics = run_data.baseline->metrics;
  run_data.judge.derive(metrics);
  section["named"] = Json::array();
  for (const auto& name : run_data.named_metrics()) {
    if (name != run_data.judge.first().metric && metrics.contains(name))
      section["named"].push_back({{"metric", name}, {"value", metrics.at(name)}});
  }
  section["broken"] = trial::broken_text(run_data.judge, metrics);
  return section;
}

Json full_section(const RunData& run_data) {
  if (!run_data.full) return nullptr;
  auto section = run::to_json(*run_data.full);
  const auto found = verdict(run_data);
  const auto& metric = run_data.judge.first().metric;
  const auto scale = run_data.scale(metric);
  std::size_t seeds = 0;
  const auto scores = all_scores(*run_data.full);
  for (std::size_t i = 0; i < run_data.full->finalists.size(); ++i) {
    const auto& finalist = run_data.full->finalists[i];
    auto& entry = section["finalists"][i];
    entry["difference"] = nullptr;
    entry["difference_text"] = "–";
    entry["baseline"] = finalist.is_baseline();
    entry["broken"] = finalist.feasible ? "" : trial::broken_text(run_data.judge, finalist.metrics);
    const auto value = run_data.judge.value(finalist.metrics);
    entry["value"] = value ? Json(*value) : Json();
    seeds = std::max(seeds, finalist.scores.size());
    if (!found || found->baseline == nullptr || found->baseline == &finalist || finalist.scores.empty()) continue;
    if (const auto gap = contrast(finalist, *found->baseline, metric, scores)) {
      const auto& d = gap->difference;
      entry["difference"] = {{"estimate", d.estimate}, {"lo", d.lo}, {"hi", d.hi}};
      entry["difference_text"] = difference_text(scale, d.estimate) + " " + bounds_text(scale, d);
    }
  }
  section["metrics"] = Json::array();
  for (const auto& name : run_data.named_metrics()) {
    if (name != metric) section["metrics"].push_back(name);
  }
  const auto& limits = run_data.judge.limits().all();
  section["soft"] =
      std::any_of(limits.begin(), limits.end(), [](const auto& limit) { return limit.weight.has_value(); });
  section["limited"] = std::any_of(limits.begin(), limits.end(), [](const auto& limit) { return !limit.weight; });
  section["rank_text"] = rank_text(run_data);
  section["foot"] = full_foot(run_data, found ? found->winner->score.estimate : NAN, seeds);
  return section;
}

}  // namespace assay::report
