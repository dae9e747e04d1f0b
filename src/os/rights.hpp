// Who may read and write what Assay makes: a run folder is shared as its owner made it, whatever the umask of whoever
// adds a file.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>

namespace assay::os {

/// What a new file or folder allows to the group and to others: at least as much as the folder that it lies in (files
/// are never made executable by it; a folder with the sticky bit, as /tmp, gives nothing), or what the umask says.
enum class Rights { as_folder, by_umask };

/// Calls `create`, which makes `path` with `mode` (0666 or 0777), so that nobody ever sees it with less than
/// Rights::as_folder. Returns and leaves errno as `create` does.
int create_as_folder(const std::filesystem::path& path, mode_t mode, const std::function<int()>& create);

/// Gives what programs left at `path`, with all below it, the rights of the folder that it lies in. What belongs to
/// others stays as it is.
void share_tree(const std::filesystem::path& path);

}  // namespace assay::os
