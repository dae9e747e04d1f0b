// Small files and configurations for the tests of data.
#pragma once

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "config/config.hpp"
#include "data/dataset.hpp"

namespace assay::testing {

namespace fs = std::filesystem;

/// A folder of its own, removed at the end.
class Folder {
 public:
  Folder() {
    auto pattern = (fs::temp_directory_path() / "assay-data-XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;  // owns the folder
  Folder& operator=(const Folder&) = delete;

  fs::path operator/(const std::string& name) const { return path_ / name; }
  fs::path write(const std::string& name, const std::string& content) const {
    const auto file = path_ / name;
    fs::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << content;
    return file;
  }

 private:
  fs::path path_;
};

/// [data] with the given lines; file names are absolute.
inline config::Config data_config(const std::string& lines) {
  return config::Config::parse("[data]\n" + lines, "run.toml");
}

inline std::string quoted(const fs::path& path) { return "\"" + path.string() + "\""; }

inline std::string csv_lines(const fs::path& train, const fs::path& valid) {
  return "format = \"csv\"\ntrain = " + quoted(train) + "\nvalid = " + quoted(valid) + "\n";
}

/// The message of the error that must come, with exit code `code`.
inline std::string error_of(const std::function<void()>& action, base::Exit code = base::Exit::data) {
  try {
    action();
  } catch (const base::Error& error) {
    CHECK(error.code() == code);
    return error.what();
  }
  FAIL("no error came");
  return "";
}

/// A file of the public data sets, or an empty path.
inline fs::path public_data(const std::string& name) {
  const char* chosen = std::getenv("ASSAY_DATA");
  const fs::path root = chosen && *chosen ? fs::path(chosen) : fs::path(ASSAY_SOURCE_DIR) / ".." / "shared" / "data";
  return fs::exists(root / name) ? root / name : fs::path();
}

#define NEEDS_PUBLIC_DATA(variable, name)                  \
  const auto variable = assay::testing::public_data(name); \
  if (variable.empty()) SKIP(name << " is not there; set ASSAY_DATA to a folder that holds it")

}  // namespace assay::testing
