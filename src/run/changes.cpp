#include "run/changes.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "os/file.hpp"
#include "os/host.hpp"

namespace assay::run {
namespace {

namespace fs = std::filesystem;
using base::Json;

constexpr std::string_view mark = "# Change ", mark_end = " by `assay set`: see changes.log.\n";

fs::path name_of(const fs::path& folder, std::int64_t number) { return folder / "changes" / std::to_string(number); }

/// The line of origin at the top of run.toml.
std::string head_of(const std::string& text) {
  return text.starts_with("# Founded") ? text.substr(0, text.find('\n') + 1) : "";
}

/// Which change made this text: its second line says so.
std::int64_t number_of(const std::string& text) {
  const auto at = head_of(text).size();
  if (text.compare(at, mark.size(), mark) != 0) return 0;
  const auto end = text.find(' ', at + mark.size());
  return base::integer_in(text.substr(at + mark.size(), end - at - mark.size())).value_or(0);
}

Json read_change(const fs::path& file) {
  auto json = Json::parse(os::read_file(file), nullptr, false);
  if (json.is_discarded() || !json.is_object() || !json.contains("text"))
    base::fail(base::Exit::io, "{} is damaged: it was not written by this program, or the disk lost a part",
               file.string());
  return json;
}

/// All that was set, oldest first; lines from before changes were numbered stay at the top.
std::string log_of(const fs::path& folder, std::int64_t newest) {
  std::string log;
  for (std::int64_t n = 1; n <= newest; ++n) {
    if (!os::file_size(name_of(folder, n))) continue;
    const auto change = read_change(name_of(folder, n));
    log += change.value("earlier", "") + change.value("log", "");
  }
  return log;
}

/// run.toml as the newest change made it. Whoever replaces it looks again: somebody faster may have made a newer one.
void replace(const fs::path& folder) {
  for (std::int64_t written = -1;;) {
    const auto now = current(folder);
    if (!now || now->number <= written) return;
    if (os::read_file(folder / "run.toml") != now->text) os::publish(folder / "run.toml", now->text);
    os::publish(folder / "changes.log", log_of(folder, now->number));
    written = now->number;
  }
}

}  // namespace

std::optional<Current> current(const fs::path& folder) {
  auto text = os::try_read_file(folder / "run.toml");
  if (!text) return std::nullopt;
  // Numbers have no gaps: mostly this is one look for a name that is not there.
  const auto number = number_of(*text);
  auto newest = number;
  while (os::file_size(name_of(folder, newest + 1))) ++newest;
  if (newest == number) return Current{std::move(*text), number};
  return Current{read_change(name_of(folder, newest)).at("text").get<std::string>(), newest};
}

bool publish_change(const fs::path& folder, const Current& base, const std::string& resolved, const std::string& log) {
  const auto number = base.number + 1;
  Json change = {{"number", number},
                 {"base", base.number},
                 {"time", base::utc_text(base::unix_seconds())},
                 {"host", os::host_name()},
                 {"log", log},
                 {"text", fmt::format("{}{}{}{}{}", head_of(base.text), mark, number, mark_end, resolved)}};
  if (number == 1) change["earlier"] = os::try_read_file(folder / "changes.log").value_or("");
  os::make_folders(folder / "changes");
  const auto now = current(folder);
  if (!now || now->text != base.text) return false;  // set by somebody else, or edited by hand
  if (!os::publish_once(name_of(folder, number), change.dump(2) + "\n")) return false;
  replace(folder);
  return true;
}

}  // namespace assay::run
