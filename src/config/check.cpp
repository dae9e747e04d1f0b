#include "config/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.hpp"
#include "base/time.hpp"

namespace assay::config {
namespace {

std::string range_text(const Setting& row) {
  const auto least = row.least ? fmt::format("{} {}", row.above ? "above" : "at least", *row.least) : "";
  const auto most = row.most ? fmt::format("{} {}", row.below ? "below" : "at most", *row.most) : "";
  return least + (least.empty() || most.empty() ? "" : " and ") + most;
}

void check_range(const Setting& row, const Node& node) {
  const double value = node.number();
  const bool low = row.least && (row.above ? value <= *row.least : value < *row.least);
  const bool high = row.most && (row.below ? value >= *row.most : value > *row.most);
  if (!std::isfinite(value)) node.fail(fmt::format("must be a finite number, not {}", value));
  if (low || high) node.fail(fmt::format("must be {}, not {}", range_text(row), value));
}

void check_text(const Setting& row, const Node& node) {
  if (row.number_as_text && node.is_integer()) {
    if (node.integer() < 0) node.fail(fmt::format("columns are numbered from 0, not {}", node.integer()));
    return;
  }
  const auto text = node.string();
  if (!row.choices.empty()) {
    const auto choices = base::split(row.choices, '|');
    if (std::find(choices.begin(), choices.end(), text) != choices.end()) return;
    const auto near = base::nearest_word(text, choices);
    node.fail(fmt::format("must be one of {}, not \"{}\"{}", base::join(choices, ", "), text,
                          near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near)),
              near);
  }
  if (row.key == "data.delimiter" && text.size() != 1) node.fail("must be one character, such as \",\" or \"\\t\"");
}

void check_list(const Node& node, const char* example) {
  if (!node.is_array()) node.fail(fmt::format("expected an array, found {}; write {}", node.type_name(), example));
}

void check_texts(const Setting& row, const Node& node) {
  check_list(node, "[\"...\"]");
  for (const auto& [key, item] : node.items()) check_text(row, item);
}

void check_path(const Node& node) {
  if (node.is_array() && node.size() == 0) node.fail("the list is empty; name at least one file");
  const auto one = [](const Node& item) {
    if (item.string().empty()) item.fail("the path is empty; name a file or leave the key out");
  };
  if (!node.is_array()) return one(node);
  for (const auto& [key, item] : node.items()) one(item);
}

void check_integers(const Setting& row, const Node& node) {
  check_list(node, "[1, 8, 8]");
  if (node.size() == 0) node.fail("the list is empty; write numbers, such as [1, 8, 8], or leave the key out");
  for (const auto& [key, item] : node.items()) {
    item.integer();
    check_range(row, item);
  }
}

void check_duration(const Setting& row, const Node& node) {
  double seconds = 0;
  if (node.is_number()) {
    seconds = node.number();
  } else {
    const auto text = node.string();
    if (text.empty() && row.initial == "\"\"") return;
    try {
      seconds = base::parse_duration(text, node.path());
    } catch (const base::Error&) {
      node.fail(fmt::format("\"{}\" is no duration; write for example \"90s\", \"10m\", \"1.5h\" or \"2d\"", text));
    }
  }
  if (!(seconds > 0) || !std::isfinite(seconds)) node.fail("a duration must be above zero");
}

void check_scalar(const Setting& row, const Node& node) {
  switch (row.type) {
    case Type::integer:
      node.integer();
      return check_range(row, node);
    case Type::number:
      return check_range(row, node);
    case Type::text:
      return check_text(row, node);
    case Type::flag:
      node.boolean();
      return;
    default:
      return;
  }
}

/// What can be said without knowing domains: the values inside are of the row's type and range. The rest is space's.
void check_domain(const Setting& row, const Node& domain) {
  for (const char* key : {"choice", "subset"}) {
    const auto items = domain.at(key);
    if (items && !items.is_array()) items.fail("expected an array of values");
    if (items && items.size() == 0) items.fail("the choice is empty; list at least one value");
    for (const auto& [name, item] : items.items()) {
      if (!item.is_table()) check_scalar(row, item);
    }
  }
  for (const char* key : {"int", "float"}) {
    const auto bounds = domain.at(key);
    if (bounds && row.type != Type::integer && row.type != Type::number)
      bounds.fail("this key takes no numbers; use choice = [...]");
    if (bounds && row.type == Type::integer && std::string_view(key) == "float")
      bounds.fail("this key takes whole numbers; use int = [lo, hi]");
    for (const auto& [name, bound] : bounds.items()) check_scalar(row, bound);
  }
  if (const auto initial = domain.at("default"); initial && !initial.is_table()) check_scalar(row, initial);
}

/// A key of [params] itself: a value or a domain. A table of further keys may be a role that is misspelt.
void check_bare(const Node& node) {
  if (!node.is_table() || is_domain(node)) return;
  const auto path = node.path();
  const auto near = base::nearest_word(path.substr(path.find('.') + 1), {"model", "training", "augment"});
  if (!near.empty())
    node.fail(fmt::format("unknown section {}; did you mean params.{}?", path, near), "params." + near);
}

/// Files, and tables of a file and how it is read.
void check_imports(const Node& node) {
  if (!node.is_array()) node.fail(fmt::format("expected an array of files, found {}", node.type_name()));
  const std::vector<std::string> keys = {"file", "map", "skip", "defaults"};
  for (const auto& [place, entry] : node.items()) {
    const auto file = entry.is_table() ? entry.at("file") : entry;
    if (!file) entry.fail("file is missing; name the table to import");
    if (file.string().empty()) file.fail("the path is empty; name a file or leave the key out");
    if (!entry.is_table()) continue;
    for (const auto& [key, value] : entry.items()) {
      const auto near = base::nearest_word(key, keys);
      if (std::find(keys.begin(), keys.end(), key) == keys.end())
        value.fail(fmt::format("unknown key {}; an import takes {}", key, base::join(keys, ", ")), near);
      if (key == "skip" || key == "defaults") value.boolean();
    }
    for (const auto& [old, now] : entry.at("map").items()) now.string();
  }
}

void check_value(const Setting& row, const Node& node) {
  if (row.domain && is_domain(node)) return check_domain(row, node);
  if (row.domain && node.is_table()) {
    node.fail("a table here must be a search domain: one of choice, int, float, normal, subset, ref");
  }
  switch (row.type) {
    case Type::texts:
      return check_texts(row, node);
    case Type::integers:
      return check_integers(row, node);
    case Type::path:
      return check_path(node);
    case Type::duration:
      return check_duration(row, node);
    case Type::free: {
      if (row.key == "search.import") return check_imports(node);
      if (row.key == "params.*") return check_bare(node);
      const bool list = row.key == "search.points";
      if (list ? !node.is_array() : !node.is_table()) {
        node.fail(fmt::format("expected {}, found {}", list ? "an array of tables" : "a table", node.type_name()));
      }
      return;
    }
    default:
      return check_scalar(row, node);
  }
}

/// The message for a key that no row has: the nearest name beside it, else the section where it would be right.
[[noreturn]] void unknown(const Node& node, const std::string& name, const std::string& parent) {
  auto names = setting_names(parent);
  for (auto& each : names) {
    if (each.ends_with("[]")) each.resize(each.size() - 2);
  }
  const auto prefix = parent.empty() ? "" : parent + ".";
  const auto what = parent.empty() && node.is_table() ? "unknown section" : "unknown key";
  const auto near = base::nearest_word(name, names);
  if (!near.empty()) node.fail(fmt::format("{}; did you mean {}{}?", what, prefix, near), prefix + near);
  for (const auto& row : settings()) {
    const auto dot = row.key.rfind('.');
    if (dot != std::string_view::npos && row.key.substr(dot + 1) == name &&
        row.key.find_first_of("*[") == std::string_view::npos) {
      node.fail(fmt::format("{}; did you mean {} in section [{}]?", what, row.key, row.key.substr(0, dot)),
                std::string(row.key));
    }
  }
  node.fail(fmt::format("{}; {} here: {}", what, parent.empty() ? "sections" : "keys known", base::join(names, ", ")));
}

class Checker {
 public:
  std::map<std::string, Written> found;

