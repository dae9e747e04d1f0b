// What a whole run needs beyond keys that are right one by one.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "config/check.hpp"

namespace assay::config {
namespace {

/// What the built-in trainer measures: of classes, of numbers, of the network, of the training.
const std::vector<std::string> measured{"accuracy",   "loss",          "rmse",       "r2",
                                        "parameters", "multiply_adds", "latency_ms", "train_seconds"};

void check_metric(const std::string& metric, const Node& node) {
  if (std::find(measured.begin(), measured.end(), metric) != measured.end()) return;
  const auto near = base::nearest_word(metric, measured);
  node.fail(fmt::format("the built-in trainer does not measure {}; it is one of {}{}", metric,
                        base::join(measured, ", "), near.empty() ? "" : fmt::format("; did you mean {}?", near)),
            near);
}

/// A misspelt metric would be found out by every single trial.
void check_measured(const Config& config) {
  for (const auto& [name, objective] : config.node("objectives").items()) {
    const auto of = objective.at("of");
    check_metric(of ? of.string() : name, of ? of : objective);
  }
  for (const char* list : {"constraint", "reward"}) {
    for (const auto& [key, entry] : config.node(list).items()) {
      if (const auto metric = entry.at("metric")) check_metric(metric.string(), metric);
    }
  }
}

}  // namespace

bool without_data(const Config& config) {
  const bool own = config.has("trial.table") || !config.texts("trial.command").empty();
  return own && !config.has("data.format") && !config.has("data.train") && !config.has("data.items") &&
         !config.flag("data.external");
}

bool by_hand(const Config& config) {
  const bool measured =
      !config.texts("trial.command").empty() || config.has("trial.table") || config.node("model.blocks").size() > 0;
  return !measured && (config.has("params") || config.has("space.import"));
}

void Config::check_run() const {
  const auto missing = [&](const std::string& message) {
    throw base::Error(base::Exit::config, {.file = root().where().file}, message);
  };
  const bool external = flag("data.external") || (has("data.format") && text("data.format") == "external");
  const bool table = has("trial.table");
  const bool program = !texts("trial.command").empty(), command = program || table;
  if (const auto keep = node("trial.keep_alive"); keep && keep.boolean() && !program) {
    keep.fail("there is no trial.command that could be kept alive; name one or remove keep_alive");
  }
  if (without_data(*this)) {
    // Nothing is read but the table; or the command knows its own.
  } else if (external) {
    if (const auto format = node("data.format"); format && format.string() != "external") {
      format.fail(fmt::format("\"{}\" contradicts data.external = true; keep one of the two", format.string()));
    }
    if (!has("data.items"))
      missing("data.items is missing: external data needs the list of its training items, items = \"train.csv\"");
    if (!command)
      missing(
          "trial.command is missing: external data is read by your own trainer, command = [\"python\", \"train.py\"]");
  } else {
    if (!has("data.format"))
      missing(
          "data.format is missing; write format = \"csv\", \"idx\", \"cifar\", \"images\" or \"external\" in [data]");
    for (const char* key : {"data.train", "data.valid"}) {
      if (!has(key)) missing(fmt::format("{} is missing; name the file in [data]", key));
    }
    if (text("data.format") == "idx") {
      for (const char* key : {"data.train_labels", "data.valid_labels"}) {
        if (!has(key)) missing(fmt::format("{} is missing; idx keeps images and labels in two files, name both", key));
      }
    }
  }
  const bool params = has("params") || has("space.import");
  if (table && !has("model") && !params)
    missing("params.model is missing; name the columns of the table that are searched: depth.choice = [1, 2, 3]");
  if (command) return;
  check_measured(*this);
  if (!has("model.blocks"))
    missing("model.blocks is missing; describe the network in [model], or name your own trainer in trial.command");
  if (params)
    node(has("params") ? "params" : "space.import")
        .fail(
            "free parameters are for an external trainer; add [trial] command or table, or move them into [model] or "
            "[training]");
}

}  // namespace assay::config
