#include "space/outside.hpp"

#include "base/json.hpp"
#include "config/check.hpp"

namespace assay::space {
namespace {

using base::Json;

/// Defaults of ours say nothing about somebody else's training: by hand only what the configuration has.
bool is_told(const config::Config& config, const std::string& section, const std::string& key, const Space& space) {
  const bool searched = space.find(section + "." + key) != nullptr;
  if (searched || !config.texts("trial.command").empty()) return searched;
  return !config::by_hand(config) || config.has(section) || config.has("search." + section);
}

}  // namespace

Json outside_values(const config::Config& config, const Space& space, const Params& params) {
  const auto all = space.instantiate(params);
  Json values;
  for (const auto* role : {"model", "training", "augment"}) values[role] = Json::object();
  const auto free = all.value("params", Json::object());
  for (const auto& [key, value] : free.items()) values[key] = value;
  for (const std::string section : {"model", "training", "augment"}) {
    if (!all.contains(section) || !values[section].is_object()) continue;
    for (const auto& [key, value] : all[section].items()) {
      const bool told = section == "model" ? config.has("model.blocks") && config.texts("trial.command").empty()
                                           : is_told(config, section, key, space);
      if (told && !values[section].contains(key)) values[section][key] = value;
    }
  }
  return values;
}

}  // namespace assay::space
