// What is fuzzed: whatever stands in a file, the answer is a space or Error(config), and its points are points.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "space/constraints/expression.hpp"
#include "space/reading/nni.hpp"
#include "space/space.hpp"

namespace assay::fuzz {

/// Runs `read`; anything but success or Error(config) is a finding. True on success.
template <class Read>
bool survives(const Read& read) {
  try {
    read();
    return true;
  } catch (const base::Error& error) {
    if (error.code() != base::Exit::config)
      throw std::logic_error(fmt::format("exit code {}: {}", static_cast<int>(error.code()), error.what()));
  }
  return false;
}

/// A configuration's text.
inline bool space_reader(std::string_view text) {
  return survives([&] {
    const auto space = space::Space::load(config::Config::parse(text, "x.toml"));
    base::Rng rng(1, "fuzz", 0, "points");
    for (int i = 0; i < 2; ++i) {
      const auto params = space.sample(rng);
      space.check(params);
      space.check(space.mutate(params, rng));
      space.decode(space.encode(params));
    }
    space.size();
    space.warnings();
  });
}

/// The text of NNI's search_space.json.
inline bool nni_importer(std::string_view text) {
  return survives([&] {
    space::Registry registry;
    space::import_nni(registry, std::string(text), "search_space.json", "params.training", space::Role::training);
  });
}

/// A constraint over parameters of each kind.
inline bool constraint_parser(std::string_view text) {
  const auto meaning = [](const std::string& name) -> std::optional<space::Meaning> {
    if (name == "a" || name == "b.c#1") return space::Meaning{.parameter = name == "a" ? 0 : 1};
    if (name == "op") return space::Meaning{.parameter = 2, .type = space::Type::label, .labels = {"conv", "pool"}};
    if (name == "flag") return space::Meaning{.parameter = 3, .type = space::Type::truth};
    if (name == "fixed") return space::Meaning{.fixed = 3};
    return std::nullopt;
  };
  return survives([&] {
    const auto unknown = [](const std::string& name) { base::fail(base::Exit::config, "no parameter {}", name); };
    try {
      const auto expression = space::parse_expression(text, meaning, unknown);
      space::holds(expression, {std::int64_t{3}, 0.5, std::string("conv"), true});
      space::holds(expression, {std::nullopt, 0.5, std::nullopt, std::nullopt});
      space::parameters_in(expression);
    } catch (const std::invalid_argument& error) {
      base::fail(base::Exit::config, "{}", error.what());  // as the loader says it
    }
  });
}

}  // namespace assay::fuzz
