// A folder for one test case, gone afterwards.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "os/host.hpp"

namespace assay::tests {

class Scratch {
 public:
  Scratch() { std::filesystem::create_directories(path_); }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;             // owns a folder
  Scratch& operator=(const Scratch&) = delete;  // owns a folder

  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

  std::filesystem::path write(const std::string& name, const std::string& content) const {
    std::ofstream(path_ / name) << content;
    return path_ / name;
  }

 private:
  std::filesystem::path path_ = std::filesystem::temp_directory_path() / ("assay-test-" + os::random_name());
};

}  // namespace assay::tests
