// Whatever part of whichever log has come through, a view is valid; and logs of the first format stay readable.
#include <catch2/catch_test_macros.hpp>

#include "os/file.hpp"
#include "study/facts.hpp"
#include "study/names.hpp"
#include "study/record.hpp"
#include "study/rungs.hpp"

using namespace lab;
using namespace assay::study;
using namespace assay::trial;

namespace {

struct Log {
  std::string worker;
  std::vector<Record> records;
  std::size_t next = 0;
};

std::vector<Log> logs_of(const Path& folder) {
  std::vector<Log> logs;
  const Layout layout{folder};
  for (const auto& name : os::list_folder(layout.log())) {
    const auto bytes = os::read_file(layout.log() / name);
    Scanner scanner(bytes);
    logs.push_back({name.substr(0, name.find('.')), {}});
    while (const auto json = scanner.next()) logs.back().records.push_back(*decode(*json));
  }
  return logs;
}

/// What has a result agrees with the whole study; what has none is running or waiting.
void check_part(const StudyView& part, const StudyView& whole) {
  REQUIRE(part.trials().size() <= whole.trials().size());
  for (const auto& trial : part.trials()) {
    if (!trial) continue;
    const auto* known = whole.find(trial->id);
    REQUIRE(trial->rungs.size() <= known->rungs.size());
    for (const auto& rung : trial->rungs) {
      const auto& expected = known->rungs[static_cast<std::size_t>(rung.item.rung)];
      if (rung.state == State::done) {
        CHECK(rung.metrics == expected.metrics);
        CHECK(trial->proposed);
        CHECK(trial->first.params == known->first.params);
      } else {
        CHECK((rung.state == State::running || rung.state == State::waiting));
      }
      CHECK(rung.reports.size() <= expected.reports.size());
    }
  }
}

}  // namespace

TEST_CASE("any interleaving of two writers' prefixes gives a valid view, and all of it the same one") {
  constexpr std::int64_t trials = 24;
  Folder folder;
  std::vector<pid_t> workers;
  for (int i = 0; i < 2; ++i) workers.push_back(spawn([&] { return work_on_rungs(folder.path(), patient(trials)); }));
  for (const auto worker : workers) REQUIRE(join(worker) == 0);
  const auto whole = Reader(folder.path()).refresh();
  REQUIRE(whole.committed().size() == trials + trials / 3);
  const auto original = logs_of(folder.path());
  REQUIRE(original.size() == 2);

  base::Rng rng(3, "test", 0, "prefixes");
  const auto objectives = two_rungs().objectives;
  for (int round = 0; round < 40; ++round) {
    auto logs = original;
    Facts facts;
    facts.set_judge(Judge(objectives));
    std::size_t done = 0;
    while (logs[0].next < logs[0].records.size() || logs[1].next < logs[1].records.size()) {
      auto& log = logs[static_cast<std::size_t>(rng.below(2))];
      for (auto burst = 1 + rng.below(12); burst > 0 && log.next < log.records.size(); --burst) {
        facts.apply(facts.worker(log.worker), log.records[log.next++]);
      }
      if (rng.below(3) != 0) continue;
      const auto part = facts.view({}, trials);
      check_part(part, whole);
      CHECK(part.committed().size() >= done);
      done = part.committed().size();
    }
    const auto all = facts.view({}, trials);
    check_part(all, whole);
    CHECK(all.committed().size() == whole.committed().size());
    for (const auto* item : all.committed()) CHECK(item->reports.size() == 3);
  }
}

TEST_CASE("logs of format 1 are read") {
  const std::vector<std::string> lines = {
      R"({"is":"hello","format":1,"worker":"w","host":"n1","boot":"b","pid":7,"start":9,"pid_namespace":"p","job":"12_3","restart":1,"cores":4,"gpus":2,"time":100.5})",
      R"({"is":"start","item":[0,0],"attempt":1,"time":101,"what":{"params":{"x":0.5,"n":3,"kind":"a","on":true,"set":["u","v"]},"note":"random","tags":{"seed":"1"}},"at":{"epochs":4,"data":0.5,"width":1.0,"resolution":1.0}})",
      R"({"is":"report","item":[0,0],"attempt":1,"step":1,"seconds":2.5,"metrics":{"score":0.25}})",
      R"({"is":"end","item":[0,0],"attempt":1,"time":110,"outcome":{"state":"done","metrics":{"score":0.75},"attributes":{"device":"cpu"},"device_seconds":9.0}})",
      R"({"is":"won","item":[0,0],"worker":"w"})",
      R"({"is":"beat","time":111})",
      R"({"is":"bye","reason":"done","time":112})"};
  Facts facts;
  for (const auto& line : lines) facts.apply(facts.worker("w"), decode(line).value());
  const auto view = facts.view({}, 1);
  REQUIRE(view.find(0) != nullptr);
  const auto& trial = *view.find(0);
  CHECK(std::get<std::int64_t>(trial.first.params.at("n")) == 3);
  CHECK(std::get<std::vector<std::string>>(trial.first.params.at("set")).size() == 2);
  CHECK(trial.first.tags.at("seed") == "1");
  CHECK(trial.result()->metrics.at("score") == 0.75);
  CHECK(trial.result()->reports.size() == 1);
  CHECK(trial.result()->at.epochs == 4);
  CHECK(trial.result()->attributes.at("device") == "cpu");
  CHECK(view.workers().front().job == "12_3");
  CHECK(view.workers().front().ended);
}