  void walk(const Node& table) {
    for (const auto& [name, node] : table.items()) {
      const auto& path = node.path();
      if (const auto* row = find_setting(path)) {
        check_value(*row, node);
        found.emplace(path, Written{row, node});
      } else if (!setting_names(path + "[]").empty()) {
        walk_items(node);
      } else if (!setting_names(path).empty()) {
        if (!node.is_table()) node.fail(fmt::format("is a section; write [{}] and its keys below", path));
        walk(node);
      } else {
        unknown(node, name, table.path());
      }
    }
  }

 private:
  void walk_items(const Node& array) {
    const auto& path = array.path();
    if (!array.is_array())
      array.fail(fmt::format("expected an array of tables; write [[{}]] with double brackets", path));
    if (array.size() == 0) array.fail("the list is empty; add an entry or leave the key out");
    for (const auto& [key, item] : array.items()) {
      if (!item.is_table()) item.fail(fmt::format("expected a table, found {}", item.type_name()));
      walk(item);
    }
  }
};

/// Rules that need a figure.
void check_stop(const Node& root) {
  const auto search = root.at("search"), objectives = root.at("objectives");
  for (const auto& [key, rule] : search.at("stop").items()) {
    const auto name = rule.string();
    if (name == "gain") {
      const auto noise = search.at("noise");
      if (!noise || !(noise.number() > 0)) rule.fail("\"gain\" needs search.noise, the spread of repeated trainings");
      if (objectives.size() > 1) rule.fail("\"gain\" is for one objective; take \"converged\"");
    }
    if (name != "target") continue;
    bool any = false;
    for (const auto& [metric, objective] : objectives.items()) any = any || objective.at("target");
    if (!any) rule.fail("\"target\" needs an objective with a target: accuracy = { goal = \"max\", target = 0.95 }");
  }
}

void check_reward(const Node& root) {
  bool derived = false;
  for (const auto& [name, objective] : root.at("objectives").items()) {
    const auto of = objective.at("of");
    if (!of) continue;
    derived = true;
    if (of.string() == name || root.at("objectives").at(of.string()).at("of"))
      of.fail("must be a metric that is measured, not a derived one");
    if (!root.at("reward")) of.fail("needs factors: [[reward]] with metric and target");
  }
  for (const auto& [key, factor] : root.at("reward").items()) {
    if (!factor.at("metric") || !factor.at("target")) factor.fail("write metric = \"latency_ms\" and target = 2.0");
    if (!derived)
      factor.fail("no objective is made with it; write [objectives] reward = { goal = \"max\", of = \"accuracy\" }");
  }
}

void check_relations(const Node& root, const std::map<std::string, Written>& found) {
  for (const auto& [key, constraint] : root.at("constraint").items()) {
    const bool relation = static_cast<bool>(constraint.at("require"));
    const bool limit = constraint.at("at_most") || constraint.at("at_least");
    if (relation && constraint.at("weight")) constraint.at("weight").fail("only limits of metrics can be soft");
    if (relation == static_cast<bool>(constraint.at("metric")) || relation == limit) {
      constraint.fail("write either metric with at_most or at_least, or require = \"a <= b\"");
    }
    const auto most = constraint.at("at_most"), least = constraint.at("at_least");
    if (most && least && most.number() < least.number()) {
      constraint.fail(fmt::format("{} cannot be at most {} and at least {}; loosen one of them",
                                  constraint.at("metric").string(), most.number(), least.number()));
    }
  }
  for (const auto& [name, objective] : root.at("objectives").items()) {
    if (!objective.at("goal")) objective.fail("goal is missing; write goal = \"max\" or goal = \"min\"");
  }
  check_reward(root);
  if (const auto networks = root.at("proxy").at("reference");
      networks && networks.integer() > 0 && networks.integer() < 3)
    networks.fail("three networks at least can be ranked; write 8, or 0 for no proxy");
  for (const auto& [key, candidate] : root.at("proxy").at("candidate").items()) {
    if (candidate.size() == 0)
      candidate.fail("an empty proxy is the full training; set epochs, data, width or resolution");
  }
  if (const auto table = root.at("trial").at("table")) {
    if (!table.at("file")) table.fail("file is missing; name the CSV of finished trainings");
    if (root.at("trial").at("command").size() > 0)
      table.fail("contradicts trial.command: trials are looked up or trained, not both; keep one of the two");
    for (const char* key : {"params", "metrics"}) {
      for (const auto& [name, column] : table.at(key).items()) column.string();
    }
  }
  check_stop(root);
  const auto algorithm = found.find("search.algorithm");
  const auto points = root.at("search").at("points");
  if (algorithm != found.end() && algorithm->second.node.string() == "list" && points.size() == 0) {
    algorithm->second.node.fail("\"list\" needs the points to try: search.points = [ { lr = 0.1 }, ... ]");
  }
}

}  // namespace

