// One truth about a trial (DESIGN 4): what is shown of it, whether it compares, keeps its limits, is the best, is on
// the front. Every surface asks here; nobody decides on its own.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "trial/view.hpp"

namespace assay::trial {

struct Standing {
  const Trial* trial = nullptr;
  /// The highest rung that is done; of a trial without one its last rung; nullptr while only the number is claimed.
  const Measurement* shown = nullptr;
  const Proposal* what = nullptr;  ///< what `shown` measured; what the trial began with where nothing is shown
  bool final = false;              ///< done, stopped, failed or infeasible
  bool feasible = false;           ///< `shown` is done and keeps every hard limit
  bool comparable = false;         ///< done at the fidelity that trials are compared at, with every objective
  bool best = false, front = false;
  double violation = 0;              ///< sum of the relative excesses; infinite: a limit's metric was not measured
  double penalty = 0;                ///< of soft limits
  std::optional<double> value;       ///< first objective or reward after penalties, in its own direction
  std::optional<std::size_t> level;  ///< place of `shown` among the study's fidelities; nothing: at none of them
  int missed = 0;                    ///< objectives beyond their threshold of interest
};

/// What is shown of a trial, without looking at the others.
const Measurement* shown_of(const Trial& trial);
const Proposal& shown_what(const Trial& trial);

/// Of a view; holds pointers into it, so the view must live as long.
class Standings {
 public:
  explicit Standings(const StudyView& view);

  /// By trial number; `trial` is nullptr where nobody claimed the number, or it is void.
  const std::vector<Standing>& all() const& { return all_; }
  const Standing& at(TrialId id) const& { return all_[static_cast<std::size_t>(id)]; }

  /// The greatest value among feasible and comparable trials, of equal ones the lower number; nullptr if there is none.
  const Standing* best() const&;
  /// The non-dominated among the same, by number. One objective: the best alone.
  const std::vector<const Standing*>& front() const& { return front_; }
  /// The feasible ones, best first, at most `count`: those of the highest fidelity first, of them the front, then by
  /// value; thresholds break ties. Equal networks (network_tag, else parameters) are one. With `infeasible` those that
  /// break limits follow, the least violation first.
  std::vector<const Standing*> finalists(std::size_t count, bool infeasible = false) const&;
  /// Of all that is done and infeasible at the compared fidelity: the least violation, of equal ones the
  /// greatest value; nullptr if there is none.
  const Standing* least_violation() const&;

  std::size_t feasible() const { return feasible_; }      ///< comparable and feasible
  std::size_t comparable() const { return comparable_; }  ///< comparable, feasible or not

  /// Place of the fidelity that trials are compared at: the top one, or the highest that a trial reached.
  std::size_t level() const { return level_; }
  bool top_reached() const { return top_reached_; }
  /// The best feasible measurement of any rung at this level; nullptr if there is none.
  const Measurement* best_at(std::size_t level) const;
  const StudyView& view() const { return *view_; }

  // What these give lives in the object: a temporary has nothing to give.
  const std::vector<Standing>& all() const&& = delete;
  const Standing& at(TrialId id) const&& = delete;
  const Standing* best() const&& = delete;
  const std::vector<const Standing*>& front() const&& = delete;
  std::vector<const Standing*> finalists(std::size_t count, bool infeasible = false) const&& = delete;
  const Standing* least_violation() const&& = delete;

 private:
  Standing stand(const Trial& trial) const;
  void mark_front();

  const StudyView* view_;
  std::vector<Standing> all_;
  std::vector<const Standing*> front_;
  const Standing* best_ = nullptr;
  std::size_t level_ = 0, feasible_ = 0, comparable_ = 0;
  bool top_reached_ = false;
};

/// "best"; "front" (several objectives); "infeasible"; "below": not measured at the fidelity that trials are compared
/// at; empty for every other one.
std::string mark_of(const Standing& standing);

}  // namespace assay::trial
