// Where an attempt may go on from: the newest folder of earlier work that holds a usable checkpoint.
#pragma once

#include "study/facts.hpp"
#include "study/names.hpp"

namespace assay::study {

/// What the built-in trainer publishes, whole, in the folder of an attempt.
inline constexpr const char* checkpoint_file = "checkpoint.safetensors";
/// The folder that an external command keeps its checkpoint in.
inline constexpr const char* checkpoint_folder = "checkpoint";

/// A folder is usable if it holds a checkpoint_file or a checkpoint_folder that is not empty.
bool has_checkpoint(const Path& folder);

/// True if an attempt left a checkpoint that is not, byte by byte, the one that it went on from (Work::previous).
bool left_checkpoint(const trial::Work& work);

/// Earlier attempts of the same item, then `what.from`, then lower rungs of the same trial; empty if none has a
/// checkpoint.
Path previous_folder(const Layout& layout, const Facts& facts, const trial::ItemId& item, int attempt,
                     const trial::Proposal& what);

}  // namespace assay::study
