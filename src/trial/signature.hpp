// A study in one hash: whether a change of the code altered what a search does.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "trial/view.hpp"

namespace assay::trial {

/// Which part of a study is signed.
struct SignatureScope {
  /// Only the first measurement of the first so many trials: later ones follow a model whose arithmetic may differ in
  /// the last digit from machine to machine. 0: everything.
  std::int64_t trials = 0;
  std::set<std::string> unsigned_metrics = {};  ///< derived from others, or measured by the clock
};

/// One line per committed measurement, by trial and rung: number, state, epochs, parameters and metrics to six
/// significant digits. What the logs hold: nothing in it depends on thresholds, limits, times or machines.
std::string signed_text(const StudyView& view, const SignatureScope& scope);

/// What was measured here ("7.1": trial and rung), in the order in which it began.
std::vector<std::string> sequence(const StudyView& view);

struct Signature {
  std::string hash;  ///< 16 hexadecimal digits of the text's SHA-256
  std::int64_t trials = 0, measurements = 0;
};
Signature sign(const StudyView& view, const SignatureScope& scope);

}  // namespace assay::trial
