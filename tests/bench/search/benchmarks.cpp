#include "bench/search/benchmarks.hpp"

#include <fmt/format.h>
#include <fmt/std.h>

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <sstream>

#include "base/error.hpp"
#include "bench/search/problems.hpp"
#include "data/csv.hpp"
#include "search/table.hpp"
#include "stats/hypervolume.hpp"

namespace assay::bench {
namespace {

Benchmark closed_form(const std::string& name, const std::string& search) {
  const auto what = std::make_shared<const Problem>(problem(name));
  std::string text = search;
  std::vector<trial::Objective> objectives;
  for (std::size_t i = 0; i < what->objectives; ++i) {
    objectives.push_back({fmt::format("f{}", i + 1), false, {}});
    text += fmt::format("[objectives.f{}]\ngoal = \"min\"\n", i + 1);
  }
  text += "[params.training]\n";
  for (std::size_t i = 0; i < what->size(); ++i) text += fmt::format("x{:02} = {{ float = [0.0, 1.0] }}\n", i);

  const auto measure = [what](const space::Params& params, int) {
    std::vector<double> unit;
    for (const auto& [parameter, value] : params) unit.push_back(std::get<double>(value));  // by name: x00, x01, ...
    trial::Metrics metrics;
    const auto values = what->at(unit);
    for (std::size_t i = 0; i < values.size(); ++i) metrics[fmt::format("f{}", i + 1)] = values[i];
    return std::optional(metrics);
  };
  const auto regrets = [what](const std::vector<trial::Metrics>& results) {
    std::vector<std::vector<double>> values;
    for (const auto& metrics : results) {
      values.emplace_back();
      for (const auto& [metric, value] : metrics) values.back().push_back(value);
    }
    return what->regrets(values);
  };
  return {config::Config::parse(text, name), std::move(objectives), 1, measure, regrets};
}

/// Accuracy and FLOPs of the whole table in [0, 1], less is better: best accuracy to 85 %, fewest to most FLOPs.
struct Scale {
  double best = 0, fewest = 0, most = 0;

  explicit Scale(const test::Table& table) : fewest(table.rows().begin()->second.flops) {
    for (const auto& [arch, row] : table.rows()) {
      best = std::max(best, row.accuracy);
      fewest = std::min(fewest, row.flops);
      most = std::max(most, row.flops);
    }
  }
  std::vector<double> point(double accuracy, double flops) const {
    return {(best - accuracy) / (best - 85), (flops - fewest) / (most - fewest)};
  }
};

Benchmark macro(bool with_flops, const std::string& search) {
  auto loaded = test::Table::load();
  if (!loaded)
    base::fail(base::Exit::data, "nas-bench-macro is missing; set ASSAY_DATA to the folder of the data sets");
  const auto table = std::make_shared<const test::Table>(std::move(*loaded));
  const Scale scale(*table);
  std::vector<trial::Objective> objectives{{"accuracy", true, {}}};
  std::string text = search + "[objectives.accuracy]\ngoal = \"max\"\n";
  if (with_flops) {
    objectives.push_back({"flops", false, {}});
    text += "[objectives.flops]\ngoal = \"min\"\n";
  }
  const auto measure = [table, with_flops](const space::Params& params, int) {
    const auto& row = table->at(params);
    trial::Metrics metrics{{"accuracy", row.accuracy}};
    if (with_flops) metrics["flops"] = row.flops;
    return std::optional(metrics);
  };
  const std::vector<bool> down{false, false};
  double whole = 0;
  if (with_flops) {
    stats::HypervolumeArchive all({1, 1}, down);
    for (const auto& [arch, row] : table->rows()) all.add(scale.point(row.accuracy, row.flops));
    whole = all.volume();
  }
  const auto regrets = [scale, whole, down](const std::vector<trial::Metrics>& results) {
    std::vector<double> left;
    stats::HypervolumeArchive archive({1, 1}, down);
    double best = 0;
    for (const auto& metrics : results) {
      best = std::max(best, metrics.at("accuracy"));
      if (whole > 0) archive.add(scale.point(metrics.at("accuracy"), metrics.at("flops")));
      left.push_back(whole > 0 ? 1 - archive.volume() / whole : scale.best - best);
    }
    return left;
  };
  return {test::macro_config(text), std::move(objectives), 1, measure, regrets};
}

/// Losses by cell and epoch; where a word stands instead of a number, or nothing, the training broke off.
std::map<std::string, std::vector<double>> nlp_curves() {
  const auto file = test::data_folder() / "nas-bench-nlp-wt2" / "nlp_wt2_curves.csv.gz";
  if (!exists(file)) base::fail(base::Exit::data, "{} is missing; set ASSAY_DATA to the folder of the data sets", file);
  const auto content = data::read_content(file, config::Config::parse("", "nlp"));
  std::istringstream lines{std::string(content.text())};
  std::map<std::string, std::vector<double>> curves;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string cell, split, field;
    std::getline(fields, cell, ',');
    std::getline(fields, split, ',');
    if (split != "val") continue;
    std::vector<double> losses;
    for (double loss = 0; std::getline(fields, field, ',') && data::parse_number(field, loss);) losses.push_back(loss);
    curves.emplace(cell, std::move(losses));  // of two runs of one cell the first
  }
  return curves;
}

Benchmark nlp(const std::string& search) {
  const auto curves = std::make_shared<const std::map<std::string, std::vector<double>>>(nlp_curves());
  constexpr std::size_t epochs = 50;
  std::string names;
  double best = std::numeric_limits<double>::infinity();
  for (const auto& [cell, losses] : *curves) {
    names += (names.empty() ? "\"" : ", \"") + cell + "\"";
    if (losses.size() == epochs) best = std::min(best, losses.back());
  }
  const auto measure = [curves](const space::Params& params, int after) -> std::optional<trial::Metrics> {
    const auto& losses = curves->at(space::to_text(params.begin()->second));
    if (losses.size() < static_cast<std::size_t>(after)) return std::nullopt;
    return trial::Metrics{{"loss", losses[static_cast<std::size_t>(after) - 1]}};
  };
  const auto regrets = [best](const std::vector<trial::Metrics>& results) {
    std::vector<double> left;
    double lowest = std::numeric_limits<double>::infinity();
    for (const auto& metrics : results) {
      lowest = std::min(lowest, metrics.at("loss"));
      left.push_back(lowest - best);
    }
    return left;
  };
  const auto text = search + "[objectives.loss]\ngoal = \"min\"\n[params.model]\ncell = { choice = [" + names + "] }\n";
  return {config::Config::parse(text, "nlp"), {{"loss", false, {}}}, static_cast<int>(epochs), measure, regrets};
}

}  // namespace

Benchmark benchmark(const std::string& problem, const std::string& search) {
  const auto lines = "[search]\n" + search;
  if (problem == "macro" || problem == "macro_flops") return macro(problem == "macro_flops", lines);
  if (problem == "nlp") return nlp(lines);
  return closed_form(problem, lines);
}

}  // namespace assay::bench
