// The report's content as JSON: what the page draws and what programs read.
#pragma once

#include "base/json_fwd.hpp"
#include "report/material.hpp"

namespace assay::report {

/// Everything the page shows.
base::Json document(const Material& material);

/// summary.json: the same without the long tables.
base::Json summary(const base::Json& document);

/// candidates.csv and finalists.csv; only a header line if the stage is missing.
std::string candidates_csv(const Material& material);
std::string finalists_csv(const Material& material);

}  // namespace assay::report
