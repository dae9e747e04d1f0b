#include "pipeline/kept.hpp"

#include <algorithm>
#include <filesystem>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/time.hpp"
#include "os/file.hpp"
#include "os/host.hpp"
#include "study/names.hpp"

namespace assay::pipeline {
namespace {

using base::Json;
namespace fs = std::filesystem;

fs::path folder_of(const run::Run& run) { return run.folder() / "kept"; }
fs::path note_of(const fs::path& stage) { return study::Layout{stage}.study() / "kept.json"; }

Json json_of(const Kept& kept) {
  auto rows = Json::array();
  for (const auto& row : kept.rows) rows.push_back({{"place", row.place}, {"cells", row.cells}});
  return {{"kind", kept.points ? "points" : "results"},
          {"source", kept.source},
          {"count", kept.count},
          {"again", kept.again},
          {"map", kept.options.map},
          {"skip", kept.options.skip},
          {"defaults", kept.options.defaults},
          {"rows", rows}};
}

Kept kept_from(const Json& json, const std::string& name) {
  Kept kept;
  kept.name = name;
  kept.points = json.at("kind") == "points";
  kept.source = json.at("source").get<std::string>();
  kept.count = json.at("count").get<std::int64_t>();
  kept.again = json.at("again").get<bool>();
  kept.options.map = json.at("map").get<exchange::ColumnMap>();
  kept.options.skip = json.at("skip").get<bool>();
  kept.options.defaults = json.at("defaults").get<bool>();
  for (const auto& row : json.at("rows"))
    kept.rows.push_back({row.at("place").get<std::string>(), row.at("cells").get<std::map<std::string, Json>>()});
  return kept;
}

}  // namespace

std::string keep(const run::Run& run, const Kept& kept) {
  os::make_folders(folder_of(run));
  // Names sort by time, so that points are measured in the order in which they were added.
  const auto name = fmt::format("{:017.6f}.{}.json", base::unix_seconds(), os::random_name());
  os::publish(folder_of(run) / name, json_of(kept).dump() + "\n");
  return name;
}

std::vector<Kept> kept_for_search(const run::Run& run) {
  const auto taken = taken_up(run);
  std::vector<Kept> all;
  for (const auto& name : os::list_folder(folder_of(run))) {
    if (!name.ends_with(".json") || std::find(taken.begin(), taken.end(), name) != taken.end()) continue;
    const auto file = folder_of(run) / name;
    const auto text = os::try_read_file(file);
    if (!text) continue;
    try {
      all.push_back(kept_from(Json::parse(*text), name));
    } catch (const Json::exception& error) {
      base::fail(base::Exit::io, "{} is damaged ({}); remove it and import or add again", file.string(), error.what());
    }
  }
  return all;
}

bool take_away(const run::Run& run, const std::string& name) {
  const auto folder = run.folder(run::Stage::search) / "kept";
  os::make_folders(folder);
  std::error_code error;
  fs::rename(folder_of(run) / name, folder / name, error);
  return !error;
}

std::vector<std::string> taken_up(const run::Run& run) {
  const auto text = os::try_read_file(note_of(run.folder(run::Stage::search)));
  const auto json = text ? Json::parse(*text, nullptr, false) : Json();
  return json.is_array() ? json.get<std::vector<std::string>>() : std::vector<std::string>();
}

void note_taken_up(const fs::path& stage, const std::vector<std::string>& names) {
  if (!names.empty()) os::publish(note_of(stage), Json(names).dump() + "\n");
}

std::string kept_text(const run::Run& run) {
  std::int64_t results = 0, points = 0;
  for (const auto& kept : kept_for_search(run)) (kept.points ? points : results) += kept.count;
  if (results + points == 0) return "";
  const auto counted = [](std::int64_t count, const char* word) {
    return fmt::format("{} {}{}", count, word, count == 1 ? "" : "s");
  };
  const auto text = results == 0  ? counted(points, "point")
                    : points == 0 ? counted(results, "result")
                                  : counted(results, "result") + " and " + counted(points, "point");
  return fmt::format("{} {} kept for the search, which takes {} up when it begins", text,
                     results + points == 1 ? "is" : "are", results + points == 1 ? "it" : "them");
}

}  // namespace assay::pipeline
