// card.md of full/winner/: what the winner is, how good it is, what lies beside the card, how to do it again.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "run/results.hpp"

namespace assay::report {

struct Card {
  std::string run;  ///< its name
  const run::FullFigures& figures;
  std::vector<trial::Objective> objectives;
  std::map<std::string, std::string> roles;  ///< of metrics: "objective, max", "constraint, at most 5"
  std::string where;                         ///< "on ...": what the scores were measured on
  std::vector<std::string> files;            ///< names beside the card
  std::string outputs, checkpoint;           ///< folders of the first seed, from the run folder; empty: there is none
  std::vector<std::string> commands;         ///< that measure the winner again
};

/// As Markdown. It names no file that `files` lacks and no figure that was not measured.
std::string winner_card(const Card& card);

}  // namespace assay::report
