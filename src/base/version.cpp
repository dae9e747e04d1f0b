#include "base/version.hpp"

#include <cstdlib>
#include <filesystem>

namespace assay::base {

namespace {

bool holds_share(const std::filesystem::path& folder) {
  std::error_code ignored;
  return std::filesystem::is_directory(folder / "slurm", ignored) &&
         std::filesystem::is_directory(folder / "configs", ignored);
}

}  // namespace

std::string built_python();  // generated, see version.cpp.in

std::string python() {
  const char* chosen = std::getenv("ASSAY_PYTHON");
  return chosen && *chosen ? chosen : built_python();
}

std::string share_folder() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error) {
    const auto prefix = self.parent_path().parent_path();
    if (holds_share(prefix / "share" / "assay")) return (prefix / "share" / "assay").string();
    if (holds_share(prefix)) return prefix.string();
  }
  return source_folder();
}

}  // namespace assay::base
