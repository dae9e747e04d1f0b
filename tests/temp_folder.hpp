// A folder of its own for a test, removed at the end.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "os/file.hpp"
#include "os/host.hpp"

namespace assay::tests {

class TempFolder {
 public:
  explicit TempFolder(std::string_view name = "test")
      : path_(std::filesystem::temp_directory_path() / ("assay-" + std::string(name) + "-" + os::random_name())) {
    std::filesystem::create_directories(path_);
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;             // owns a folder
  TempFolder& operator=(const TempFolder&) = delete;  // owns a folder

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace assay::tests
