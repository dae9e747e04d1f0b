#include "study/definition.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/time.hpp"
#include "config/config.hpp"
#include "os/file.hpp"
#include "os/host.hpp"
#include "study/record.hpp"
#include "trial/json.hpp"

namespace assay::study {
namespace {

using base::Exit;
using base::Json;

/// So long nobody takes to found a study once its folder is there.
constexpr double founding_seconds = 10;

std::string shorten(const Json& json) {
  auto text = json.dump();
  return text.size() <= 80 ? text : text.substr(0, 77) + "...";
}

std::string below(const std::string& path, const std::string& key) { return path.empty() ? key : path + "." + key; }

/// The claims rest on link(2) alone: better to know on the first second than after the first race.
void probe_links(const Layout& layout) {
  const auto token = layout.workers() / ("probe." + os::random_name());
  const Path name = token.string() + ".link";
  os::publish(token, "probe", os::Durable::no);
  std::string problem;
  try {
    const bool first = os::link_name(token, name) == os::Link::mine;
    if (!first || os::read_file(name) != "probe") problem = "a linked file reads differently";
  } catch (const base::Error& error) {
    problem = error.what();
  }
  os::remove_all(name);
  os::remove_all(token);
  if (!problem.empty()) {
    base::fail(Exit::io,
               "hard links do not work in {} ({}). Put the run folder on a file system with link(2), such as NFS, "
               "Lustre, GPFS or a local disk.",
               layout.study().string(), problem);
  }
}

}  // namespace

Json to_json(const Definition& definition) {
  Json json;
  json["format"] = log_format;
  json["stage"] = definition.stage;
  json["seed"] = definition.seed;
  json["identity"] = definition.identity;
  json["objectives"] = Json::array();
  for (const auto& objective : definition.objectives) json["objectives"].push_back(to_json(objective));
  json["fidelities"] = Json::array();
  for (const auto& fidelity : definition.fidelities) json["fidelities"].push_back(to_json(fidelity));
  return json;
}

Definition definition_from_json(const Json& json) {
  Definition definition;
  definition.stage = json.at("stage").get<std::string>();
  definition.seed = json.at("seed").get<std::uint64_t>();
  definition.identity = json.at("identity");
  for (const auto& objective : json.at("objectives"))
    definition.objectives.push_back(trial::objective_from_json(objective));
  for (const auto& fidelity : json.at("fidelities"))
    definition.fidelities.push_back(trial::fidelity_from_json(fidelity));
  return definition;
}

Json without_judging(Json definition) {
  if (definition.contains("objectives")) {
    for (auto& objective : definition["objectives"]) objective.erase("threshold");
  }
  if (definition.contains("identity") && definition["identity"].contains("configuration")) {
    auto& configuration = definition["identity"]["configuration"];
    if (configuration.is_object()) configuration = config::identity_only(configuration);
  }
  return definition;
}

std::optional<std::string> first_difference(const Json& there, const Json& here, const std::string& path) {
  if (there == here) return std::nullopt;
  if (there.is_object() && here.is_object()) {
    for (const auto& [key, value] : there.items()) {
      if (!here.contains(key)) return fmt::format("{} is {} there and missing here", below(path, key), shorten(value));
      if (auto difference = first_difference(value, here.at(key), below(path, key))) return difference;
    }
    for (const auto& [key, value] : here.items()) {
      if (!there.contains(key)) return fmt::format("{} is missing there and {} here", below(path, key), shorten(value));
    }
    return std::nullopt;  // the same members in another order
  }
  if (there.is_array() && here.is_array()) {
    for (std::size_t i = 0; i < std::min(there.size(), here.size()); ++i) {
      if (auto difference = first_difference(there[i], here[i], fmt::format("{}[{}]", path, i))) return difference;
    }
    if (there.size() == here.size()) return std::nullopt;
    return fmt::format("{} has {} entries there and {} here", path, there.size(), here.size());
  }
  return fmt::format("{} is {} there and {} here", path, shorten(there), shorten(here));
}

void create_or_join(const Layout& layout, const Definition& definition) {
  // What is stored has been through text once: compare like with like.
  const auto mine = Json::parse(to_json(definition).dump());
  auto there = read_definition(layout);
  if (!there) {
    for (const auto& folder : {layout.log(), layout.workers(), layout.study() / "claims"}) os::make_folders(folder);
    probe_links(layout);
    if (os::publish_once(layout.definition(), mine.dump(2) + "\n")) return;
    there = read_definition(layout);
    if (!there) base::fail(Exit::io, "{} exists and cannot be read", layout.definition().string());
  }
  if (const auto difference = first_difference(without_judging(*there), without_judging(mine))) {
    base::fail(Exit::config,
               "the study in {} was founded with another configuration: {}. Restore that value, use another run "
               "folder, or start the stage again with --force.",
               layout.stage.string(), *difference);
  }
}

void create_filled_or_join(const Layout& layout, const Definition& definition, const Fill& fill) {
  if (!read_definition(layout)) {
    const Layout apart{layout.stage / (".founding." + os::random_name())};
    os::make_folders(apart.stage);
    create_or_join(apart, definition);
    fill(apart.stage);
    os::sync_folder(apart.study());
    const bool placed = os::rename_into_place(apart.study(), layout.study());
    // Somebody is about to found it there, or died before he had done so.
    const double since = base::steady_seconds();
    while (!placed && !read_definition(layout) && base::steady_seconds() - since < founding_seconds)
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    if (!placed && !read_definition(layout)) {
      if (const auto stop = os::try_read_file(layout.stop())) os::publish(apart.stop(), *stop);
      os::rename_aside(layout.study());
      os::rename_into_place(apart.study(), layout.study());
    }
    os::remove_all(apart.stage);
  }
  create_or_join(layout, definition);
}

std::optional<Json> read_definition(const Layout& layout) {
  const auto text = os::try_read_file(layout.definition());
  if (!text) return std::nullopt;
  Json json;
  try {
    json = Json::parse(*text);
  } catch (const Json::exception& error) {
    base::fail(Exit::io, "{} is damaged ({})", layout.definition().string(), error.what());
  }
  const auto format = json.is_object() ? json.value("format", Json()) : Json();
  if (format != log_format) {
    base::fail(Exit::data,
               "the study in {} was made by another version of Assay (its format is {}, this one reads {}): go on with "
               "that version, or use another run folder",
               layout.stage.string(), format.dump(), log_format);
  }
  return json;
}

}  // namespace assay::study
