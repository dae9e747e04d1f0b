// Completion of command lines in bash, made from the declared verbs and the settings table.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "cli/verbs.hpp"
#include "config/settings.hpp"

namespace assay::cli {

/// What may stand for a word or for the value of an option. It follows from the name that all verbs use for the same
/// thing: "RUN", "--config", "KEY=VALUE", "--stage". `with_config`: the verb also takes a configuration for RUN.
struct Meaning {
  enum class Kind {
    other,
    run,
    target,
    file,
    folder,
    setting,
    trial_stage,
    stage,
    workers,
    choices
  } kind = Kind::other;
  std::vector<std::string> choices = {};
};
Meaning meaning_of(const Option& option, bool with_config);

/// The options that all six stage executables share, as they are declared for their command lines.
std::vector<Option> stage_options();

/// Pure: the script that `eval "$(assay completion bash)"` reads.
std::string bash_completion(const std::vector<Verb>& verbs, const std::vector<Option>& stage_options,
                            std::span<const config::Setting> settings);

}  // namespace assay::cli
