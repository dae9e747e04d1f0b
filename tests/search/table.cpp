#include "search/table.hpp"

#include <cstdlib>
#include <deque>
#include <fstream>
#include <sstream>

namespace assay::test {

std::filesystem::path data_folder() {
  const char* given = std::getenv("ASSAY_DATA");
  return given != nullptr ? given : ASSAY_SOURCE_DIR "/../shared/data";
}

std::optional<Table> Table::load() {
  std::ifstream file(data_folder() / "nas-bench-macro" / "nas_bench_macro_cifar10.csv");
  if (!file) return std::nullopt;
  Table table;
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::vector<std::string> cells;
    std::stringstream stream(line);
    for (std::string cell; std::getline(stream, cell, ',');) cells.push_back(cell);
    table.rows_[cells.at(0)] = {std::stod(cells.at(12)), std::stod(cells.at(14)), std::stod(cells.at(15))};
  }
  return table;
}

const Row& Table::at(const space::Params& params) const {
  std::string arch;
  for (const auto& [name, value] : params) {  // l1 .. l8, in this order
    const auto label = space::to_text(value);
    arch += label == "skip" ? '0' : label == "k3" ? '1' : '2';
  }
  return rows_.at(arch);
}

config::Config macro_config(const std::string& more) {
  std::string text = "[model]\nblocks = [\n";
  for (int i = 1; i <= 8; ++i) {
    text += "  { name = \"l" + std::to_string(i) +
            "\", choice = [ { op = \"skip\" }, { name = \"k3\", op = \"mbconv\", kernel = 3, expand = 3 }, "
            "{ name = \"k5\", op = \"mbconv\", kernel = 5, expand = 6 } ] },\n";
  }
  return config::Config::parse(text + "]\n" + more, "macro.toml");
}

trial::StudyView simulate(trial::Planner& planner, const std::vector<trial::Objective>& objectives, std::int64_t trials,
                          std::uint64_t seed, const Measure& measure, std::int64_t workers) {
  return simulate_judged(planner, trial::Judge(objectives), trials, seed, measure, workers);
}

trial::StudyView simulate_judged(trial::Planner& planner, const trial::Judge& judge, std::int64_t trials,
                                 std::uint64_t seed, const Measure& measure, std::int64_t workers) {
  trial::ViewBuilder builder;
  builder.judge(judge).max_trials(trials);
  std::deque<trial::Trial> running;
  const auto finish = [&] {
    auto trial = std::move(running.front());
    running.pop_front();
    const auto metrics = measure(trial.id, trial.first.params);
    auto& measurement = trial.rungs.front();
    measurement.state = metrics ? trial::State::done : trial::State::failed;
    if (metrics) measurement.metrics = *metrics;
    builder.trial(std::move(trial));
  };
  for (trial::TrialId number = 0;; ++number) {
    const auto view = builder.build();
    if (std::holds_alternative<trial::Finished>(planner.next(view))) break;
    base::Rng rng(seed, "search", number, "propose");
    trial::Trial trial;
    trial.id = number;
    trial.rungs.push_back({.item = {number, 0}, .attempt = 1, .state = trial::State::running});
    if (auto proposal = planner.propose(view, number, rng)) {
      trial.first = std::move(*proposal);
      trial.proposed = true;
      running.push_back(trial);
    } else {
      trial.rungs.front().state = trial::State::voided;
    }
    builder.trial(std::move(trial));
    if (static_cast<std::int64_t>(running.size()) >= workers) finish();
  }
  while (!running.empty()) finish();
  return builder.build();
}

}  // namespace assay::test