bool may_stand(std::string_view path) {
  const auto known = [](std::string_view key) {
    return find_setting(key) != nullptr || !setting_names(key).empty() ||
           !setting_names(std::string(key) + "[]").empty();
  };
  if (known(path)) return true;
  // Inside of a free table, a search domain or a list.
  for (auto cut = path.find_last_of(".["); cut != std::string_view::npos; cut = path.find_last_of(".[")) {
    path = path.substr(0, cut);
    const auto* row = find_setting(path);
    const bool list =
        row != nullptr && (row->type == Type::texts || row->type == Type::integers || row->type == Type::path);
    if (row != nullptr && (list || row->domain || row->type == Type::free)) return true;
  }
  return false;
}

std::string nearest_key(std::string_view path) {
  const auto dot = path.rfind('.');
  const auto parent = dot == std::string_view::npos ? "" : path.substr(0, dot);
  auto names = setting_names(parent);
  for (auto& each : names) {
    if (each.ends_with("[]")) each.resize(each.size() - 2);
  }
  const auto near = base::nearest_word(path.substr(dot == std::string_view::npos ? 0 : dot + 1), names);
  return near.empty() || parent.empty() ? near : fmt::format("{}.{}", parent, near);
}

bool is_domain(const Node& node) {
  constexpr std::array kinds = {"choice", "int", "float", "normal", "subset", "ref"};
  return node.is_table() &&
         std::any_of(kinds.begin(), kinds.end(), [&](const char* kind) { return static_cast<bool>(node.at(kind)); });
}

std::map<std::string, Written> check(const Node& root) {
  Checker checker;
  checker.walk(root);
  check_relations(root, checker.found);
  return std::move(checker.found);
}

}  // namespace assay::config
