// The files of RUN/report: index.html, summary.json, trials.csv, trials.json, candidates.csv, finalists.csv.
#pragma once

#include <string>

#include "os/file.hpp"
#include "report/run_data.hpp"

namespace assay::report {

struct Published {
  os::Path page;
  std::string sentence;  ///< the headline
  bool charts = true;    ///< false: Plotly was not found, the page holds tables only
};

/// Writes all files into `folder`, each atomically.
Published publish(const RunData& run_data, const os::Path& folder);

}  // namespace assay::report
