#include "pipeline/winner.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "config/check.hpp"
#include "nn/network_py.hpp"
#include "os/file.hpp"
#include "report/card.hpp"
#include "study/checkpoint.hpp"
#include "study/names.hpp"
#include "study/outputs.hpp"

namespace assay::pipeline {
namespace {

const run::FinalistFigures& winner_of(const run::FullFigures& figures) {
  const auto found = std::find_if(figures.finalists.begin(), figures.finalists.end(),
                                  [&](const auto& finalist) { return finalist.trial == figures.winner; });
  base::require(found != figures.finalists.end(), "the winner is none of the finalists");
  return *found;
}

/// The files of the trainer's that the winner folder has.
constexpr const char* network_files[] = {"network.json", "weights.safetensors", "network.py"};

/// Nothing stays there of another winner.
void export_network(const os::Path& from, const os::Path& to) {
  const auto network = os::try_read_file(from / "network.json");
  for (const auto* name : network_files) {
    if (!network) os::remove_all(to / name);
  }
  if (!network) return;  // an external command, or a table
  os::publish(to / "network.json", *network);
  os::publish(to / "weights.safetensors", os::read_file(from / "weights.safetensors"));
  os::publish(to / "network.py", nn::network_py());
}

std::vector<std::string> files_beside_card(const os::Path& folder) {
  auto names = os::list_folder(folder);
  std::erase_if(names, [](const auto& name) { return name == "card.md" || name.front() == '.'; });
  std::sort(names.begin(), names.end());
  return names;
}

std::string where_of(const run::FullFigures& figures, std::int64_t rows) {
  if (!figures.untouched) return "on what the command validates on in the stage full";
  return rows > 0 ? fmt::format("on the untouched validation set ({} rows)", base::with_commas(rows))
                  : "on the untouched validation set";
}

}  // namespace

void publish_winner(const run::FullFigures& figures, const trial::StudyView& view, const run::Run& run,
                    std::int64_t rows) {
  const auto& winner = winner_of(figures);
  const auto stage = run.folder(run::Stage::full), folder = stage / "winner";
  const auto* trial = view.find(winner.trainings.front());
  const auto& measured = *trial->result();
  const auto attempt = fmt::format("{}.{}", measured.item.rung, measured.attempt);
  const auto own = fmt::format("trials/{}/{}", trial->id, attempt);
  os::make_folders(folder);
  export_network(stage / own, folder);
  const auto given = study::read_output(study::Layout{stage}, trial->id, attempt + "/params.json");
  os::publish(folder / "params.json", given.value_or(space::to_json(winner.params).dump(2) + "\n"));

  report::Card card{.run = run.name(),
                    .figures = figures,
                    .objectives = run.objectives(),
                    .roles = {},
                    .where = where_of(figures, rows),
                    .files = files_beside_card(folder),
                    .outputs = "",
                    .checkpoint = "",
                    .commands = {}};
  for (const auto& objective : card.objectives)
    card.roles[objective.metric] = objective.maximise ? "objective, maximised" : "objective, minimised";
  if (!os::list_folder(stage / own).empty()) card.outputs = "full/" + own;
  if (!os::list_folder(stage / own / study::checkpoint_folder).empty()) card.checkpoint = "full/" + own + "/checkpoint";
  for (const auto number : winner.trainings)
    card.commands.push_back(fmt::format("assay reproduce '{}' {} --stage full", run.folder().string(), number));
  os::publish(folder / "card.md", report::winner_card(card));
}

}  // namespace assay::pipeline
