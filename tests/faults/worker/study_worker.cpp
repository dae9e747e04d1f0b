// study_worker FOLDER TRIALS [lease=S] [heartbeat=S] [pack] [collect=LOGS] [plain]: one worker of a small study with
// two rungs and three reports a trial (plain: one rung, closed as soon as all numbers are taken), for tests that must
// start workers as programs. Exit codes as those of the drivers. study_worker FOLDER TRIALS check: 1 unless that study
// is complete, once and no more, and its store sound.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "study/fsck.hpp"
#include "study/rungs.hpp"

namespace {

int check(const std::filesystem::path& folder, std::int64_t trials) {
  using namespace lab;
  const auto items = trials + trials / 3 + (trials % 3 > 0 ? 1 : 0);
  const auto view = study::Reader(folder).refresh();
  const auto store = study::check_store(folder);
  for (const auto& finding : store.findings) {
    std::printf("%s: %s\n", finding.broken ? "broken" : "note", finding.text.c_str());
  }
  std::printf(
      "%zu trials, %lld done, %zu items committed, %lld commits, %lld claims; %lld trials and %lld items expected\n",
      view.trials().size(), static_cast<long long>(view.counts().done), view.committed().size(),
      static_cast<long long>(store.commits), static_cast<long long>(store.claims), static_cast<long long>(trials),
      static_cast<long long>(items));
  const bool exact = view.trials().size() == static_cast<std::size_t>(trials) && view.counts().done == trials &&
                     view.committed().size() == static_cast<std::size_t>(items) && store.commits == items;
  return exact && !store.broken() ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
  using namespace lab;
  const std::vector<std::string> words(arguments + 1, arguments + count);
  if (words.size() < 2) {
    std::fprintf(stderr, "usage: study_worker FOLDER TRIALS [lease=S] [heartbeat=S] [pack] [collect=LOGS] [plain]\n");
    return 64;
  }
  try {
    if (words.size() > 2 && words[2] == "check") return check(words[0], std::atoll(words[1].c_str()));
    auto limits = patient(std::atoll(words[1].c_str()));
    for (std::size_t i = 2; i < words.size(); ++i) {
      const auto equals = words[i].find('=');
      const double value = equals == std::string::npos ? 0 : std::atof(words[i].c_str() + equals + 1);
      if (words[i].starts_with("lease=")) limits.lease_seconds = value;
      if (words[i].starts_with("heartbeat=")) limits.heartbeat_seconds = value;
      if (words[i] == "pack") {
        limits.pack_from = 2;
        limits.pack_seconds = 0.05;
      }
      if (words[i].starts_with("collect=")) limits.collector_from = static_cast<int>(value);
    }
    if (words.back() != "plain") return work_on_rungs(words[0], limits);
    RandomPlanner planner;
    Study study(words[0], two_rungs(), limits);
    drain(study, planner, [](const trial::Work& work) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      return judge(work);
    });
    study.leave("done");
    return 0;
  } catch (const base::Error& error) {
    std::fprintf(stderr, "study_worker: %s\n", error.what());
    return static_cast<int>(error.code());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "study_worker: unexpected: %s\n", error.what());
    return 70;
  }
}
