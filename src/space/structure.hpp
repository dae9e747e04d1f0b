// What the operators need of a space, by place instead of by name. Made once while the space is loaded.
#pragma once

#include <functional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/json.hpp"
#include "space/constraints/groups.hpp"
#include "space/space.hpp"

namespace assay::space {

struct Structure {
  std::vector<Parameter> parameters;
  std::vector<Constraint> constraints;
  std::vector<std::string> remarks;  ///< found while loading, for warnings
  base::Json pattern;                ///< the sections with placeholders for the domains, see template.hpp

  std::vector<std::vector<std::size_t>> parents;   ///< of each parameter, condition by condition
  std::vector<std::vector<std::size_t>> children;  ///< whose last condition names it
  std::vector<std::size_t> by_name;                ///< places in the order of the names
  std::unordered_map<std::string, std::size_t> index;
  std::vector<Group> groups;

  bool active(std::size_t place, const Draft& draft) const;
  bool satisfied(const Draft& draft) const;

  /// Unknown names are left out.
  Draft draft_of(const Params& params) const;
  Params params_of(Draft draft) const;

  /// Drops what is not active and fills in what is missing.
  void complete(Draft& draft, const std::function<Value(std::size_t)>& fill) const;
};

/// Fills in places and the index; groups come later.
void connect(Structure& structure);

/// True if the value of the parent meets the condition.
bool met(const Condition& condition, const Value& value);

}  // namespace assay::space
