// The study engine measured: `bench_study MODE FOLDER ...` prints one JSON line; tests/bench/study.py asks.
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <numeric>

#include "base/time.hpp"
#include "os/file.hpp"
#include "study/lab.hpp"
#include "study/liveness.hpp"
#include "study/log_writer.hpp"
#include "study/names.hpp"
#include "trial/judge.hpp"
#include "trial/standing.hpp"

using namespace lab;
using namespace assay::study;
using namespace assay::trial;

namespace {

using base::Json;

trial::Metrics many_metrics(int count, double value) {
  trial::Metrics metrics;
  metrics["score"] = value;
  for (int i = 1; i < count; ++i) metrics["metric_" + std::to_string(i)] = value + i;
  return metrics;
}

Proposal point(base::Rng& rng) {
  Proposal what;
  for (int i = 0; i < 8; ++i) what.params["model.block" + std::to_string(i) + ".width"] = rng.uniform();
  what.note = "random";
  return what;
}

/// As many finished trials as asked, written by eight workers that left; results are not synced one by one.
Json make(const Path& folder, std::int64_t trials, int metrics, int reports) {
  { const Study founded(folder, definition(), limits(trials)); }
  const Layout layout{folder};
  base::Rng rng(1, "bench", 0, "make");
  constexpr int workers = 8;
  for (int w = 0; w < workers; ++w) {
    auto hello = greet(os::random_name());
    LogWriter log(layout.log(), hello, 20);
    Claimant names(layout, hello.worker.id);
    for (std::int64_t n = w; n < trials; n += workers) {
      const ItemId item{n, 0};
      names.claim(item, 1);
      log.append(Start{item, 1, base::unix_seconds(), point(rng), {}}, Flush::later);
      const double value = rng.uniform();
      for (int r = 0; r < reports; ++r)
        log.append(Reported{item, 1, {r, 1.0, many_metrics(metrics, value)}}, Flush::later);
      Outcome outcome;
      outcome.metrics = many_metrics(metrics, value);
      log.append(End{item, 1, base::unix_seconds(), outcome}, n % 1000 < workers ? Flush::written : Flush::later);
      names.commit(item, hello.worker.id);
      log.append(Won{item, hello.worker.id}, Flush::later);
    }
    log.goodbye("made");
  }
  return {{"trials", trials}};
}

double peak_megabytes() {
  struct rusage usage {};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

/// With `derived` every measurement gets a reward of two metrics, and a hard limit is judged.
Json open(const Path& folder, bool derived) {
  const char* const judged =
      "[objectives]\nreward = { goal = \"max\", of = \"score\" }\n[[reward]]\nmetric = \"metric_1\"\ntarget = 0.5\n"
      "[[constraint]]\nmetric = \"metric_2\"\nat_most = 2.5\n";
  const auto judge = judge_of({{"reward", true, {}}}, config::Config::parse(judged, "bench"));
  const double before = peak_megabytes(), start = base::steady_seconds();
  Reader reader(folder, derived ? std::optional(judge) : std::nullopt);
  const auto view = reader.refresh();
  const double seconds = base::steady_seconds() - start;
  const Standings standings(view);
  return {{"seconds", seconds},
          {"megabytes", peak_megabytes() - before},
          {"done", view.counts().done},
          {"feasible", standings.feasible()},
          {"standings_seconds", base::steady_seconds() - start - seconds}};
}

/// 100 records of another worker between two refreshes; how long the second takes, median of several.
Json refresh(const Path& folder) {
  Reader reader(folder);
  auto view = reader.refresh();
  const Layout layout{folder};
  auto hello = greet(os::random_name());
  LogWriter log(layout.log(), hello, 20);
  base::Rng rng(1, "bench", 0, "refresh");
  auto n = static_cast<TrialId>(view.trials().size());
  std::vector<double> seconds;
  for (int round = 0; round < 9; ++round) {
    for (int i = 0; i < 50; ++i, ++n) {
      log.append(Start{{n, 0}, 1, base::unix_seconds(), point(rng), {}}, Flush::later);
      log.append(Reported{{n, 0}, 1, {1, 1.0, many_metrics(10, 0.5)}}, i == 49 ? Flush::durable : Flush::later);
    }
    const double start = base::steady_seconds();
    view = reader.refresh();
    seconds.push_back(base::steady_seconds() - start);
  }
  std::sort(seconds.begin(), seconds.end());
  return {{"seconds", seconds[seconds.size() / 2]}};
}

/// Packs all logs that ended.
Json pack(const Path& folder) {
  auto eager = limits(1);
  eager.pack_from = 1;
  eager.pack_seconds = 0;
  Study study(folder, definition(), eager);
  for (int i = 0; i < 20; ++i) study.refresh();
  study.leave("packed");
  return {{"logs", os::list_folder(Layout{folder}.log()).size()},
          {"pieces", os::list_folder(Layout{folder}.archive()).size()}};
}

double cpu_seconds() {
  struct rusage usage {};
  getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

/// One worker in a study that holds trials already: from commit() to the next claim.
Json turnaround(const Path& folder, std::int64_t more) {
  const auto there = static_cast<std::int64_t>(Reader(folder).refresh().trials().size());
  Study study(folder, definition(), limits(there + more));
  RandomPlanner planner;
  study.refresh();
  std::vector<double> wall, cpu;
  auto claim = must_claim(study, planner);
  for (std::int64_t i = 1; i < more; ++i) {
    const double start = base::steady_seconds(), start_cpu = cpu_seconds();
    study.commit(claim, score(0.5));
    claim = must_claim(study, planner);
    wall.push_back(base::steady_seconds() - start);
    cpu.push_back(cpu_seconds() - start_cpu);
  }
  study.commit(claim, score(0.5));
  study.leave("measured");
  std::sort(wall.begin(), wall.end());
  return {{"wall", wall[wall.size() / 2]},
          {"worst", wall.back()},
          {"cpu", std::accumulate(cpu.begin(), cpu.end(), 0.0) / static_cast<double>(cpu.size())}};
}

/// Trivial trials by several processes; counts what the study holds afterwards.
Json work(const Path& folder, std::int64_t trials, int workers) {
  { const Study founded(folder, definition(), limits(trials)); }
  const double start = base::steady_seconds();
  std::vector<pid_t> children;
  for (int w = 0; w < workers; ++w) {
    children.push_back(spawn([&] {
      Study study(folder, definition(), limits(trials));
      RandomPlanner planner;
      drain(study, planner);
      return 0;
    }));
  }
  int failed = 0;
  for (const auto child : children) failed += join(child) != 0;
  const double seconds = base::steady_seconds() - start;
  const auto view = Reader(folder).refresh();
  std::map<std::string, int> commits;
  list_names(Layout{folder}, [&](const ItemId& item, int attempt) {
    if (attempt == 0) ++commits[std::to_string(item.trial) + "." + std::to_string(item.rung)];
  });
  return {{"seconds", seconds},
          {"failed_workers", failed},
          {"lost", trials - view.counts().done},
          {"surplus", static_cast<std::int64_t>(commits.size()) - trials}};
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const auto number = [&](std::size_t i) { return std::atoll(words.at(i).c_str()); };
  try {
    const auto mode = words.at(0);
    const Path folder = words.at(1);
    Json said;
    if (mode == "make") said = make(folder, number(2), static_cast<int>(number(3)), static_cast<int>(number(4)));
    if (mode == "open") said = open(folder, words.size() > 2 && words[2] == "derived");
    if (mode == "pack") said = pack(folder);
    if (mode == "refresh") said = refresh(folder);
    if (mode == "turnaround") said = turnaround(folder, number(2));
    if (mode == "work") said = work(folder, number(2), static_cast<int>(number(3)));
    if (said.is_null()) throw std::out_of_range("no mode " + mode);
    std::printf("%s\n", said.dump().c_str());
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_study make|open|pack|refresh|turnaround|work FOLDER ...: %s\n", error.what());
    return 70;
  }
}
