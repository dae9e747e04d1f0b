// Results measured elsewhere: they do not count against max_trials, and a study may be founded with them.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "lab.hpp"
#include "os/file.hpp"
#include "study/definition.hpp"
#include "study/liveness.hpp"
#include "study/log_writer.hpp"
#include "study/names.hpp"

using namespace assay;
using namespace assay::study;
using namespace assay::trial;
using namespace lab;

namespace {

/// What `assay import` does.
class Importer {
 public:
  explicit Importer(const std::filesystem::path& folder, const std::string& id = importer_id(os::random_name()))
      : layout_{folder}, self_(greet(id)), names_(layout_, id), log_(layout_.log(), self_, 0.2) {}

  TrialId claim() {
    while (names_.claim({next_, 0}, 1)) ++next_;
    return next_++;
  }
  void record(TrialId number, double x) {
    Proposal what{.params = {{"x", x}}, .note = "imported", .tags = {{origin_tag, "import"}}};
    log_.append(Start{{number, 0}, 1, 1, what, {1, 1, 1, 1}}, Flush::later);
    log_.append(End{{number, 0}, 1, 2, score(x), 0}, Flush::durable);
    log_.append(Won{{number, 0}, names_.commit({number, 0}, self_.worker.id)}, Flush::later);
  }
  void leave() { log_.goodbye("imported"); }

 private:
  Layout layout_;
  Hello self_;
  Claimant names_;
  LogWriter log_;
  TrialId next_ = 0;
};

struct Found {
  std::int64_t measured = 0, imported = 0;
};

Found count(const std::filesystem::path& folder) {
  Found found;
  const auto view = Reader(folder).refresh();
  for (const auto& trial : view.trials()) {
    if (!trial || trial->state() != State::done) continue;
    (trial::imported(trial->first, 0) ? found.imported : found.measured) += 1;
  }
  return found;
}

}  // namespace

TEST_CASE("max_trials counts what is measured here, whatever is imported when") {
  for (const int before : {0, 3, 9}) {
    INFO(before);
    Folder folder;
    RandomPlanner planner;
    { Study founder(folder.path(), definition(), limits(6)); }
    Importer importer(folder.path());
    for (int i = 0; i < before; ++i) importer.record(importer.claim(), 0.1 * i);
    Study study(folder.path(), definition(), limits(6));
    for (int i = 0; i < 4; ++i) {
      const auto claim = must_claim(study, planner);
      study.commit(claim, judge(claim.work));
    }
    for (int i = 0; i < 5; ++i) importer.record(importer.claim(), 0.1 * i);  // in the middle, and beyond the sixth
    CHECK(drain(study, planner) == 2);
    CHECK(study.refresh().imported() == before + 5);
    CHECK(study.refresh().max_trials() == before + 5 + 6);
    CHECK(count(folder.path()).measured == 6);
    CHECK(count(folder.path()).imported == before + 5);
  }
}

TEST_CASE("workers and importers at once: all numbers are used, none is measured too much") {
  Folder folder;
  { Study founder(folder.path(), definition(), limits(40)); }
  std::vector<pid_t> children;
  for (int i = 0; i < 3; ++i) {
    children.push_back(spawn([&] {
      Importer importer(folder.path());
      for (int n = 0; n < 10; ++n) importer.record(importer.claim(), 0.01 * n);
      importer.leave();
      return 0;
    }));
    children.push_back(spawn([&] {
      RandomPlanner planner;
      Study study(folder.path(), definition(), limits(40));
      for (;;) {
        auto offer = study.claim(planner);
        if (std::holds_alternative<Study::Ended>(offer)) break;
        if (const auto* claim = std::get_if<Claim>(&offer)) study.commit(*claim, judge(claim->work));
      }
      study.leave("done");
      return 0;
    }));
  }
  for (const auto child : children) CHECK(join(child) == 0);
  RandomPlanner planner;
  Study study(folder.path(), definition(), limits(40));
  drain(study, planner);
  CHECK(count(folder.path()).measured == 40);
  CHECK(count(folder.path()).imported == 30);
}

TEST_CASE("an import that nobody can read yet is known by its claim") {
  Folder folder;
  RandomPlanner planner;
  Study study(folder.path(), definition(), limits(6));
  // Names are there, the importer's log is not.
  const Layout layout{folder.path()};
  Claimant names(layout, importer_id("far"));
  for (TrialId number = 0; number < 4; ++number) CHECK_FALSE(names.claim({number, 0}, 1));
  std::set<TrialId> measured;
  for (;;) {
    auto offer = study.claim(planner);
    if (std::holds_alternative<Study::Ended>(offer)) break;
    const auto* claim = std::get_if<Claim>(&offer);
    REQUIRE(claim != nullptr);
    measured.insert(claim->work.item.trial);
    study.commit(*claim, judge(claim->work));
  }
  CHECK(measured == std::set<TrialId>{4, 5, 6, 7, 8, 9});
}

TEST_CASE("an importer that dies after its claim leaves a void number, which is not measured") {
  Folder folder;
  RandomPlanner planner;
  Study study(folder.path(), definition(), limits(3));
  Importer importer(folder.path());
  importer.record(importer.claim(), 0.5);
  importer.claim();
  importer.leave();
  CHECK(drain(study, planner) == 3);
  const auto view = study.refresh();
  CHECK(view.find(1)->state() == State::voided);
  CHECK(view.counts().done == 4);
  CHECK(view.trials().size() == 5);
}

TEST_CASE("a study is founded with all it begins with, or not at all") {
  Folder folder;
  const Layout layout{folder.path()};
  const auto fill = [](const std::filesystem::path& stage) {
    Importer importer(stage);
    for (int n = 0; n < 20; ++n) importer.record(importer.claim(), 0.01 * n);
    importer.leave();
  };
  // Somebody dies in the middle of it, somebody else before he had founded an empty one.
  const auto dead = spawn([&] {
    create_filled_or_join(layout, definition(), [&](const std::filesystem::path& stage) {
      Importer importer(stage);
      importer.record(importer.claim(), 0.5);
      ::_exit(9);
    });
    return 0;
  });
  CHECK(join(dead) == 9);
  CHECK_FALSE(read_definition(layout));
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    children.push_back(spawn([&] {
      create_filled_or_join(layout, definition(), fill);
      Study study(folder.path(), definition(), limits(5));
      return study.refresh().counts().done == 20 ? 0 : 1;
    }));
  }
  for (const auto child : children) CHECK(join(child) == 0);
  CHECK(count(folder.path()).imported == 20);
  RandomPlanner planner;
  Study study(folder.path(), definition(), limits(5));
  CHECK(drain(study, planner) == 5);
}
