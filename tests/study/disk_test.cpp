#include <sys/mount.h>
#include <sys/resource.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <csignal>

#include "lab.hpp"

using namespace lab;
using namespace assay::study;
using namespace assay::trial;

namespace {

/// Runs a study until something throws; 0 if nothing did. The message is left in `message`.
int run_until_error(const std::filesystem::path& folder, const std::filesystem::path& message) {
  RandomPlanner planner;
  try {
    Study study(folder, definition(), limits(500));
    drain(study, planner, [](const Work& work) {
      auto outcome = judge(work);
      outcome.attributes["padding"] = std::string(2000, 'x');
      return outcome;
    });
  } catch (const base::Error& error) {
    std::ofstream(message) << error.what();
    return static_cast<int>(error.code());
  }
  return 0;
}

}  // namespace

TEST_CASE("a file that may not grow ends with 74, a clear sentence, and nothing lost") {
  Folder folder;
  const auto run = folder.path() / "run";
  const auto worker = spawn([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{200'000, 200'000};
    ::setrlimit(RLIMIT_FSIZE, &small);
    return run_until_error(run, folder.path() / "message");
  });
  CHECK(join(worker) == 74);
  CHECK_THAT(lines(folder.path() / "message").at(0), Catch::Matchers::ContainsSubstring("cannot write"));
  const auto before = Reader(run).refresh().counts().done;
  CHECK(before > 10);
  RandomPlanner planner;
  Study study(run, definition(), limits(500));
  CHECK(drain(study, planner) == 500 - before);
}

TEST_CASE("a full disk ends with 74; with space again the study goes on") {
  Folder folder;
  if (::mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=600k") != 0) {
    SKIP("mounting a small file system needs root");
  }
  const auto run = folder.path() / "run";
  Folder outside;
  const auto worker = spawn([&] { return run_until_error(run, outside.path() / "message"); });
  CHECK(join(worker) == 74);
  CHECK_THAT(lines(outside.path() / "message").at(0), Catch::Matchers::ContainsSubstring("Free space"));
  CHECK(::mount("tmpfs", folder.path().c_str(), "tmpfs", MS_REMOUNT, "size=50m") == 0);
  const auto before = Reader(run).refresh().counts().done;
  CHECK(before > 10);
  {
    RandomPlanner planner;
    Study study(run, definition(), limits(500));
    CHECK(drain(study, planner) == 500 - before);
    CHECK(study.refresh().counts().done == 500);
  }
  ::umount2(folder.path().c_str(), MNT_DETACH);
}
