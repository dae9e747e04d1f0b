// Commands that messages propose. There is one way to write them, so that each can be pasted into a shell whatever the
// paths in it hold. (A test finds every call and runs what it proposes.)
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace assay::base {

/// `text` as one word of a POSIX shell: as it is where no character of it means anything there, else in single quotes.
std::string shell_quoted(std::string_view text);

/// The words as a command line: `assay set 'my run' search.max_trials=80`, without the backticks.
std::string command(const std::vector<std::string>& words);

/// The same between backticks, as sentences have it.
std::string proposal(const std::vector<std::string>& words);

}  // namespace assay::base
