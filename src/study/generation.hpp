// How often a study was closed and opened again: the names closed, reopened.2, closed.2, reopened.3 ... They are only
// added; the highest ones tell where the study stands.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "trial/members.hpp"
#include "trial/trial.hpp"

namespace assay::study {

struct Layout;

/// One time that a study is open, and how it ended. Generation 1 began with the study itself.
struct Generation {
  int number = 1;
  double opened = 0;                                  ///< Unix seconds by the clock of who reopened it; 0: generation 1
  std::string by;                                     ///< id of the worker that reopened it
  std::string why;                                    ///< in words, for people
  std::set<trial::TrialId> outside = {};              ///< claimed too late for an earlier closing: they never count
  std::shared_ptr<const trial::Members> before = {};  ///< as the generation before was closed; nullptr: there is none
  std::shared_ptr<const trial::Members> members = {};  ///< as it was closed; nullptr while it is open

  bool closed() const { return members != nullptr; }
  bool counts(const trial::ItemId& item) const {
    return members ? members->items.contains(item) : !outside.contains(item.trial);
  }
  /// Counted already when the generation before was closed: stop rules and budgets pass over it.
  bool earlier(const trial::ItemId& item) const { return before && before->items.contains(item); }
};

/// Where the study stands now. Error(data) if a later version of Assay reopened it in a way unknown here.
Generation read_generation(const Layout& layout);
/// Its number alone: the highest reopening.
int generation_number(const Layout& layout);
/// Brings `known` up to date with one look at one name while nothing changed; true if something did.
bool follow_generation(const Layout& layout, Generation& known);

/// Closes a generation; false if another worker had closed it before.
bool publish_members(const Layout& layout, int generation, const trial::Members& members, const std::string& worker);

/// Makes sure that the study takes trials: opens the next generation of one that is closed, on behalf of `worker`.
/// Whoever comes second finds it open. Returns the open generation.
Generation reopen(const Layout& layout, const std::string& worker, const std::string& why);

}  // namespace assay::study
