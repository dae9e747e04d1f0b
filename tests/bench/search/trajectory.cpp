#include "bench/search/trajectory.hpp"

#include <deque>
#include <map>

#include "base/error.hpp"
#include "trial/view_builder.hpp"

namespace assay::bench {
namespace {

class Course {
 public:
  Course(const Benchmark& benchmark, const std::vector<trial::Fidelity>& rungs, std::int64_t trials, std::uint64_t seed)
      : world_(benchmark), rungs_(rungs), seed_(seed) {
    builder_.objectives(benchmark.objectives).fidelities(rungs).max_trials(trials);
  }

  trial::StudyView view() { return builder_.build(); }
  std::size_t running() const { return running_.size(); }
  double spent() const { return spent_; }
  std::vector<Result>& results() { return results_; }

  void begin(trial::Planner& planner, const trial::StudyView& view) {
    const auto number = static_cast<trial::TrialId>(view.trials().size());
    base::Rng rng(seed_, "search", number, "propose");
    trial::Trial trial{.id = number};
    if (auto proposal = planner.propose(view, number, rng)) {
      trial.first = std::move(*proposal);
      trial.proposed = true;
    }
    start(std::move(trial), 0, nullptr);
  }

  void go_on(const trial::StudyView& view, const trial::Continue& with) {
    const auto* known = view.find(with.item.trial);
    base::require(known != nullptr && static_cast<int>(known->rungs.size()) == with.item.rung,
                  "the planner continues rung {} of trial {}, which is not its next", with.item.rung, with.item.trial);
    start(*known, with.item.rung, with.what ? std::make_shared<const trial::Proposal>(*with.what) : nullptr);
  }

  void finish() {
    const auto item = running_.front();
    running_.pop_front();
    auto trial = *view().find(item.trial);
    auto& rung = trial.rungs[static_cast<std::size_t>(item.rung)];
    const auto metrics = world_.measure(trial.what_of(rung).params, rung.at.epochs);
    spent_ += rung.at.epochs - epochs_before(trial, rung);
    rung.state = metrics ? trial::State::done : trial::State::failed;
    if (metrics) {
      rung.metrics = *metrics;
      results_.push_back({item, rung.at.epochs, spent_, *metrics});
    } else {
      rung.failure = trial::Failure::nan;
    }
    builder_.trial(std::move(trial));
  }

 private:
  void start(trial::Trial trial, int rung, std::shared_ptr<const trial::Proposal> own) {
    trial::Measurement measurement{.item = {trial.id, rung}, .attempt = 1, .state = trial::State::running};
    measurement.at = trial::fidelity_of(trial, rung, rungs_);
    measurement.own = own || rung == 0 ? std::move(own) : trial.rungs[static_cast<std::size_t>(rung) - 1].own;
    if (trial.proposed && trial.what_of(measurement).at) measurement.at = *trial.what_of(measurement).at;
    if (!trial.proposed) measurement.state = trial::State::voided;
    if (trial.proposed) running_.push_back(measurement.item);
    trial.rungs.push_back(std::move(measurement));
    builder_.trial(std::move(trial));
  }

  /// Epochs of the checkpoint that the rung goes on from.
  int epochs_before(const trial::Trial& trial, const trial::Measurement& rung) {
    if (rung.item.rung == 0) return 0;
    const auto& below = trial.rungs[static_cast<std::size_t>(rung.item.rung) - 1];
    const auto& from = trial.what_of(rung).from;
    if (!from || rung.own == below.own) return below.at.epochs;
    const auto known = view();
    const auto* other = known.find(from->trial);
    return other == nullptr ? 0 : other->rungs.at(static_cast<std::size_t>(from->rung)).at.epochs;
  }

  const Benchmark& world_;
  const std::vector<trial::Fidelity>& rungs_;
  std::uint64_t seed_;
  trial::ViewBuilder builder_;
  std::deque<trial::ItemId> running_;
  std::vector<Result> results_;
  double spent_ = 0;
};

}  // namespace

std::vector<Result> run(trial::Planner& planner, const Benchmark& benchmark, const std::vector<trial::Fidelity>& rungs,
                        std::int64_t trials, std::uint64_t seed, std::int64_t workers, double most_epochs) {
  Course course(benchmark, rungs, trials, seed);
  while (most_epochs <= 0 || course.spent() < most_epochs) {
    const auto view = course.view();
    const auto decision = planner.next(view);
    if (std::holds_alternative<trial::Finished>(decision)) {
      if (course.running() == 0) break;
      course.finish();
      continue;
    }
    if (std::holds_alternative<trial::Wait>(decision)) {
      base::require(course.running() > 0, "the planner waits while nobody works: {}",
                    std::get<trial::Wait>(decision).reason);
      course.finish();
      continue;
    }
    if (const auto* more = std::get_if<trial::Continue>(&decision)) {
      course.go_on(view, *more);
    } else {
      course.begin(planner, view);
    }
    if (static_cast<std::int64_t>(course.running()) >= workers) course.finish();
  }
  return std::move(course.results());
}

}  // namespace assay::bench
