// Is one list of figures better than another by more than chance? Tests that look at ranks alone.
#pragma once

#include <span>
#include <vector>

namespace assay::stats {

enum class Tail { two_sided, less, greater };  ///< of the first list against the second, or of x - y against 0

struct TestResult {
  double statistic = 0;
  double p = 1;
  bool exact = false;  ///< false: normal approximation with tie and continuity correction
};

/// Two independent lists; statistic: pairs in which x is larger, ties count half. Exact without ties and up to 50
/// values each. Mann, Whitney, Annals of Mathematical Statistics 18, 1947. With an empty list: p = 1.
TestResult mann_whitney(std::span<const double> x, std::span<const double> y, Tail tail = Tail::two_sided);

/// Paired lists; statistic: sum of the ranks of |x - y| where x is larger. Equal pairs are left out. Exact without ties
/// and up to 50 pairs. Wilcoxon, Biometrics Bulletin 1, 1945. Without a difference: p = 1.
TestResult wilcoxon(std::span<const double> x, std::span<const double> y, Tail tail = Tail::two_sided);

/// p-values of several tests, corrected so that the chance of any false alarm stays below the level: Holm, Scandinavian
/// Journal of Statistics 6, 1979. In the order given.
std::vector<double> holm(std::span<const double> p_values);

/// Does a series rise (greater) or fall (less)? Statistic: pairs that rise less pairs that fall. Mann, Econometrica 13,
/// 1945; exact without ties and up to 50 values, else with Kendall's variance (Rank Correlation Methods, 1975, ch. 4).
TestResult mann_kendall(std::span<const double> series, Tail tail = Tail::two_sided);

}  // namespace assay::stats
