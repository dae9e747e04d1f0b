// The outcome of the final trainings: the winner, the control it is measured against, and what can be said of the two.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/compare.hpp"
#include "report/figure_text.hpp"
#include "run/results.hpp"

namespace assay::report {

struct Verdict {
  enum class Kind {
    alone,     ///< there is no baseline among the finalists
    defaults,  ///< the winner is the baseline
    better,    ///< the interval of the difference lies above zero
    unclear,   ///< it holds zero
    worse,     ///< it lies below zero: the baseline breaks a limit, or soft limits decided
    unknown    ///< single scores without an interval: nothing is known of their noise
  };
  Kind kind = Kind::alone;
  const run::FinalistFigures* winner = nullptr;
  const run::FinalistFigures* baseline = nullptr;  ///< the control; may be the winner itself, or missing
  std::optional<Contrast> contrast;                ///< winner minus baseline, better = positive
};

/// Nothing without a winner. Points into `figures`.
std::optional<Verdict> verdict(const run::FullFigures& figures, const trial::Objective& objective);

/// The scores of all finalists in the first objective.
std::vector<double> all_scores(const run::FullFigures& figures);

struct Words {
  std::string sentence, lead;
};
/// "Trial 3 reaches 98.1 % accuracy; the baseline, trained in the same way, reaches 96.2 %.", and in a lead the
/// interval, the rows, and the difference with what it holds. `where`: "on ...", what the scores were measured on.
Words words_of(const Verdict& found, const run::FullFigures& figures, const trial::Objective& objective, Scale scale,
               const std::string& where);

}  // namespace assay::report
