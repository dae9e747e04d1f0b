// What stop rules know of a study: results in the order of their numbers and how they grew, kept from view to view.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "stats/pareto.hpp"
#include "trial/ranking.hpp"
#include "trial/view.hpp"

namespace assay::search {

/// A cache only: the same view gives the same progress, whatever was read before. Results are those at the highest
/// fidelity of the study that keep all constraints; others count as ended, and teach nothing about growth. Of a
/// reopened study only what came since is looked at.
class Progress {
 public:
  struct Result {
    trial::TrialId trial = 0;
    trial::Score score;
    bool imported = false;
  };

  void update(const trial::StudyView& view);

  /// How many results were not imported: growth is judged once there are enough of them.
  std::size_t measured_here() const { return measured_here_; }
  /// By trial number.
  const std::vector<Result>& results() const { return results_; }
  const std::vector<trial::Objective>& objectives() const { return judge_.objectives(); }
  /// Place in results() of the best of the first `count` > 0; of equal ones the first.
  std::size_t best_of(std::size_t count) const { return best_[count - 1]; }
  /// Values of the first objective, more is better, of results [from, to).
  std::vector<double> values(std::size_t from, std::size_t to) const;

  std::int64_t ended() const { return ended_; }  ///< here, with a result, or without by the model's fault
  std::int64_t failed() const { return failed_; }
  std::int64_t infeasible() const { return infeasible_; }
  /// Grows when a trial changes.
  std::uint64_t version() const { return version_; }

  /// The front, with values that more is better in: of all results, or of those whose numbers lie in blocks of 64 that
  /// are full before `trial`. Equal pointers: no result in between changed it.
  std::shared_ptr<const stats::Points> front();
  std::shared_ptr<const stats::Points> front_before(trial::TrialId trial);

 private:
  enum class Kind : std::uint8_t { open, done, failed, infeasible };

  void read(std::size_t place, const trial::Trial* trial, const trial::StudyView& view);
  void count(Kind kind, std::int64_t by);
  void place(trial::TrialId id, trial::Score score, bool imported);
  void remove(trial::TrialId id);
  void rank_from(std::size_t place);
  void build_fronts();

  trial::TrialList seen_;
  trial::Judge judge_;
  std::vector<trial::Fidelity> fidelities_;
  int generation_ = 1;
  std::vector<Kind> kinds_;  ///< by trial number
  std::vector<Result> results_;
  std::vector<std::size_t> best_;  ///< by place: the best up to there
  std::int64_t ended_ = 0, failed_ = 0, infeasible_ = 0;
  std::vector<std::shared_ptr<const stats::Points>> fronts_;  ///< after each block of numbers
  std::size_t stale_from_ = 0;                                ///< first block whose front is not known
  std::size_t measured_here_ = 0;
  std::uint64_t version_ = 0;
};

}  // namespace assay::search
