#include "exchange/dialect.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>
#include <string_view>

namespace assay::exchange {
namespace {

template <std::size_t N>
std::optional<std::string> part_after(const std::string& column, const std::array<std::string_view, N>& prefixes) {
  for (const auto prefix : prefixes) {
    if (column.starts_with(prefix) && column.size() > prefix.size()) return column.substr(prefix.size());
  }
  return std::nullopt;
}

/// Optuna numbers the values of several objectives, DeepHyper as well.
bool is_numbered(const std::string& column, std::string_view name) {
  if (!column.starts_with(name) || column.size() <= name.size() + 1) return false;
  const auto rest = std::string_view(column).substr(name.size() + 1);
  return column[name.size()] == '_' &&
         std::all_of(rest.begin(), rest.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

}  // namespace

std::optional<std::string> parameter_part(const std::string& column) {
  // Ours; Optuna; Ray Tune and Weights & Biases; DeepHyper; NNI and Ax.
  static constexpr std::array<std::string_view, 13> prefixes = {
      "params.",         "parameters.", "params_",     "config/", "config.",  "p:",
      "parameter.",      "params/",     "parameters/", "param.",  "hparams.", "hyperParameters.parameters.",
      "hyperparameters."};
  auto part = part_after(column, prefixes);
  if (!part) return part;
  // {"lr": {"value": 0.1, "desc": null}} of W&B's config.yaml; {"_name": "conv"} of a nested choice of NNI's.
  for (const std::string_view end : {".value", "._name", "/_name"}) {
    if (part->ends_with(end) && part->size() > end.size()) part->resize(part->size() - end.size());
  }
  return part;
}

std::optional<std::string> metric_part(const std::string& column) {
  static constexpr std::array<std::string_view, 5> prefixes = {"metrics.", "metrics/", "summary.", "summary/",
                                                               "finalMetricData."};
  return part_after(column, prefixes);
}

std::string last_part(const std::string& column) {
  const auto cut = column.find_last_of("./:");
  return cut == std::string::npos ? column : column.substr(cut + 1);
}

std::optional<std::string> fact_of(const std::string& column) {
  static const std::map<std::string, std::string> names = {
      {"State", "state"},       {"job_status", "state"}, {"trial_status", "state"},
      {"status", "state"},      {"number", "trial"},     {"trial_id", "trial"},
      {"trial_index", "trial"}, {"trialJobId", "trial"}, {"job_id", "trial"},
      {"id", "trial"},          {"ID", "trial"},         {"time_total_s", "seconds"},
      {"Runtime", "seconds"},   {"_runtime", "seconds"}, {"summary._runtime", "seconds"},
      {"hostname", "host"},     {"Hostname", "host"}};
  const auto found = names.find(column);
  if (found == names.end()) return std::nullopt;
  return found->second;
}

bool is_own_fact(const std::string& column) {
  static const std::set<std::string> names = {
      "trial",  "state", "failure",  "reason",     "rung",    "rungs",          "attempt",
      "epochs", "data",  "width",    "resolution", "seconds", "device_seconds", "started",
      "ended",  "mark",  "feasible", "violation",  "worker",  "width_share",    "resolution_share",
      "host",   "job",   "note",     "origin",     "stage"};
  return names.contains(column);
}

std::optional<std::string> bookkeeping_of(const std::string& column) {
  static const std::map<std::string, std::set<std::string>> tools = {
      {"Ray Tune",
       {"timestamp", "done", "training_iteration", "date", "time_this_iter_s", "pid", "node_ip", "time_since_restore",
        "iterations_since_restore", "timesteps_since_restore", "experiment_tag", "experiment_id", "checkpoint_dir_name",
        "logdir", "should_checkpoint", "timesteps_total", "episodes_total", "warmup_time", "trial_name"}},
      {"Weights & Biases",
       {"Name", "name", "Notes", "User", "Tags", "Created", "Updated", "End Time", "Sweep", "Group", "Job Type",
        "GPU Count", "GPU Type", "_timestamp", "_step", "created_at", "heartbeat_at", "Commit", "GitHub"}},
      {"Optuna", {"datetime_start", "datetime_complete", "duration"}},
      {"Ax", {"arm_name", "generation_method", "generation_node", "is_feasible"}},
      {"NNI",
       {"sequence", "sequenceId", "intermediate", "parameter_id", "parameter_source", "parameter_index", "startTime",
        "endTime", "logPath", "hyperParameters.parameter_id", "hyperParameters.parameter_source",
        "hyperParameters.parameter_index"}}};
  for (const auto& [tool, names] : tools) {
    if (names.contains(column)) return tool;
  }
  if (column.starts_with("m:")) return "DeepHyper";
  if (column.starts_with("system_attrs")) return "Optuna";
  if (column.starts_with("summary._") || column.starts_with("_wandb") || column.starts_with("config._wandb") ||
      column.starts_with("summary._wandb") || (column.starts_with("config.") && column.ends_with(".desc")))
    return "Weights & Biases";
  return std::nullopt;
}

bool is_whatever_is_optimised(const std::string& column) {
  static const std::set<std::string> names = {"value",  "objective",     "reward", "default",
                                              "result", "value.default", "RESULT", "finalMetricData.data"};
  return names.contains(column) || is_numbered(column, "values") || is_numbered(column, "objective");
}

bool is_done(const std::string& state) {
  static const std::set<std::string> words = {"done", "complete", "completed", "succeeded", "finished", "terminated"};
  auto small = state;
  std::transform(small.begin(), small.end(), small.begin(), [](unsigned char c) { return std::tolower(c); });
  return words.contains(small);
}

std::string json_of_python(const std::string& text) {
  static const std::map<std::string, std::string> words = {
      {"True", "true"}, {"False", "false"}, {"None", "null"}, {"nan", "null"}};
  std::string json;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '\'' || c == '"') {
      json += '"';
      for (++i; i < text.size() && text[i] != c; ++i) {
        if (text[i] == '\\' && i + 1 < text.size()) {
          if (text[i + 1] != '\'') json += '\\';
          json += text[++i];
        } else {
          json += text[i] == '"' ? std::string("\\\"") : std::string(1, text[i]);
        }
      }
      json += '"';
      ++i;
    } else if (std::isalpha(static_cast<unsigned char>(c)) != 0) {
      std::string word;
      for (; i < text.size() && std::isalpha(static_cast<unsigned char>(text[i])) != 0; ++i) word += text[i];
      const auto found = words.find(word);
      json += found == words.end() ? word : found->second;
    } else {
      if (c == ')' || c == ']') {  // ('a',)
        while (!json.empty() && json.back() == ' ') json.pop_back();
        if (!json.empty() && json.back() == ',') json.pop_back();
      }
      json += c == '(' ? '[' : c == ')' ? ']' : c;
      ++i;
    }
  }
  return json;
}

}  // namespace assay::exchange
