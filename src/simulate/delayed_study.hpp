// A study of a simulation: what workers wrote, and from when on the others see it.
#pragma once

#include <cstdint>
#include <memory>
#include <queue>
#include <vector>

#include "study/spending.hpp"
#include "trial/view_builder.hpp"

namespace assay::simulate {

/// How long a file system, and a collector if there is one, keep news back.
struct Visibility {
  double lag = 30;    ///< seconds until others see appended bytes and new names
  double period = 0;  ///< of a collector that reads all logs round after round and publishes pieces; 0: none

  /// When others see what was written at `time`.
  double from(double time) const;
};

/// A set of trial numbers, quick to search for gaps.
class Numbers {
 public:
  explicit Numbers(std::int64_t most = 0) : words_(static_cast<std::size_t>(most + 63) / 64) {}
  void insert(trial::TrialId number) { words_[static_cast<std::size_t>(number) / 64] |= bit(number); }
  void insert(const Numbers& other);
  bool contains(trial::TrialId number) const {
    return (words_[static_cast<std::size_t>(number) / 64] & bit(number)) != 0;
  }
  /// The first number from `from` on that is not in the set; anything beyond the end if there is none.
  trial::TrialId first_missing(trial::TrialId from) const;

 private:
  static std::uint64_t bit(trial::TrialId number) { return std::uint64_t{1} << (number % 64); }
  std::vector<std::uint64_t> words_;
};

class DelayedStudy {
 public:
  /// `max_trials`: all numbers, those of `imported` results included.
  DelayedStudy(Visibility visibility, std::int64_t max_trials, std::int64_t imported, trial::Judge judge,
               std::vector<trial::Fidelity> fidelities);

  /// A trial that is there before anybody comes.
  void begin_with(const std::shared_ptr<const trial::Trial>& trial);

  /// The trial as its newest record tells it. Returns when others see it. Times must not fall by more than the calls'
  /// own order: each record of one trial is written later than the one before. `change`: what it adds to what is spent.
  double write(double time, const std::shared_ptr<const trial::Trial>& trial, const study::Spending& change = {});

  /// What everybody sees at a time, which must not fall from call to call. A view made less than `age` seconds before
  /// will do: a copy of many trials takes its time.
  std::shared_ptr<const trial::StudyView> view(double now, double age = 0);
  /// The numbers that everybody knew to be taken at the last call of view().
  const Numbers& known() const { return known_; }
  /// What everybody knew to be spent then.
  const study::Spending& spent() const { return spent_; }
  /// A view with trials of its own on top.
  std::shared_ptr<const trial::StudyView> with(const std::vector<std::shared_ptr<const trial::Trial>>& own);

 private:
  struct News {
    double time;
    std::int64_t order;
    std::shared_ptr<const trial::Trial> trial;
    study::Spending change;
    bool operator>(const News& other) const { return time != other.time ? time > other.time : order > other.order; }
  };

  Visibility visibility_;
  trial::ViewBuilder builder_;
  std::priority_queue<News, std::vector<News>, std::greater<>> news_;
  Numbers known_;
  study::Spending spent_;
  std::shared_ptr<const trial::StudyView> view_;
  double viewed_ = 0;  ///< when view_ was made
  bool stale_ = false;
  std::int64_t written_ = 0;
};

}  // namespace assay::simulate
