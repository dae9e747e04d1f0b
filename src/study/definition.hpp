// study.json: written once by the first worker, compared by all later ones.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/json_fwd.hpp"
#include "study/names.hpp"
#include "study/study.hpp"

namespace assay::study {

base::Json to_json(const Definition& definition);
Definition definition_from_json(const base::Json& json);

/// Of a founding, also of an older version: without what only judges measurements (thresholds, bounds, rewards).
base::Json without_judging(base::Json definition);

/// Nothing if they are equal, else the first path at which they differ, with both values.
std::optional<std::string> first_difference(const base::Json& there, const base::Json& here,
                                            const std::string& path = "");

/// Founds the study or joins it. Error(config) if it was founded with something else, Error(io) where hard links do not
/// work.
void create_or_join(const Layout& layout, const Definition& definition);

/// Writes trials into a study that nobody sees yet; `stage` is the folder that holds it.
using Fill = std::function<void(const Path& stage)>;
/// Founds the study with what `fill` writes, or joins it: everybody sees all of that or nothing, and of several that
/// found at once, or die at it, one counts.
void create_filled_or_join(const Layout& layout, const Definition& definition, const Fill& fill);

/// Nothing while the study is not founded. Error(data) if another version of Assay founded it, in a format of its own.
std::optional<base::Json> read_definition(const Layout& layout);

}  // namespace assay::study
