// The end of a search for those who find it closed and not published: its closer died, or there was no worker at all.
// Without LibTorch.
#pragma once

#include <functional>
#include <string>

#include "run/run.hpp"

namespace assay::pipeline {

/// Publishes the result of a search whose study is closed with all results there, unless it has one. True if the search
/// has its result; false as well where no trial succeeded. `say` gets the line for people where it is published now.
bool conclude_search(const run::Run& run, const std::function<void(const std::string&)>& say);
/// The same, on standard error.
void conclude_search(const run::Run& run);

/// If the trials of this run are asked for by hand and nothing is left to ask for or to tell: closes the search,
/// publishes its result and says so. True if the search has its result.
bool conclude_by_hand(const run::Run& run);
/// Error(config) with what to do if only a script measures trials, and not all of them are told yet.
void need_measuring(const run::Run& run);

}  // namespace assay::pipeline
