// What a configuration says otherwise than the run folder it is named for, and what a person can do then.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "run/program.hpp"

namespace assay::run {

/// One key that differs, an array of plain values as a whole.
struct Difference {
  std::string key;
  config::KeyClass key_class = config::KeyClass::identity;
  std::string was, is;  ///< in TOML; empty: not set
  std::string where;    ///< of the new value: "my.toml:6:9", "--set key=value"; empty: by default
};

inline bool is_identity(const Difference& one) { return one.key_class == config::KeyClass::identity; }

/// In the order of the resolved configurations. An argument of the command that has only moved is no difference.
std::vector<Difference> differences(const config::Config& mine, const config::Config& given, const Program& noted);

/// Where a configuration came from: to propose how to start it.
struct Given {
  std::filesystem::path file;
  std::vector<std::string> overrides;
  bool by_hand = false;  ///< its trials are asked for
};

/// RUN-2, RUN-3, ...: the first name that is free.
std::filesystem::path free_name(const std::filesystem::path& folder);

/// "`assay set RUN key=value other= ...`": makes the run's values those given; one that is not set is taken out.
std::string set_command(const std::filesystem::path& folder, const std::vector<Difference>& differences);

/// All keys that differ, that this is another run, and both remedies.
std::string other_run(const std::filesystem::path& folder, const Given& given,
                      const std::vector<Difference>& differences);

/// Keys that make no other run: the run's values stay in force, and how to change that.
std::string stays(const std::filesystem::path& folder, const std::vector<Difference>& differences);

}  // namespace assay::run
