// The report's content as JSON: what the page draws and what programs read.
#pragma once

#include "base/json_fwd.hpp"
#include "report/run_data.hpp"

namespace assay::report {

/// Everything the page shows.
base::Json document(const RunData& run_data);

/// summary.json: the same without the long tables.
base::Json summary(const base::Json& document);

/// candidates.csv and finalists.csv; only a header line if the stage is missing.
std::string candidates_csv(const RunData& run_data);
std::string finalists_csv(const RunData& run_data);

}  // namespace assay::report
