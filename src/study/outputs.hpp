// The outputs of ended trials (what a command printed, its parameters and metrics): thousands of small files, packed
// into trials/packed-*.tar.gz some time after their trials ended. Checkpoints, weights and large files are left alone.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>

#include "study/names.hpp"

namespace assay::study {

/// Packs the folders trials/<n> of those trials for which `ended` holds, if there are at least `least` of them. Each is
/// first renamed into a folder of this worker, so that of several packers each folder has one; what a packer that died
/// left there is packed by the next. `refused` remembers folders that hold more than small outputs. Returns how many
/// trials were packed.
int pack_outputs(const Layout& layout, const std::string& worker, int least,
                 const std::function<bool(trial::TrialId)>& ended,
                 const std::function<bool(const std::string& id)>& gone, std::set<trial::TrialId>& refused);

/// The content of `relative` ("0.1/output.log") of a trial, from its folder or wherever it was packed; nothing if it
/// was not kept.
std::optional<std::string> read_output(const Layout& layout, trial::TrialId trial, const std::string& relative);

}  // namespace assay::study
