// Concrete configuration values with placeholders where the user wrote domains, as JSON:
//   {"$param": name}                                the parameter's value
//   {"$param": name, "$case": {label: template}}    a choice among tables (subset: the items' own values)
//   {"$ref": name}                                  the same as the placeholder of that parameter
//   {"$take": template, "$list": [template]}        the first n of the list (layers of a block that repeats n times)
//   {"$upto": template, "$edges": {"i-j": template}}  the edges among the first n nodes of a dag; of a cell, "j.i" with
//                                                     node j from 2 on: those of its first n inner nodes
#pragma once

#include <map>
#include <string>

#include "base/json.hpp"
#include "space/space.hpp"

namespace assay::space {

/// Every placeholder replaced by its value; `params` holds a value for each that is met.
base::Json fill(const base::Json& pattern, const Params& params);

/// Replaces each {"$ref": name} by the placeholder of that name; no placeholder leads back to itself.
void resolve_references(base::Json& pattern, const std::map<std::string, base::Json>& placeholders);

}  // namespace assay::space
