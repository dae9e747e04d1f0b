#include "run/places.hpp"

#include <regex>

#include "base/error.hpp"
#include "base/json.hpp"
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

/// As a person in this folder would write it.
std::string shown(const fs::path& file) {
  std::error_code error;
  const auto near = fs::proximate(file, error);
  return error || near.empty() || *near.begin() == ".." ? file.string() : near.string();
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
    return base::to_string({shown(*source), found->where().line, found->where().column});
  } catch (const base::Error&) {
    return std::nullopt;  // a file that is faulty by now has no places to name
  }
}

}  // namespace

std::string origin_line(const fs::path& source) {
  return std::string(head) + fs::absolute(source).lexically_normal().string() + std::string(tail) + "\n";
}

std::optional<fs::path> origin_of(const std::string& text) {
  const auto end = text.find(tail);
  if (!text.starts_with(head) || end == std::string::npos || end > text.find('\n')) return std::nullopt;
  return fs::path(text.substr(head.size(), end - head.size()));
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
