#include "search/curves_data.hpp"

#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <sstream>

#include "base/random.hpp"
#include "config/config.hpp"
#include "search/stopping/early_stop.hpp"
#include "trial/view_builder.hpp"

namespace assay::test {
namespace {

std::string unpacked(const std::string& path) {
  std::string text;
  const auto file = gzopen(path.c_str(), "rb");
  if (file == nullptr) return text;
  char buffer[1 << 16];
  for (int count = 0; (count = gzread(file, buffer, sizeof buffer)) > 0;) text.append(buffer, buffer + count);
  gzclose(file);
  return text;
}

/// One trial's reports so far.
trial::Trial trial_of(trial::TrialId id, const std::vector<double>& curve, std::size_t epochs, trial::State state) {
  trial::Trial trial{.id = id, .first = {}, .proposed = true, .rungs = {}};
  trial.rungs.push_back({.item = {id, 0}, .attempt = 1, .state = state});
  for (std::size_t i = 0; i < epochs; ++i)
    trial.rungs.front().reports.push_back({static_cast<std::int64_t>(i + 1), 0.0, {{"loss", curve[i]}}});
  return trial;
}

}  // namespace

std::vector<std::vector<double>> language_curves() {
  const char* given = std::getenv("ASSAY_DATA");
  const std::string folder = given != nullptr ? given : ASSAY_SOURCE_DIR "/../shared/data";
  std::stringstream lines(unpacked(folder + "/nas-bench-nlp-wt2/nlp_wt2_curves.csv.gz"));
  std::vector<std::vector<double>> curves;
  for (std::string line; std::getline(lines, line);) {
    std::vector<std::string> cells;
    std::stringstream stream(line);
    for (std::string cell; std::getline(stream, cell, ',');) cells.push_back(cell);
    if (cells.size() < 3 || cells[1] != "val") continue;
    std::vector<double> curve;
    for (std::size_t i = 2; i < cells.size() && !cells[i].empty(); ++i) curve.push_back(std::stod(cells[i]));
    curves.push_back(std::move(curve));
  }
  return curves;
}

EarlyStopFigures replay_early_stop(const std::vector<std::vector<double>>& curves, const std::string& rule,
                                   const std::string& more, int workers, int orders) {
  const auto config = config::Config::parse("[search]\nearly_stop = \"" + rule + "\"\n" + more, "t.toml");
  const std::size_t full = 50;
  double best = INFINITY, all = 0;
  for (const auto& curve : curves) {
    all += static_cast<double>(curve.size());
    if (curve.size() == full) best = std::min(best, curve.back());
  }
  EarlyStopFigures figures;
  for (int order = 0; order < orders; ++order) {
    base::Rng rng(static_cast<std::uint64_t>(order), "test", 0, "order");
    std::vector<std::size_t> line(curves.size());
    std::iota(line.begin(), line.end(), std::size_t{0});
    for (std::size_t i = line.size(); i > 1; --i)
      std::swap(line[i - 1], line[static_cast<std::size_t>(rng.below(static_cast<std::int64_t>(i)))]);

    const auto early_stop = search::make_early_stop(config);
    trial::ViewBuilder builder;
    builder.objectives({{"loss", false, {}}});
    struct Running {
      trial::TrialId id;
      std::size_t epochs;
    };
    std::vector<Running> running;
    trial::TrialId next = 0;
    double spent = 0, found = INFINITY;
    while (next < static_cast<trial::TrialId>(line.size()) || !running.empty()) {
      while (static_cast<int>(running.size()) < workers && next < static_cast<trial::TrialId>(line.size()))
        running.push_back({next++, 0});
      for (auto& [id, epochs] : running) {
        const auto& curve = curves[line[static_cast<std::size_t>(id)]];
        ++epochs, ++spent;
        builder.trial(trial_of(id, curve, epochs, trial::State::running));
        auto state = trial::State::running;
        if (epochs == full) {
          state = trial::State::done;
          found = std::min(found, curve.back());
        } else if (epochs == curve.size()) {
          state = trial::State::failed;
        } else if (early_stop->check(builder.build(), {id, 0})) {
          state = trial::State::stopped;
        }
        if (state == trial::State::running) continue;
        builder.trial(trial_of(id, curve, epochs, state));
        epochs = 0;
      }
      std::erase_if(running, [](const Running& each) { return each.epochs == 0; });
    }
    figures.saved.push_back(1 - spent / all);
    figures.survived.push_back(found == best ? 1 : 0);
    figures.regret.push_back(found - best);
  }
  return figures;
}

}  // namespace assay::test
