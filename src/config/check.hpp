// Checking a document against the settings table.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "config/settings.hpp"

namespace assay::config {

/// A value that stands in the document, with its row.
struct Written {
  const Setting* row = nullptr;
  Node node;
};

/// Concrete key -> value, for every row that is written, overlays included ("search.training.lr"). Error(config) at the
/// first unknown key, wrong type, value out of range or not among the choices.
std::map<std::string, Written> check(const Node& root);

/// Whether something may stand at this path.
bool may_stand(std::string_view path);
/// The valid key nearest to an unknown one; "" if none is near.
std::string nearest_key(std::string_view path);

/// True where no data are named, and trials are looked up in a table or measured by a command that reads its own: there
/// is nothing to read or to split.
bool without_data(const Config& config);

/// True where nothing that is configured measures a trial, but parameters are given: a script asks for trials and tells
/// their results.
bool by_hand(const Config& config);

/// A table with one of choice, int, float, normal, subset, ref.
bool is_domain(const Node& node);

}  // namespace assay::config
