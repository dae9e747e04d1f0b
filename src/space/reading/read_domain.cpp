#include "space/reading/read_domain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>

#include "base/json.hpp"
#include "base/text.hpp"
#include "space/domain.hpp"
#include "space/reading/labels.hpp"
#include "space/subsets.hpp"

namespace assay::space {
namespace {

using config::Node;

const std::vector<std::string> kinds{"choice", "int", "float", "normal", "subset", "ref"};

/// The options that each kind takes.
const std::map<std::string, std::vector<std::string>> options{
    {"choice", {"default", "name", "ordered"}},
    {"int", {"default", "name", "log", "step"}},
    {"float", {"default", "name", "log", "step"}},
    {"normal", {"default", "name", "log", "step"}},
    {"subset", {"default", "name", "k", "distinct", "sorted"}},
    {"ref", {}},
};

std::string kind_of(const Node& node) {
  std::string kind;
  for (const auto& candidate : kinds) {
    const auto child = node.at(candidate);
    if (!child) continue;
    if (!kind.empty()) child.fail(fmt::format("a domain is either {} or {}, not both", kind, candidate));
    kind = candidate;
  }
  return kind;
}

void check_keys(const Node& node, const std::string& kind) {
  const auto& allowed = options.at(kind);
  for (const auto& [key, child] : node.items()) {
    if (key == kind || std::find(allowed.begin(), allowed.end(), key) != allowed.end()) continue;
    auto known = allowed;
    known.push_back(kind);
    const auto nearest = base::nearest_word(key, known);
    child.fail(fmt::format("unknown key {} in a {} domain{}; it takes {}", key, kind,
                           nearest.empty() ? "" : fmt::format(" (did you mean {}?)", nearest),
                           allowed.empty() ? "no options" : base::join(allowed, ", ")),
               nearest);
  }
}

void refuse_no_number(const Node& node) {
  if (node.is_number() && !std::isfinite(node.number())) {
    node.fail(
        fmt::format("{} is no value that can be searched; write a number, or a text such as \"none\"", node.number()));
  }
  if (!node.is_array()) return;
  for (const auto& [key, item] : node.items()) refuse_no_number(item);
}

Value scalar(const Node& node) {
  refuse_no_number(node);
  if (node.is_bool()) return node.boolean();
  if (node.is_integer()) return node.integer();
  if (node.is_number()) return node.number() + 0.0;  // -0 and 0 are one value
  if (node.is_string()) return node.string();
  return node.json().dump();  // arrays: labelled by their text
}

/// Numbers beside quoted numbers or beside true and false are a slip of the pen; numbers beside words ("none") are not.
void refuse_mixes(const Node& list, const Domain& domain) {
  const auto is_like_a_number = [](const Value& item) {
    const auto* text = std::get_if<std::string>(&item);
    double number = 0;
    return text != nullptr && !text->empty() &&
           std::from_chars(text->data(), text->data() + text->size(), number).ptr == text->data() + text->size();
  };
  const auto count = [&](auto is) { return std::count_if(domain.items.begin(), domain.items.end(), is); };
  if (count([](const Value& item) { return as_number(item).has_value(); }) == 0) return;
  if (count(is_like_a_number) > 0) {
    list.fail("a choice mixes numbers and numbers in quotes; write all of them without quotes, or all with");
  }
  if (count([](const Value& item) { return std::holds_alternative<bool>(item); }) > 0) {
    list.fail("a choice mixes numbers with true or false; write 0 and 1, or make it two parameters");
  }
}

void read_items(const Node& list, WrittenDomain& written) {
  if (!list.is_array()) list.fail(fmt::format("expected a list of values, found {}", list.type_name()));
  auto& domain = written.domain;
  for (const auto& [key, item] : list.items()) written.items.push_back(item);
  if (written.items.empty()) list.fail("an empty choice; list at least one value");
  const auto labels = labels_of(written.items);
  for (std::size_t i = 0; i < written.items.size(); ++i) {
    const auto value = labels[i].empty() ? scalar(written.items[i]) : Value{labels[i]};
    for (const auto& item : domain.items) {
      if (same(item, value)) written.items[i].fail(fmt::format("{} is listed twice", to_text(value)));
      // What is told in texts alone (subsets, labels in constraints) would be one.
      if (!as_number(item) && !as_number(value) && to_text(item) == to_text(value))
        written.items[i].fail(fmt::format("{} is listed twice, once in quotes", to_text(value)));
    }
    domain.items.push_back(value);
  }
  refuse_mixes(list, domain);
  domain.ordered = all_numbers(domain);
  const bool reals = std::any_of(domain.items.begin(), domain.items.end(),
                                 [](const auto& item) { return std::holds_alternative<double>(item); });
  if (!domain.ordered || !reals) return;
  for (auto& item : domain.items) item = *as_number(item);
}

void read_choice(const Node& node, WrittenDomain& written) {
  written.domain.kind = Kind::choice;
  read_items(node.at("choice"), written);
  if (const auto ordered = node.at("ordered")) written.domain.ordered = ordered.boolean();
}

void read_subset(const Node& node, WrittenDomain& written) {
  written.domain.kind = Kind::subset;
  read_items(node.at("subset"), written);
  written.domain.ordered = false;
  for (auto& item : written.domain.items) item = to_text(item);
  const auto size = written.items.size();
  if (size > largest_subset_list)
    node.fail(fmt::format("a subset of {} items; at most {} can be handled", size, largest_subset_list));
  auto& domain = written.domain;
  if (const auto distinct = node.at("distinct")) domain.distinct = distinct.boolean();
  if (const auto sorted = node.at("sorted")) domain.sorted = sorted.boolean();
  const auto k = node.at("k");
  if (!k) {
    if (!domain.distinct || !domain.sorted) {
      node.fail("a subset that may repeat its items or put them in any order needs their number: add k = 2");
    }
    return;
  }
  const auto most = domain.distinct ? static_cast<std::int64_t>(size) : 1000;
  if (k.integer() < 1 || k.integer() > most) {
    k.fail(fmt::format("k = {} of {} items; it must be from 1 to {}", k.integer(), size, most));
  }
  domain.pick = static_cast<int>(k.integer());
  if (!subset_count(domain)) {
    node.fail("this subset has more than 10^15 values; take fewer items or a smaller k, or write one choice per place");
  }
}

std::array<double, 2> read_pair(const Node& pair, const char* meaning, const char* example) {
  if (!pair.is_array() || pair.size() != 2) pair.fail(fmt::format("expected {}, for example {}", meaning, example));
  const auto items = pair.items();
  for (const auto& [key, item] : items) {
    if (!std::isfinite(item.number())) item.fail(fmt::format("a number is needed here, not {}", item.number()));
  }
  return {items[0].second.number() + 0.0, items[1].second.number() + 0.0};
}

void read_log_and_step(const Node& node, Domain& domain) {
  if (const auto log = node.at("log")) domain.log = log.boolean();
  const auto step = node.at("step");
  if (!step) return;
  domain.step = domain.kind == Kind::integer ? static_cast<double>(step.integer()) : step.number();
  if (!(domain.step > 0) || !std::isfinite(domain.step)) step.fail("step must be above 0");
}

/// Whole numbers are exact as doubles up to 2^53; the width of a range of reals must be a number.
bool too_wide(Kind kind, double lo, double hi) {
  return kind == Kind::integer ? std::max(std::abs(lo), std::abs(hi)) > 9e15 : !(hi - lo <= 1e300);
}
constexpr double most_steps = 1e15;

void read_range(const Node& node, const std::string& kind, Domain& domain) {
  domain.kind = kind == "int" ? Kind::integer : Kind::real;
  const auto pair = node.at(kind);
  const auto [lo, hi] = read_pair(pair, "[lo, hi]", kind == "int" ? "int = [1, 8]" : "float = [0.0, 0.5]");
  if (domain.kind == Kind::integer) {
    for (const auto& [key, bound] : pair.items()) {
      if (bound.is_integer()) continue;
      bound.fail(
          fmt::format("the ends of an int domain are whole numbers, not {}; write float = [{}, {}] if reals are "
                      "meant",
                      bound.number(), lo, hi));
    }
  }
  if (!(lo < hi)) {
    pair.fail(fmt::format("[{}, {}] is no range: the first number must be below the second", lo, hi));
  }
  if (too_wide(domain.kind, lo, hi))
    pair.fail(fmt::format("the range [{}, {}] is too wide; no search can use it", lo, hi));
  domain.lo = lo;
  domain.hi = hi;
  read_log_and_step(node, domain);
  if (domain.log && lo <= 0) pair.fail(fmt::format("a logarithmic range must start above 0, not at {}", lo));
  if (domain.step > hi - lo)
    node.at("step").fail(fmt::format("step {} is wider than the range [{}, {}]", domain.step, lo, hi));
  if (domain.step > 0 && (hi - lo) / domain.step > most_steps) {
    node.at("step").fail(fmt::format("step {} cuts the range into over 10^15 pieces; leave it out", domain.step));
  }
}

void read_normal(const Node& node, Domain& domain) {
  domain.kind = Kind::normal;
  const auto pair = node.at("normal");
  const auto [mean, deviation] = read_pair(pair, "[mean, standard deviation]", "normal = [0.0, 1.0]");
  if (!(deviation > 0)) pair.fail("the standard deviation must be above 0");
  domain.lo = mean;
  domain.hi = deviation;
  read_log_and_step(node, domain);
  if (const auto why = out_of_range(domain); !why.empty()) pair.fail(why);
}

Value written_default(const Node& node, const WrittenDomain& written) {
  const auto& domain = written.domain;
  if (domain.kind == Kind::choice && (node.is_table() || node.is_array())) {
    for (std::size_t i = 0; i < written.items.size(); ++i) {
      if (same_content(written.items[i], node)) return domain.items[i];
    }
  }
  if (node.is_table()) return plain_label(node);
  if (domain.kind != Kind::subset) return scalar(node);
  if (!node.is_array()) node.fail("the default of a subset is a list of its items");
  std::vector<std::string> labels;
  for (const auto& [key, item] : node.items()) labels.push_back(to_text(scalar(item)));
  return labels;
}

void read_default(const Node& node, WrittenDomain& result) {
  auto& domain = result.domain;
  const auto written = node.at("default");
  if (!written) {
    domain.initial = middle(domain);
    return;
  }
  const auto value = written_default(written, result);
  if (!contains(domain, value)) {
    written.fail(fmt::format("the default {} is not in the domain {}", to_text(value), to_text(domain)));
  }
  domain.initial = conform(domain, value);
}

}  // namespace

WrittenDomain read_domain(const Node& node) {
  WrittenDomain written;
  const auto kind = kind_of(node);
  check_keys(node, kind);
  if (kind == "ref") {
    written.reference = node.at("ref").string();
    return written;
  }
  if (const auto name = node.at("name")) {
    written.name = name.string();
    if (written.name.empty()) name.fail("a parameter's name must not be empty");
  }
  if (kind == "choice") read_choice(node, written);
  if (kind == "subset") read_subset(node, written);
  if (kind == "int" || kind == "float") read_range(node, kind, written.domain);
  if (kind == "normal") read_normal(node, written.domain);
  read_default(node, written);
  return written;
}

void check_against(const config::Setting& setting, const Domain& domain, const Node& node) {
  const auto fail = [&](const std::string& value, const std::string& rule) {
    const auto* const remedy = domain.kind != Kind::normal             ? ""
                               : setting.type == config::Type::integer ? "; use int = [lo, hi]"
                                                                       : "; use float = [lo, hi], or log = true for "
                                                                         "numbers above 0";
    node.fail(fmt::format("{} can draw {}, but {} {}{}", to_text(domain), value, setting.key, rule, remedy));
  };
  const auto check = [&](const Value& value) {
    const auto number = as_number(value);
    using config::Type;
    if (setting.type == Type::integer && !std::holds_alternative<std::int64_t>(value))
      fail(to_text(value), "is an integer");
    if (setting.type == Type::number && !number) fail(to_text(value), "is a number");
    if (setting.type == Type::flag && !std::holds_alternative<bool>(value)) fail(to_text(value), "is true or false");
    if (setting.type == Type::text && !std::holds_alternative<std::string>(value)) fail(to_text(value), "is a text");
    if (number && setting.least && (*number < *setting.least || (setting.above && *number == *setting.least)))
      fail(to_text(value), fmt::format("must be {} {}", setting.above ? "above" : "at least", *setting.least));
    if (number && setting.most && (*number > *setting.most || (setting.below && *number == *setting.most)))
      fail(to_text(value), fmt::format("must be {} {}", setting.below ? "below" : "at most", *setting.most));
    const auto* text = std::get_if<std::string>(&value);
    const auto choices = base::split(setting.choices, '|');
    if (text && !setting.choices.empty() && std::find(choices.begin(), choices.end(), *text) == choices.end()) {
      fail(*text, fmt::format("is one of {}", base::join(choices, ", ")));
    }
  };
  for (const auto& item : domain.items) check(item);
  if (domain.items.empty()) {  // a normal's ends are 8 deviations from its mean
    check(from_unit(domain, 0));
    check(from_unit(domain, 1));
  }
}

}  // namespace assay::space
