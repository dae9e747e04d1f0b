// JSON that remembers where each value stands, for messages about files that people write.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"

namespace assay::space {

struct PlacedItem;

struct PlacedJson {
  base::Json::value_t type = base::Json::value_t::null;
  base::Json scalar;              ///< of a number, text, flag or null
  std::vector<PlacedItem> items;  ///< of an object in the order written; of an array without keys
  base::Where where;              ///< of the key, else of the value

  bool is_object() const { return type == base::Json::value_t::object; }
  bool is_array() const { return type == base::Json::value_t::array; }
  bool is_number() const { return scalar.is_number(); }
  /// Nothing (nullptr) if there is no such key.
  const PlacedJson* find(std::string_view key) const;
  base::Json json() const;

  /// Throws Error(config) at this place.
  [[noreturn]] void fail(const std::string& message, const std::string& nearest = "") const;
};

struct PlacedItem {
  std::string first;  ///< the key
  PlacedJson second;
};

/// Error(config) with file:line:column for what is no JSON, for a key that is written twice and for over 64 levels.
PlacedJson parse_placed(std::string_view text, const std::string& file);

}  // namespace assay::space
