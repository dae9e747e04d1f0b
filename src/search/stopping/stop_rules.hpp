// When a search has done enough ([search] stop): rules that end the study and say why, each with its evidence.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "search/stopping/progress.hpp"
#include "trial/planner.hpp"

namespace assay::search {

struct StopSettings {
  bool converged = false, invalid = false, no_progress = false, target = false, gain = false;
  std::size_t window = 200;   ///< trials over which "converged" and "gain" look back
  double tolerance = 0.01;    ///< least growth that counts, see "converged"
  double noise = 0;           ///< standard deviation of retrainings of one network, first objective
  std::vector<double> goals;  ///< by objective: good enough; NaN: none

  /// Rules about the course of the search say nothing where a list or grid is worked off (`enumerates`).
  StopSettings(const config::Config& config, bool enumerates);
  StopSettings() = default;
};

/// The reason to stop, or nothing. A function of the view alone; what is read of it is kept.
class StopRules {
 public:
  explicit StopRules(StopSettings settings) : settings_(std::move(settings)) {}
  std::optional<std::string> check(const trial::StudyView& view);
  void set(StopSettings settings);

 private:
  std::optional<std::string> judge();
  /// More than 20 % of the ended trials are invalid beyond doubt: 95 % interval of the share, after 50 trials.
  std::optional<std::string> invalid() const;
  std::optional<std::string> target();
  /// One objective: over the last window the best grew by no more than `tolerance` of the first window's spread, the
  /// mean does not rise any more, and the spread is down to half of the first window's. Several: the hypervolume grew
  /// by no more than that share.
  std::optional<std::string> converged();
  /// After 500 trials: no new best (no change of the front) in the last 250, and against the 250 before neither a
  /// higher mean nor a smaller spread. (Vertex AI NAS's advice, by eye there: either one is a reason to go on.)
  std::optional<std::string> no_progress();
  /// The best is expected to grow by less than the noise during another window.
  std::optional<std::string> gain() const;
  /// Growth of the hypervolume since the front of the first results up to `count`, as a share of it.
  double volume_growth(std::size_t count);

  StopSettings settings_;
  Progress progress_;
  std::uint64_t judged_ = 0;  ///< version of the progress that `reason_` is about
  std::optional<std::string> reason_;
  std::shared_ptr<const stats::Points> volume_old_, volume_new_;
  double volume_growth_ = 0;
};

/// Asks the rules, then the planner.
class StoppingPlanner final : public trial::Planner {
 public:
  /// `enumerates`: the planner works off a list or grid.
  StoppingPlanner(std::unique_ptr<trial::Planner> planner, const config::Config& config, bool enumerates);

  trial::Decision next(const trial::StudyView& view) override;
  std::optional<trial::Proposal> propose(const trial::StudyView& view, trial::TrialId trial, base::Rng& rng) override {
    return planner_->propose(view, trial, rng);
  }
  std::optional<trial::Proposal> further(const trial::StudyView& view, const trial::ItemId& item) override;
  base::Json describe() const override;
  /// The rules are limits: they may change while the study runs.
  void configure(const config::Config& config);

 private:
  std::unique_ptr<trial::Planner> planner_;
  bool enumerates_;
  StopRules rules_;
};

/// Reference point of a hypervolume for points in which more is better: an objective's threshold where it has one, else
/// below the front's worst value by a tenth of its range (of its size, where it has no range).
std::vector<double> reference_point(const stats::Points& front, const std::vector<trial::Objective>& objectives);

}  // namespace assay::search
