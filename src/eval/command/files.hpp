// The files of one attempt of an external command.
#pragma once

#include <filesystem>
#include <string>

#include "base/json.hpp"
#include "study/checkpoint.hpp"
#include "trial/trial.hpp"

namespace assay::eval {

struct CommandFiles {
  std::filesystem::path folder;
  std::filesystem::path params() const { return folder / "params.json"; }
  std::filesystem::path shell() const { return folder / "trial.sh"; }
  std::filesystem::path split() const { return folder / "split.json"; }
  std::filesystem::path metrics() const { return folder / "metrics.jsonl"; }
  std::filesystem::path output() const { return folder / "output.log"; }
  std::filesystem::path stop() const { return folder / "stop"; }
  std::filesystem::path checkpoint() const { return folder / study::checkpoint_folder; }
};

/// Makes the folder and writes params.json, split.json and trial.sh; checkpoint/ starts as a copy of the previous
/// attempt's.
CommandFiles prepare_command_files(const trial::Work& work, const base::Json& values, const base::Json& rows);

/// {"training": {"lr": 0.1}} -> "training_lr='0.1'" lines that a shell can read.
std::string shell_assignments(const base::Json& json);

/// The last lines of a file, for the reason of a failure.
std::string last_lines(const std::filesystem::path& file, std::size_t lines = 5, std::size_t most_bytes = 1000);

}  // namespace assay::eval
