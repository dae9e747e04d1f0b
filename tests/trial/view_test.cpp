#include <catch2/catch_test_macros.hpp>
#include <cmath>

#include "trial/view_builder.hpp"

using namespace assay::trial;

TEST_CASE("trials and counts of a view") {
  ViewBuilder builder;
  builder.objectives({{"accuracy", true, 0.9}, {"parameters", false, {}}}).max_trials(10);
  builder.done(0, {}, {{"accuracy", 0.90}, {"parameters", 100}});
  builder.done(1, {}, {{"accuracy", 0.95}, {"parameters", 300}});
  builder.done(3, {}, {{"accuracy", 0.93}, {"parameters", 400}});  // dominated by 1
  builder.done(4, {}, {{"accuracy", std::nan("")}, {"parameters", 1}});
  builder.done(5, {}, {{"accuracy", 0.80}});  // incomplete
  Trial running;
  running.id = 6;
  running.rungs.resize(1);
  running.rungs[0].state = State::running;
  builder.trial(running);
  const auto view = builder.build();
  REQUIRE(view.trials().size() == 7);
  CHECK(view.find(2) == nullptr);
  CHECK(view.find(99) == nullptr);
  CHECK(view.counts().claimed == 6);
  CHECK(view.counts().done == 5);
  CHECK(view.counts().running == 1);
  CHECK(view.running().size() == 1);
  CHECK(view.committed().size() == 5);
}

TEST_CASE("an unchanged trial is shared between snapshots") {
  ViewBuilder builder;
  builder.done(0, {}, {{"a", 1}});
  const auto before = builder.build();
  builder.done(1, {}, {{"a", 2}});
  const auto after = builder.build();
  CHECK(before.trials().size() == 1);
  CHECK(after.trials()[0] == before.trials()[0]);
}

TEST_CASE("a fidelity in words") {
  CHECK(to_text({4, 1, 1, 1}, 30) == "4 epochs, full data");
  CHECK(to_text({8, 0.5, 1, 1}, 30) == "8 epochs, half the data");
  CHECK(to_text({1, 0.25, 0.5, 1}, 30) == "1 epoch, 25 % of the data, half the width");
  CHECK(to_text({30, 1, 1, 1}, 30) == "all 30 epochs, full data");
}
