// The small files of ended trials: packed once, found afterwards, large and living ones left alone.
#include <catch2/catch_test_macros.hpp>
#include <fstream>

#include "lab.hpp"
#include "os/file.hpp"
#include "study/outputs.hpp"

using namespace lab;
using namespace assay::study;
using namespace assay::trial;

namespace {

void write(const Path& file, const std::string& text) {
  os::make_folders(file.parent_path());
  std::ofstream(file) << text;
}

/// Twenty trials with an output each; 3 has weights, 4 a checkpoint, 5 a large file.
void make_outputs(const Layout& layout) {
  for (TrialId n = 0; n < 20; ++n) write(layout.attempt({n, 0}, 1) / "output.log", "trial " + std::to_string(n));
  write(layout.attempt({3, 0}, 1) / "weights.safetensors", "w");
  write(layout.attempt({4, 0}, 1) / "checkpoint/state", "c");
  write(layout.attempt({5, 0}, 1) / "large", std::string(2 << 20, 'x'));
}

int pack(const Layout& layout, const std::string& worker, int least, const std::function<bool(TrialId)>& ended,
         const std::function<bool(const std::string&)>& gone) {
  std::set<TrialId> refused;
  return pack_outputs(layout, worker, least, ended, gone, refused);
}

const auto nobody_gone = [](const std::string&) { return false; };

}  // namespace

TEST_CASE("outputs of ended trials are packed and can still be read") {
  const Folder folder;
  const Layout layout{folder.path()};
  make_outputs(layout);
  const auto ended = [](TrialId n) { return n < 15; };
  CHECK(pack(layout, "me", 20, ended, nobody_gone) == 0);
  CHECK(pack(layout, "me", 5, ended, nobody_gone) == 12);
  CHECK(os::list_folder(folder.path() / "trials").size() == 20 - 12 + 1);
  for (TrialId n = 0; n < 20; ++n) CHECK(read_output(layout, n, "0.1/output.log") == "trial " + std::to_string(n));
  CHECK_FALSE(read_output(layout, 2, "0.1/nothing"));
  CHECK_FALSE(read_output(layout, 99, "0.1/output.log"));
  CHECK(os::file_size(layout.attempt({3, 0}, 1) / "weights.safetensors"));
  CHECK(os::file_size(layout.attempt({4, 0}, 1) / "checkpoint/state"));
}

TEST_CASE("what a packer left behind when it died is packed by the next") {
  const Folder folder;
  const Layout layout{folder.path()};
  make_outputs(layout);
  const auto trials = folder.path() / "trials";
  os::make_folders(trials / "packing.dead");
  std::filesystem::rename(trials / "7", trials / "packing.dead/7");
  write(trials / "packing.dead/packed-7-7-x.tar.gz.half", "torn");
  CHECK(read_output(layout, 7, "0.1/output.log") == "trial 7");
  const auto none = [](TrialId) { return false; };
  CHECK(pack(layout, "me", 5, none, nobody_gone) == 0);
  CHECK(pack(layout, "me", 5, none, [](const std::string& id) { return id == "dead"; }) == 1);
  CHECK(read_output(layout, 7, "0.1/output.log") == "trial 7");
  CHECK_FALSE(std::filesystem::exists(trials / "packing.dead"));
}

TEST_CASE("eight packers at once pack every trial once") {
  const Folder folder;
  const Layout layout{folder.path()};
  make_outputs(layout);
  std::vector<pid_t> packers;
  for (int i = 0; i < 8; ++i) {
    packers.push_back(spawn([&, i] {
      pack(
          layout, "p" + std::to_string(i), 1, [](TrialId) { return true; }, nobody_gone);
      return 0;
    }));
  }
  for (const auto packer : packers) CHECK(join(packer) == 0);
  for (TrialId n = 0; n < 20; ++n) CHECK(read_output(layout, n, "0.1/output.log") == "trial " + std::to_string(n));
}
