// Points of a group of parameters that keep its constraints, found by branch and prune: halves of domains in which some
// constraint is false everywhere are never entered (Jaulin et al., "Applied Interval Analysis", 2001, chapter 3).
#pragma once

#include <cstdint>
#include <vector>

#include "base/random.hpp"
#include "space/constraints/bounds.hpp"
#include "space/space.hpp"

namespace assay::space {

struct Structure;
struct Group;

/// A part of the product of the members' domains, member by member.
class Boxes {
 public:
  Boxes(const Structure& structure, const Group& group);

  /// The member has this value, or does not exist.
  void fix(std::size_t member, std::optional<Value> value);
  /// Of a domain that can be counted: places first .. last.
  void narrow(std::size_t member, std::int64_t first, std::int64_t last);
  /// Of others: from .. to in the unit interval.
  void narrow_unit(std::size_t member, double from, double to);
  void open(std::size_t member);

  /// False if no point of this part keeps all constraints that hang on the member.
  bool possible(std::size_t member) const;
  /// False if no point of this part keeps this constraint (its place in the group).
  bool possible_for(std::size_t constraint) const;
  /// By the values that are fixed, its parents' among them.
  bool active(std::size_t member) const;
  const Draft& draft() const { return draft_; }

 private:
  struct Side {
    bool fixed = false;
    double lo = 0, hi = 0;  ///< as narrowed
    double whole_lo = 0, whole_hi = 0;
  };
  Range range_of(std::size_t parameter) const;

  const Structure& structure_;
  const Group& group_;
  Draft draft_;
  std::vector<Side> sides_;
  std::vector<std::size_t> side_of_;  ///< by parameter; sides_.size() for those of other groups
  std::vector<std::vector<std::size_t>>
      hanging_;                                   ///< of each member: constraints that it or what it brings along is in
  std::vector<std::vector<std::size_t>> inside_;  ///< of each constraint: members in it
  Ranges ranges_;
};

/// Fills group.places and group.shares; false where there are too many points, or too much has to be looked at.
bool list_points(const Structure& structure, Group& group);

/// Puts some point that keeps the group's constraints into `draft`; not evenly drawn. False if none was found within a
/// few thousand steps.
bool find_point(const Structure& structure, const Group& group, Draft& draft, base::Rng& rng);

}  // namespace assay::space
