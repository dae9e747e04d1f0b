#include "run/differences.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "base/command.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "config/document.hpp"
#include "config/settings.hpp"
#include "os/file.hpp"
#include "run/source_places.hpp"

namespace assay::run {
namespace {

namespace fs = std::filesystem;
using base::Json;
using config::Config;

constexpr std::size_t most_listed = 24;

bool holds_tables(const Json& json) {
  return json.is_array() && std::any_of(json.begin(), json.end(), [](const Json& item) { return item.is_object(); });
}

double seconds_in(const Json& json) {
  if (json.is_number()) return json.get<double>();
  const auto text = json.is_string() ? json.get<std::string>() : "";
  return text.empty() ? 0 : base::parse_duration(text, "a duration");
}

/// 1 and 1.0, "60s" and "1m" are the same; a file to import is what it says.
bool same_value(const std::string& key, const Json& a, const Json& b) {
  if (a.is_number() && b.is_number()) return a.get<double>() == b.get<double>();
  if (a == b) return true;
  if (a.is_array() && b.is_array() && a.size() == b.size())
    return std::equal(a.begin(), a.end(), b.begin(),
                      [&](const Json& x, const Json& y) { return same_value("", x, y); });
  const auto* row = config::find_setting(key);
  if (row == nullptr || a.is_null() || b.is_null()) return false;
  if (row->type == config::Type::duration) return seconds_in(a) == seconds_in(b);
  if (row->type != config::Type::path || !a.is_string() || !b.is_string()) return false;
  if (row->key_class != config::KeyClass::identity) return false;
  const auto x = os::try_read_file(a.get<std::string>()), y = os::try_read_file(b.get<std::string>());
  return x && y && *x == *y;
}

class Comparison {
 public:
  Comparison(const Config& given, const Program& noted) : given_(given), noted_(noted) {}

  void compare(const std::string& key, const Json& was, const Json& is) {
    if (was.is_object() || is.is_object()) return tables(key, was, is);
    if (holds_tables(was) && holds_tables(is) && was.size() == is.size()) {
      for (std::size_t i = 0; i < was.size(); ++i) compare(fmt::format("{}[{}]", key, i), was[i], is[i]);
      return;
    }
    if (key == "trial.command" ? same_command(was, is) : same_value(key, was, is)) return;
    add(key, was, is);
  }

  std::vector<Difference> found;

 private:
  void tables(const std::string& key, const Json& was, const Json& is) {
    if (!key.empty() && was.is_object() != is.is_object() && !was.is_null() && !is.is_null()) return add(key, was, is);
    std::vector<std::string> names;
    std::set<std::string> seen;
    for (const auto* one : {&was, &is}) {
      if (!one->is_object()) continue;
      for (const auto& [name, value] : one->items()) {
        if (seen.insert(name).second) names.push_back(name);
      }
    }
    for (const auto& name : names) {
      const auto below = config::toml_key(name);
      compare(key.empty() ? below : key + "." + below, was.is_object() ? was.value(name, Json()) : Json(),
              is.is_object() ? is.value(name, Json()) : Json());
    }
  }

  bool same_command(const Json& was, const Json& is) const {
    if (!was.is_array() || !is.is_array() || was.size() != is.size()) return was == is;
    return std::equal(was.begin(), was.end(), is.begin(), [&](const Json& a, const Json& b) {
      return a == b ||
             (a.is_string() && b.is_string() && same_argument(a.get<std::string>(), b.get<std::string>(), noted_));
    });
  }

  void add(const std::string& key, const Json& was, const Json& is) {
    Difference difference{.key = key, .key_class = config::key_class(key)};
    if (!was.is_null()) difference.was = config::to_toml(was);
    if (!is.is_null()) difference.is = config::to_toml(is);
    if (const auto node = given_.node(key)) difference.where = base::to_string(node.where());
    found.push_back(std::move(difference));
  }

  const Config& given_;
  const Program& noted_;
};

std::string shortened(const std::string& text) {
  constexpr std::size_t most = 60;
  return text.size() <= most ? text : text.substr(0, most - 3) + "...";
}

std::string line_of(const Difference& one) {
  const auto was = one.was.empty() ? "not set" : shortened(one.was),
             is = one.is.empty() ? "not set" : shortened(one.is);
  return fmt::format("\n  {} is {} in the run folder, {} in {}", one.key, was, is,
                     one.where.empty() ? "the configuration (by default)" : one.where);
}

}  // namespace

std::vector<Difference> differences(const Config& mine, const Config& given, const Program& noted) {
  const auto resolved = Config::parse(given.resolved(), "the configuration");
  Comparison comparison(given, noted);
  comparison.compare("", mine.root().json(), resolved.root().json());
  return comparison.found;
}

fs::path free_name(const fs::path& folder) {
  const auto plain = folder.filename().empty() ? folder.parent_path() : folder;
  for (int i = 2;; ++i) {
    auto name = plain;
    name += fmt::format("-{}", i);
    if (!fs::exists(name)) return name;
  }
}

std::string set_command(const fs::path& folder, const std::vector<Difference>& differences) {
  std::vector<std::string> words = {"assay", "set", folder.string()};
  for (const auto& one : differences) words.push_back(one.key + "=" + one.is);  // nothing behind "=": taken out
  return base::proposal(words);
}

std::string other_run(const fs::path& folder, const Given& given, const std::vector<Difference>& differences) {
  std::vector<Difference> identity;
  std::copy_if(differences.begin(), differences.end(), std::back_inserter(identity), is_identity);
  auto text = fmt::format("{} was created from another configuration; {} key{} what is measured:", folder.string(),
                          identity.size(), identity.size() == 1 ? " differs that says" : "s differ that say");
  for (std::size_t i = 0; i < std::min(identity.size(), most_listed); ++i) text += line_of(identity[i]);
  if (identity.size() > most_listed) text += fmt::format("\n  and {} more", identity.size() - most_listed);
  std::vector<std::string> start = {"assay", given.by_hand ? "ask" : "run", given.file.string(), "--run",
                                    free_name(folder).string()};
  for (const auto& change : given.overrides) start.insert(start.end(), {"--set", change});
  text += fmt::format("\nThis is another run: {} starts it in a folder of its own.", base::proposal(start));
  return text + fmt::format(" To change this one instead: {}, which says what must be measured again.",
                            set_command(folder, identity));
}

std::string stays(const fs::path& folder, const std::vector<Difference>& differences) {
  std::vector<std::string> parts;
  for (const auto& one : differences) {
    parts.push_back(fmt::format("{} stays {} ({} in {})", one.key, one.was.empty() ? "not set" : shortened(one.was),
                                one.is.empty() ? "not set" : shortened(one.is),
                                one.where.empty() ? "the configuration, by default" : one.where));
  }
  return fmt::format("{} as in {}; {} changes {}", base::join(parts, ", "), (folder / "run.toml").string(),
                     set_command(folder, differences), differences.size() == 1 ? "it" : "them");
}

}  // namespace assay::run
