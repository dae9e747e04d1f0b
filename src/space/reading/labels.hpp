// What the items of a choice are called that are tables, or lists of tables: in results, in constraints, and in the
// names of the parameters that they hold. Never by their place, so that a new item renames none.
#pragma once

#include <string>
#include <vector>

#include "config/node.hpp"

namespace assay::space {

/// Of each item its `name`, else its `op`, else its `use` (of a list: those of its blocks, "conv+act"); where there is
/// none, or another item has the same, its content: "conv(kernel=3)", "lr=0.1, momentum=0.9". "" for plain values.
/// Error(config) where that cannot be told or read, or where such an item holds domains: it needs a `name`.
std::vector<std::string> labels_of(const std::vector<config::Node>& items);

/// `name`, `op` or `use` of a table; of a list those of its tables; "" if there is none.
std::string plain_label(const config::Node& item);

/// Equal values; the order of keys is no matter.
bool same_content(const config::Node& a, const config::Node& b);

}  // namespace assay::space
