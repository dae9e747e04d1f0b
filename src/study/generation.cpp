#include "study/generation.hpp"

#include <map>
#include <optional>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/time.hpp"
#include "os/file.hpp"
#include "study/names.hpp"

namespace assay::study {
namespace {

using base::Exit;
using base::Json;

/// Of the content of reopened.<g>; raised when an older program could misread it.
constexpr int reopening_format = 1;

/// Members as runs of numbers, [first, last, rung]: numbers are nearly contiguous.
Json runs(const std::set<trial::ItemId>& items) {
  std::map<int, std::vector<trial::TrialId>> by_rung;
  for (const auto& item : items) by_rung[item.rung].push_back(item.trial);
  auto result = Json::array();
  for (const auto& [rung, numbers] : by_rung) {
    for (std::size_t i = 0; i < numbers.size();) {
      std::size_t j = i;
      while (j + 1 < numbers.size() && numbers[j + 1] == numbers[j] + 1) ++j;
      result.push_back({numbers[i], numbers[j], rung});
      i = j + 1;
    }
  }
  return result;
}

std::set<trial::ItemId> items_in(const Json& runs) {
  std::set<trial::ItemId> items;
  for (const auto& run : runs) {
    for (auto n = run.at(0).get<trial::TrialId>(); n <= run.at(1).get<trial::TrialId>(); ++n) {
      items.insert({n, run.at(2).get<int>()});
    }
  }
  return items;
}

/// What `take` makes of the JSON in a file; nothing while the file is not there.
template <class Take>
auto read_file_with(const Path& file, Take take) -> std::optional<decltype(take(Json()))> {
  if (!os::file_size(file)) return std::nullopt;
  const auto text = os::try_read_file(file);
  if (!text) return std::nullopt;
  try {
    return take(Json::parse(*text));
  } catch (const Json::exception& error) {
    base::fail(Exit::io, "{} is damaged ({})", file.string(), error.what());
  }
}

std::shared_ptr<const trial::Members> read_members(const Layout& layout, int generation) {
  auto members = read_file_with(layout.closed(generation), [](const Json& json) {
    return trial::Members{items_in(json.at("members")), json.at("reason").get<std::string>(),
                          json.at("failed").get<bool>()};
  });
  return members ? std::make_shared<const trial::Members>(std::move(*members)) : nullptr;
}

/// The generation after `closed`, if somebody opened it.
std::optional<Generation> read_next(const Layout& layout, const Generation& closed) {
  const auto file = layout.reopened(closed.number + 1);
  return read_file_with(file, [&](const Json& json) {
    if (const auto format = json.value("format", 0); format > reopening_format) {
      base::fail(Exit::data,
                 "{} was written by a later version of Assay (its format is {}, this one reads {}): continue with that "
                 "version",
                 file.string(), format, reopening_format);
    }
    Generation next{.number = closed.number + 1};
    next.opened = json.at("time").get<double>();
    next.by = json.at("worker").get<std::string>();
    next.why = json.value("why", "");
    next.outside = closed.outside;
    for (const auto& item : items_in(json.at("outside"))) next.outside.insert(item.trial);
    next.before = closed.members;
    return next;
  });
}

}  // namespace

bool follow_generation(const Layout& layout, Generation& known) {
  bool changed = false;
  for (;;) {
    if (!known.closed()) {
      known.members = read_members(layout, known.number);
      if (!known.closed()) return changed;
      changed = true;
    }
    auto next = read_next(layout, known);
    if (!next) return changed;
    known = std::move(*next);
    changed = true;
  }
}

int generation_number(const Layout& layout) {
  int number = 1;
  while (os::file_size(layout.reopened(number + 1))) ++number;
  return number;
}

Generation read_generation(const Layout& layout) {
  Generation generation;
  follow_generation(layout, generation);
  return generation;
}

bool publish_members(const Layout& layout, int generation, const trial::Members& members, const std::string& worker) {
  const Json json = {
      {"reason", members.reason}, {"failed", members.failed}, {"worker", worker}, {"members", runs(members.items)}};
  return os::publish_once(layout.closed(generation), json.dump() + "\n");
}

Generation reopen(const Layout& layout, const std::string& worker, const std::string& why) {
  auto known = read_generation(layout);
  while (known.closed()) {
    std::set<trial::ItemId> outside;
    list_names(layout, [&](const trial::ItemId& item, int) {
      const trial::ItemId first{item.trial, 0};
      if (!known.members->items.contains(first)) outside.insert(first);
    });
    const Json json = {{"format", reopening_format},
                       {"generation", known.number + 1},
                       {"time", base::unix_seconds()},
                       {"worker", worker},
                       {"why", why},
                       {"outside", runs(outside)}};
    os::publish_once(layout.reopened(known.number + 1), json.dump() + "\n");
    const int closed = known.number;
    follow_generation(layout, known);
    if (known.number == closed) {
      base::fail(Exit::io, "{} was written and cannot be read", layout.reopened(closed + 1).string());
    }
  }
  return known;
}

}  // namespace assay::study
