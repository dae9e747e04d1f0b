// What a search begins with besides its planner: results measured elsewhere and points to be measured first, of the
// configuration ([search] import, points) and of what was kept for it (`assay import`, `assay add`). They are in the
// study from the moment it is founded, whoever founds it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "exchange/importer.hpp"
#include "pipeline/definitions.hpp"
#include "pipeline/kept.hpp"
#include "run/run.hpp"

namespace assay::pipeline {

struct Intake {
  std::vector<exchange::Import> results;
  std::vector<trial::Proposal> points;
  std::vector<std::string> kept;     ///< names of what was kept that is among them
  std::vector<std::string> remarks;  ///< lines for people
};

/// The files of [search] import, in full.
std::vector<std::string> imported_files(const config::Config& config);
/// What the configuration names. Error(config) in the words of the configuration.
Intake configured_intake(const config::Config& config, const exchange::ImportTarget& target);
/// Adds what was kept.
void add_kept(Intake& intake, const std::vector<Kept>& kept, const exchange::ImportTarget& target);
/// What a search begins with: both.
Intake first_intake(const run::Run& run, const std::vector<Kept>& kept, const exchange::ImportTarget& target);
/// Error(config) unless all points have a number below `max_trials`.
void check_points(const Intake& intake, const run::Run& run, std::int64_t max_trials);

/// A point of an `assay add` table: every column must be a parameter, for what would be ignored was meant.
space::Params point_in(const space::Space& space, const exchange::Row& row);

/// Writes it into a study that is founded: results done, points for the next workers that look. Numbers that others
/// take meanwhile are passed over. Returns the numbers of the results, and of the points; points end at `numbers`, the
/// first number that no trial may take.
struct Brought {
  std::vector<trial::TrialId> results, points;
};
Brought bring(const std::filesystem::path& stage, const trial::Judge& judge, const Intake& intake,
              const trial::StudyView& view, const trial::Fidelity& first, std::int64_t numbers);

/// Founds the search with its intake, or joins it; what was kept too late for that is brought afterwards. True if this
/// process founded it, or may have.
bool create_search(const run::Run& run, const space::Space& space, const trial::Planner& planner,
                   const std::vector<trial::Fidelity>& fidelities);

}  // namespace assay::pipeline
