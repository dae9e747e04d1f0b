// Spaces for the tests: from a text, or one of the example files beside the tests.
#pragma once

#include <catch2/catch_test_macros.hpp>
#include <string>

#include "base/error.hpp"
#include "base/json.hpp"
#include "space/space.hpp"

namespace assay::test {

inline space::Space space_of(const std::string& text, std::string_view overlay = "search") {
  return space::Space::load(config::Config::parse(text, "test.toml"), overlay);
}

inline space::Space example(const std::string& name) {
  return space::Space::load(
      config::Config::load(std::string(ASSAY_SOURCE_DIR) + "/tests/space/spaces/" + name + ".toml"));
}

/// The message of the configuration error that loading this text gives; "" if there is none.
inline std::string error_of(const std::string& text) {
  try {
    space_of(text);
  } catch (const base::Error& error) {
    CHECK(error.code() == base::Exit::config);
    return error.what();
  }
  return "";
}

inline bool has_placeholder(const base::Json& json) {
  if (!json.is_structured()) return false;
  for (const auto& [key, item] : json.items()) {
    for (const auto* word : {"$param", "$ref", "$take", "$upto", "choice", "use", "draw", "ref"}) {
      if (json.is_object() && key == word) return true;
    }
    if (has_placeholder(item)) return true;
  }
  return false;
}

}  // namespace assay::test
