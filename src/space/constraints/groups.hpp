// Parameters that constraints tie together, and how to draw them so that the constraints hold.
#pragma once

#include <cstdint>
#include <vector>

#include "base/random.hpp"
#include "space/space.hpp"

namespace assay::space {

struct Structure;

/// Closed under parents: whether a member exists depends on members alone. So groups are independent of each other, and
/// drawing one from what it may be is the same as redrawing the whole point until all constraints hold.
struct Group {
  std::vector<std::size_t> members;      ///< places of parameters, ascending
  std::vector<std::size_t> constraints;  ///< places
  /// All values that keep the constraints, where they are few: members.size() places in each domain, -1 for a member
  /// that does not exist; and the running sum of their shares.
  bool listed = false;
  std::vector<std::int32_t> places;
  std::vector<double> shares;
  bool stuck = false;           ///< not listed, and nothing but the default was found
  double valid = 1;             ///< share of even draws that keep the constraints
  std::vector<double> refused;  ///< of each constraint: share of even draws that break it
};

/// The groups of a space. Error(config) at the constraint if no values can keep it.
std::vector<Group> make_groups(const Structure& structure);

/// Puts the values of one listed point into the draft.
void put_point(const Structure& structure, const Group& group, std::size_t point, Draft& draft);

/// Some point of the group that keeps its constraints, wherever the default lies; false if none was found.
bool find(const Structure& structure, const Group& group, Draft& draft, base::Rng& rng);

/// Draws the members. Listed groups directly; others by redrawing, up to 2,000 times, where one in 200 draws is valid;
/// else by a walk (slice sampling along the axes; Neal, "Slice sampling", Annals of Statistics 2003), which keeps to
/// the constraints and tends to the even distribution over what can be reached. It begins at a point found by branch
/// and prune (boxes.hpp), or at the default. Takes some milliseconds at most. Error(config) naming the constraint that
/// refuses most if the group holds no other point; a draw may still repeat the default.
void draw(const Structure& structure, const Group& group, Draft& draft, base::Rng& rng);

}  // namespace assay::space
