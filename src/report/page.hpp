// One self-contained HTML file: template, style, Plotly and data put together. Nothing in it is loaded from elsewhere.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json_fwd.hpp"
#include "os/file.hpp"

namespace assay::report {

/// plotly.min.js: $ASSAY_PLOTLY, else where it was when the program was built, else in the folder of shared files.
std::optional<os::Path> find_plotly();

/// The page. Without Plotly's text it holds tables only, and says so.
std::string page(base::Json document, const std::optional<std::string>& plotly);

/// A text file that was compiled in (page/*); empty if there is none of this name.
std::string_view embedded(std::string_view name);

}  // namespace assay::report
