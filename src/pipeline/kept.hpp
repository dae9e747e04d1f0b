// What people import into or add to a search that does not exist yet: kept in the run folder, one file each, until the
// search is founded.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "exchange/importer.hpp"
#include "run/run.hpp"

namespace assay::pipeline {

struct Kept {
  std::string name;                 ///< of its file in RUN/kept
  bool points = false;              ///< rows are points to measure (`assay add`); else results (`assay import`)
  std::string source;               ///< where the rows come from, for people
  std::int64_t count = 0;           ///< points or results that were in it when it was kept
  bool again = false;               ///< results that another source has too are taken once more
  exchange::ImportOptions options;  ///< of results
  std::vector<exchange::Row> rows;
};

/// Publishes it under a name of its own, which it returns.
std::string keep(const run::Run& run, const Kept& kept);
/// All of them, the oldest first; those that the founded search has already are not among them.
std::vector<Kept> kept_for_search(const run::Run& run);
/// False if somebody else took it away meanwhile.
bool take_away(const run::Run& run, const std::string& name);

/// The names of what a founded search began with; empty where it began with nothing that was kept.
std::vector<std::string> taken_up(const run::Run& run);
/// Written into a study before it is founded, in its folder of the stage.
void note_taken_up(const std::filesystem::path& stage, const std::vector<std::string>& names);

/// "3 results and 2 points are kept for the search, which takes them up when it begins"; empty if there are none.
std::string kept_text(const run::Run& run);

}  // namespace assay::pipeline
