// The points of a study, one column of numbers per decision: what models of the space are built on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "search/history.hpp"
#include "space/space.hpp"

namespace assay::search {

/// One decision. A parameter is one axis; a set of items is one axis for each of them (in or out).
struct Axis {
  enum class Kind {
    real,     ///< a place in [0, 1], see space::to_unit
    grid,     ///< one of few ordered values, each with its cell of [0, 1]
    category  ///< one of several unordered values
  };
  Kind kind = Kind::real;
  std::size_t parameter = 0;    ///< place in Space::parameters()
  int item = -1;                ///< of a subset: which of its items
  std::int64_t cells = 0;       ///< grid, category: values, numbered from 0
  std::vector<double> edges;    ///< grid: cells + 1 borders, from 0 to 1
  std::vector<double> centres;  ///< grid: where the values stand; with a logarithm not in the middle of their cells

  double centre(std::int64_t cell) const { return centres[static_cast<std::size_t>(cell)]; }
  /// grid: the cell of a place in [0, 1].
  std::int64_t cell_at(double unit) const;
};

/// Parameters that exist under the same conditions, and their axes.
struct Block {
  std::vector<std::size_t> parameters, axes;
};

struct Column {
  std::vector<double> values;         ///< by trial number: the place (real) or number (grid, category); else nan
  std::vector<trial::TrialId> order;  ///< trials that have a value, by (value, number)
};

class Columns {
 public:
  explicit Columns(std::shared_ptr<const space::Space> space);

  const std::vector<Axis>& axes() const { return axes_; }
  /// `together`: parameters under the same conditions share a block; else each has its own. A block's conditions depend
  /// on earlier blocks only.
  std::vector<Block> blocks(bool together) const;
  const Column& at(std::size_t axis) const { return columns_[axis]; }
  /// True if this trial has the parameters of the block.
  bool contains(const Block& block, trial::TrialId trial) const;

  /// Adds the points that are new.
  void update(const std::vector<Observation>& trials);

  /// The value of a block's parameter at these coordinates, one per axis of the space.
  space::Value value_of(std::size_t parameter, const std::vector<double>& coordinates) const;

 private:
  void add_axes(std::size_t parameter);
  void add(std::size_t trial, const Observation& observation);
  static void sort_in(Column& column, const std::vector<trial::TrialId>& added);

  std::shared_ptr<const space::Space> space_;
  std::vector<Axis> axes_;
  std::vector<std::size_t> first_axis_;  ///< by parameter, and the end
  std::vector<Column> columns_;
  std::vector<std::vector<bool>> present_;     ///< by parameter, then trial number
  std::vector<trial::TrialList::Item> known_;  ///< whose points are in the columns
};

}  // namespace assay::search
