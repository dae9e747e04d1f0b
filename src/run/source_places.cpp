#include "run/source_places.hpp"

#include <algorithm>
#include <optional>
#include <regex>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "config/config.hpp"
#include "os/file.hpp"

namespace assay::run {
namespace {

namespace fs = std::filesystem;
using config::Config;
using config::Node;

constexpr std::string_view head = "# Founded from ", tail = "; all stages read only this file.";

/// The value of `theirs` that stands where `mine` has the one at this line and column.
std::optional<Node> counterpart(const Node& mine, const Node& theirs, int line, int column) {
  if (mine.where().line == line && mine.where().column == column) return theirs;
  const auto others = theirs.items();
  std::size_t index = 0;
  for (const auto& [key, child] : mine.items()) {
    const auto other = mine.is_table() ? theirs.at(key) : index < others.size() ? others[index].second : Node();
    ++index;
    if (!other) continue;
    if (auto found = counterpart(child, other, line, column)) return found;
  }
  return std::nullopt;
}

/// "c.toml:3:1", or nothing if the file is not there or has no such value any more.
std::optional<std::string> translated(const fs::path& file, int line, int column) {
  try {
    const auto text = os::try_read_file(file);
    const auto source = text ? origin_of(*text) : std::nullopt;
    if (!source || !os::file_size(*source)) return std::nullopt;
    const auto found =
        counterpart(Config::parse(*text, file.string()).root(), Config::load(*source).root(), line, column);
    if (!found || found->where().line == 0) return std::nullopt;
    return base::to_string({shown_path(*source), found->where().line, found->where().column});
  } catch (const base::Error&) {
    return std::nullopt;  // a file that is faulty by now has no places to name
  }
}

/// A name of one folder: what is none ("a/b", "..") becomes one, or empty.
std::string folder_name(std::string name) {
  std::replace(name.begin(), name.end(), '/', '-');
  const auto text = std::string(base::trim(name));
  return text.find_first_not_of('.') == std::string::npos ? "" : text;
}

bool made_from(const fs::path& folder, const fs::path& file, const std::string& name) {
  const auto text = os::try_read_file(folder / "run.toml");
  if (!text || origin_of(*text) != fs::absolute(file).lexically_normal()) return false;
  try {
    return Config::parse(*text, (folder / "run.toml").string()).text("run.name") == name;
  } catch (const base::Error&) {
    return false;
  }
}

}  // namespace

fs::path default_folder(const fs::path& file, const std::vector<std::string>& changes) {
  const fs::path runs = "runs", by_file = runs / file.stem();
  std::string name;
  try {
    const auto config = Config::load(file, changes);
    if (config.has("run.name")) name = config.text("run.name");
  } catch (const base::Error&) {
    return by_file;  // whoever opens it says what is wrong
  }
  if (folder_name(name).empty()) return by_file;
  const auto by_name = runs / folder_name(name);
  const bool old = by_name != by_file && !os::file_size(by_name / "run.toml") && made_from(by_file, file, name);
  return old ? by_file : by_name;
}

std::optional<fs::path> origin_of(const std::string& text) {
  const auto end = text.find(tail);
  if (!text.starts_with(head) || end == std::string::npos || end > text.find('\n')) return std::nullopt;
  return fs::path(text.substr(head.size(), end - head.size()));
}

std::string shown_path(const fs::path& file) {
  std::error_code error;
  const auto near = fs::proximate(file, error);
  return error || near.empty() || *near.begin() == ".." ? file.string() : near.string();
}

std::string origin_line(const fs::path& source) {
  return std::string(head) + fs::absolute(source).lexically_normal().string() + std::string(tail) + "\n";
}

Config parse_run(const std::string& text, const fs::path& file) {
  const auto origin = origin_of(text);
  return Config::parse(text, file.string(), {}, origin ? origin->parent_path() : fs::path());
}

std::string in_source(std::string message) {
  static const std::regex place(R"(([^\s"`']*run\.toml):(\d{1,6}):(\d{1,6}))");
  static const std::regex twice(R"(^(\S+):(\d+):(\d+): (.*?)\1:\d+:\d+: )");
  std::string text;
  auto rest = message.cbegin();
  for (std::smatch match; std::regex_search(rest, message.cend(), match, place);) {
    text.append(rest, match[0].first);
    text += translated(match[1].str(), std::stoi(match[2]), std::stoi(match[3])).value_or(match[0].str());
    rest = match[0].second;
  }
  text.append(rest, message.cend());
  return std::regex_replace(text, twice, "$1:$2:$3: $4", std::regex_constants::format_first_only);
}

}  // namespace assay::run
