// Writes into a study what was measured elsewhere, with its own times: the protocol of a worker (claim, start, reports,
// end, commit) without a planner. study::Study does the same for what is measured now.
#pragma once

#include <filesystem>

#include "study/log_writer.hpp"
#include "study/names.hpp"
#include "trial/judge.hpp"
#include "trial/trial.hpp"

namespace assay::study {

class RecordWriter {
 public:
  /// Becomes a worker of the founded study in `folder` (RUN/<stage>); its claims outlive it by `patience` seconds. What
  /// `judge` derives is left out of the records.
  RecordWriter(const std::filesystem::path& folder, trial::Judge judge, double reservation = 0);
  /// One that only brings results measured elsewhere: what it claims does not count against search.max_trials.
  enum class Brings { results };
  RecordWriter(const std::filesystem::path& folder, trial::Judge judge, Brings brings);

  /// False if the number (or rung, or attempt) is taken.
  bool claim(const trial::ItemId& item, int attempt = 1);
  /// The result of a claimed attempt, measured at `measured.at`; false if another attempt's counts. `worked`: the
  /// attempt whose work it is, where it is another one.
  bool record(const trial::ItemId& item, const trial::Proposal& what, const trial::Measurement& measured,
              int attempt = 1, int worked = 0);
  /// The end of a trial that another worker holds, or that waits for one: as the next attempt, so that nobody's record
  /// is touched. With `worked` it is shown as the work of the attempt before. False if the trial has a result already.
  bool conclude(const trial::Trial& trial, const trial::Measurement& end, bool worked);
  /// A claimed item for any worker to measure.
  void offer(const trial::ItemId& item, const trial::Proposal& what, const trial::Fidelity& at,
             const std::string& reason);
  /// A claimed number that has no parameters.
  void record_void(const trial::ItemId& item, const std::string& reason);
  /// An intermediate result of an attempt that is under way somewhere.
  void report(const trial::ItemId& item, int attempt, const trial::Report& report);

  void leave(const std::string& reason) { log_.goodbye(reason); }
  /// Ends without a goodbye: what it spoke of stays claimed for as long as its patience.
  void detach() { log_.fall_silent(); }

 private:
  RecordWriter(const std::filesystem::path& folder, trial::Judge judge, Hello self);
  bool end(const trial::ItemId& item, int attempt, double time, trial::Outcome outcome, int worked = 0);

  Layout layout_;
  trial::Judge judge_;
  Hello self_;
  Claimant names_;
  LogWriter log_;
};

}  // namespace assay::study
