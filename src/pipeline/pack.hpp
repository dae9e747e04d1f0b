// A run folder as one archive, without checkpoints and weights: to be looked at and continued elsewhere, as scratch
// file systems are purged.
#pragma once

#include <cstdint>
#include <filesystem>

#include "run/run.hpp"

namespace assay::pipeline {

struct PackFigures {
  std::int64_t files = 0;
  std::uintmax_t bytes = 0;  ///< of the archive
  std::int64_t left_out = 0;
  std::uintmax_t left_out_bytes = 0;  ///< of checkpoints and weights
  std::int64_t unfinished = 0;        ///< trials under way, which start again from their first epoch
};

/// Writes the archive (.tar.gz) durably under a temporary name and renames it. Workers may be at work: what is
/// published later is read earlier, so that the copy of a study holds the record of every commit in it. Error(io) where
/// a file cannot be read or tar fails.
PackFigures pack(const run::Run& run, const std::filesystem::path& archive);

}  // namespace assay::pipeline
