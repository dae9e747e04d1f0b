// Points as vectors for models: what a surrogate, a forest or a distance works on.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "space/space.hpp"

namespace assay::space {

enum class Encoding {
  mixed,    ///< a column per parameter: [0, 1] where there is an order, else the number of the category; absent: -1
  one_hot,  ///< a column per category, set to 1; [0, 1] where there is an order; a column "exists" where that varies
  rank,     ///< a column per parameter: place by size among its values, 0, 1, ..; reals in [0, 1]; absent: -1
};

struct Column {
  std::size_t parameter = 0;  ///< its place in the space's list
  std::string name;           ///< "kernel", "op=conv", "heads exists"
  int categories = 0;         ///< 0: a number; else one of 0 .. categories - 1 (mixed), or a flag (one_hot: 2)
};

/// Keeps the space's parameters; cheap to use often.
class Encoder {
 public:
  Encoder(const Space& space, Encoding encoding);

  const std::vector<Column>& columns() const { return columns_; }
  std::vector<double> operator()(const Params& params) const;

 private:
  void add_flags(std::size_t place, const Parameter& parameter);
  void put_flags(const Domain& domain, const Value& value, double* into) const;

  std::vector<Parameter> parameters_;
  Encoding encoding_;
  std::vector<Column> columns_;
  std::vector<std::size_t> first_;  ///< of each parameter: its first column
};

}  // namespace assay::space
