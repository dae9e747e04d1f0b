// Two ranks that share the trials: run by mpirun -n 2.
#include <catch2/catch_test_macros.hpp>
#include <set>

#include "comm/world.hpp"
#include "study/lab.hpp"
#include "worker/worker.hpp"

using namespace lab;

namespace {

class Noting : public trial::Evaluator {
 public:
  explicit Noting(const comm::Group& group) : group_(group) {}
  Outcome run(const trial::Work& work, trial::Reporter& reporter) override {
    seen.insert(work.item.trial);
    reporter.report(1, {{"score", 0.5}});
    float sum = static_cast<float>(x_of(work.what));
    group_.sum(&sum, 1);  // both ranks have the same parameters
    return score(sum);
  }
  std::set<trial::TrialId> seen;

 private:
  const comm::Group& group_;
};

}  // namespace

TEST_CASE("the leader's work reaches the other rank of its group", "[.mpi]") {
  const comm::World world;
  const auto group = world.groups(2);
  Noting evaluator(group);
  if (group.rank() != 0) {
    CHECK(worker::follow(group, evaluator) == base::Exit::done);
    CHECK(evaluator.seen.size() == 6);
    return;
  }
  Folder folder;
  RandomPlanner planner;
  Study study(folder.path(), definition(), limits(6));
  CHECK(worker::work(group, study, planner, evaluator, {}) == base::Exit::done);
  const auto view = study::Reader(folder.path()).refresh();
  REQUIRE(view.counts().done == 6);
  for (const auto& trial : view.trials()) {
    CHECK(trial->result()->metrics.at("score") == static_cast<float>(2 * static_cast<float>(x_of(trial->first))));
  }
}
