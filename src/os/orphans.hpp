// Processes that left the group and the session of what started them, found by a mark in their environment.
#pragma once

namespace assay::os {

/// Kills every process whose environment began with this "NAME=value", and what these start meanwhile, as far as this
/// user may. Makes system calls only: may be called between fork and exec, and in destructors.
void kill_marked(const char* variable) noexcept;

}  // namespace assay::os
