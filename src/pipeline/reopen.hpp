// A search that ended takes more trials (DESIGN 4, protocol 7): who opens it again, and what is said about it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "run/run.hpp"

namespace assay::pipeline {

/// Opens a search that is closed again, because of `why`: the line for people, which says how it continues and what
/// ends it. Nothing if it was open.
std::optional<std::string> reopen_search(const run::Run& run, const std::string& why);
/// What `assay set` with these changes means for a search that is closed: one that takes more trials now is opened
/// again. The line for people; nothing where the changes do not concern it.
std::optional<std::string> reopen_after(const run::Run& run, const std::vector<std::string>& changes);
/// True for keys of rules that end a search.
bool is_stop_rule(const std::string& key);
/// True if it ended because all numbers were given away, and for no other reason.
bool ended_by_number(const std::string& reason);

}  // namespace assay::pipeline
