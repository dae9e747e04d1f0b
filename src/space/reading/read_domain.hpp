// One domain as the user wrote it: `choice`, `int`, `float`, `normal`, `subset` or `ref`, with their options. Errors
// name file:line:column and what to do.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/node.hpp"
#include "config/settings.hpp"
#include "space/space.hpp"

namespace assay::space {

struct WrittenDomain {
  Domain domain;
  std::string name;                 ///< `name = ".."`, else empty
  std::string reference;            ///< `ref = ".."`: then there is no domain
  std::vector<config::Node> items;  ///< choice, subset: the items as written, in the order of domain.items
};

/// Error(config) for anything that is no proper domain.
WrittenDomain read_domain(const config::Node& node);

/// Error(config) if a value of the domain is outside of what the setting may be ("training.lr" must be > 0).
void check_against(const config::Setting& setting, const Domain& domain, const config::Node& node);

}  // namespace assay::space
