// The built executables, run as a person would run them.
#pragma once

#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <string>
#include <vector>

#include "os/file.hpp"
#include "os/process.hpp"
#include "run/scratch.hpp"

namespace assay::tests {

struct Said {
  int code = 0;
  std::string out, error;
};

inline bool built(const std::string& program) {
  return std::filesystem::exists(std::filesystem::path(ASSAY_BIN) / program);
}

inline Said run_program(const Scratch& scratch, std::vector<std::string> arguments,
                        const std::map<std::string, std::string>& environment = {}) {
  if (arguments.front().find('/') == std::string::npos && built(arguments.front())) {
    arguments.front() = (std::filesystem::path(ASSAY_BIN) / arguments.front()).string();
  }
  const auto name = os::random_name();
  const auto out = scratch / (name + ".out"), error = scratch / (name + ".err");
  os::Child child({.arguments = arguments,
                   .environment = environment,
                   .folder = scratch.path(),
                   .standard_output = out,
                   .standard_error = error});
  const auto ended = child.wait();
  return {ended.signal != 0 ? 128 + ended.signal : ended.code, os::read_file(out), os::read_file(error)};
}

/// The processes of `program` whose command line names a path in the scratch folder.
inline std::vector<pid_t> processes(const Scratch& scratch, const std::string& program) {
  std::vector<pid_t> found;
  for (const auto& name : os::list_folder("/proc")) {
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::ifstream file("/proc/" + name + "/cmdline");  // a process that ends meanwhile is no error here
    const std::string line(std::istreambuf_iterator<char>(file), {});
    const auto end = line.find('\0');
    if (end != std::string::npos && line.substr(0, end).ends_with(program) &&
        line.find(scratch.path().string()) != std::string::npos) {
      found.push_back(std::stoi(name));
    }
  }
  return found;
}

/// 90 rows, 4 features, 3 classes that a small network can tell apart.
inline std::string table(int rows = 90, int classes = 3) {
  std::string text = "a,b,c,d,kind\n";
  unsigned state = 12345;
  for (int i = 0; i < rows; ++i) {
    for (int f = 0; f < 4; ++f) {
      state = state * 1103515245U + 12345U;
      text += std::to_string((i % classes == f ? 2.0 : 0.0) + (state >> 16 & 1023U) / 1024.0) + ",";
    }
    text += "class" + std::to_string(i % classes) + "\n";
  }
  return text;
}

/// A configuration on train.csv and valid.csv in the scratch folder; `more` comes behind it.
inline std::string small_run(const std::string& blocks = "", const std::string& more = "") {
  return "[run]\nseed = 1\n[data]\nformat = \"csv\"\ntrain = \"train.csv\"\nvalid = "
         "\"valid.csv\"\n[model]\ninput = [4]\nblocks = [\n" +
         (blocks.empty()
              ? std::string("  { op = \"linear\", name = \"hidden\", act = \"relu\", width = { int = [4, 40], "
                            "default = 8 } },\n"
                            "  { op = \"linear\", width = \"classes\" },\n")
              : blocks) +
         "]\n[training]\nepochs = 2\nbatch_size = 16\n" + more;
}

}  // namespace assay::tests
