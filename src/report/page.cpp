#include "report/page.hpp"

#include <map>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/version.hpp"
#include "os/host.hpp"

#ifndef ASSAY_PLOTLY
#define ASSAY_PLOTLY ""
#endif

namespace assay::report {
namespace {

/// "plotly.js v2.35.2" in the first lines.
std::string plotly_version(const std::string& text) {
  const std::string_view mark = "plotly.js v";
  const auto at = text.substr(0, 400).find(mark);
  if (at == std::string::npos) return "unknown";
  const auto from = at + mark.size();
  return text.substr(from, text.find_first_not_of("0123456789.", from) - from);
}

/// JSON inside <script>: "<" could end the element, so it is written as an escape.
std::string inside_script(const base::Json& json) {
  std::string text;
  for (const char c : json.dump(-1, ' ', false, base::Json::error_handler_t::replace)) {
    if (c == '<') {
      text += "\\u003c";
    } else {
      text += c;
    }
  }
  return text;
}

std::string html_text(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    if (c == '<')
      safe += "&lt;";
    else if (c == '&')
      safe += "&amp;";
    else
      safe += c;
  }
  return safe;
}

/// One pass over the template, so that nothing inserted is looked at again.
std::string fill(std::string_view text, const std::map<std::string, std::string, std::less<>>& values) {
  std::string result;
  for (std::size_t at = 0;;) {
    const auto open = text.find("{{", at);
    result += text.substr(at, open - at);
    if (open == std::string_view::npos) return result;
    const auto close = text.find("}}", open);
    const auto found = values.find(text.substr(open + 2, close - open - 2));
    base::require(found != values.end(), "the report's template asks for an unknown part");
    result += found->second;
    at = close + 2;
  }
}

}  // namespace

std::optional<os::Path> find_plotly() {
  for (const os::Path& path : {os::Path(os::environment("ASSAY_PLOTLY").value_or("")), os::Path(ASSAY_PLOTLY),
                               os::Path(base::share_folder()) / "plotly.min.js"}) {
    if (!path.empty() && os::file_size(path)) return path;
  }
  return std::nullopt;
}

std::string page(base::Json document, const std::optional<std::string>& plotly) {
  if (plotly) document["plotly"] = plotly_version(*plotly);
  std::string script;
  for (const char* name : {"format.js", "charts.js", "trials.js", "search.js", "sections.js"}) script += embedded(name);
  const bool breaks = plotly && plotly->find("</script") != std::string::npos;
  base::require(!breaks, "this Plotly cannot stand inside a page: it holds the text </script");
  return fill(embedded("template.html"), {{"title", html_text(document.value("title", "")) + " - Assay"},
                                          {"style", std::string(embedded("report.css"))},
                                          {"plotly", plotly.value_or("")},
                                          {"data", inside_script(document)},
                                          {"script", script}});
}

}  // namespace assay::report
