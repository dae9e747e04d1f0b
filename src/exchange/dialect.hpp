// How the tables of Ray Tune, Weights & Biases, Optuna, Ax, DeepHyper, NNI and Assay itself name what they hold.
#pragma once

#include <optional>
#include <string>

namespace assay::exchange {

/// What follows where a column's name says that it is a parameter ("config/lr", "p:lr", "params_lr": "lr").
std::optional<std::string> parameter_part(const std::string& column);
/// The same for measurements ("metrics.loss", "summary.loss"; NNI's {"default": ..} of "value" stays as it is).
std::optional<std::string> metric_part(const std::string& column);
/// The last part of a name made of parts: "loss" of "valid/loss" or "hparams.train.loss".
std::string last_part(const std::string& column);

/// Our name of what other tools call otherwise: "state" of "trial_status", "seconds" of "time_total_s".
std::optional<std::string> fact_of(const std::string& column);
/// Columns of our own exports that are neither parameter nor metric nor attribute.
bool is_own_fact(const std::string& column);
/// Bookkeeping of a tool that says nothing of the result; the tool's name.
std::optional<std::string> bookkeeping_of(const std::string& column);
/// "value", "objective", "reward": columns under which tools keep whatever is optimised.
bool is_whatever_is_optimised(const std::string& column);

/// A state that means there is a result, in any tool's words.
bool is_done(const std::string& state);

/// A value as Python prints it, as JSON text; what is no such value does not become JSON either.
std::string json_of_python(const std::string& text);

}  // namespace assay::exchange
