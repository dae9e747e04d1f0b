// Sums over all states of discrete variables of products of tables, one variable eliminated after the other (Dechter,
// "Bucket elimination: a unifying framework for reasoning", Artificial Intelligence 113, 1999): what independent parts
// of a space cost adds up, where trying all combinations would multiply it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace assay::space {

/// A positive number: as its logarithm, and exactly while it fits.
struct Number {
  double log10 = 0;
  std::optional<std::uint64_t> exact = 1;
};

Number number(std::int64_t count);
Number times(const Number& a, const Number& b);
Number plus(const Number& a, const Number& b);

/// A factor of the product: a number for the states of its variables. States that are not listed count nothing.
struct Table {
  std::vector<std::size_t> variables;     ///< ascending
  std::map<std::u16string, Number> rows;  ///< by the states of the variables, in their order
};

struct Sum {
  Number number;
  bool bound = false;  ///< the sum is this or less
};

/// The sum over the states of all variables of the product of the tables, none of which may be empty. Where a table of
/// more than `most_rows` were needed, those that meet in a variable are parted, and all but one count with the greatest
/// number instead of their sum (Dechter and Rish, "Mini-buckets", Journal of the ACM 50, 2003): an upper bound then.
Sum sum_of_products(std::vector<Table> tables, std::size_t most_rows);

}  // namespace assay::space
