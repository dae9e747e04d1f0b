// A parsed TOML document with its overrides merged in. Keeps toml++ out of everybody else's headers.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "config/node.hpp"

namespace assay::config {

class Document {
 public:
  /// The root of the merged document; the nodes keep the document alive. `takes_text` tells for which keys the value of
  /// an override is text even where it reads as a number ("run.name=2026"). Errors: Error(config) with the place.
  static Node parse(std::string_view text, const std::string& name, const std::vector<std::string>& overrides,
                    const std::function<bool(std::string_view key)>& takes_text);
};

/// A value as inline TOML: `{ choice = [3, 5] }`. Arrays of tables directly below `depth` 0 get one line per table.
std::string to_toml(const base::Json& value, int depth = 1);
/// A key, quoted where TOML wants it.
std::string toml_key(std::string_view key);

}  // namespace assay::config
