#include "space/domain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "base/error.hpp"
#include "base/json.hpp"
#include "space/subsets.hpp"

namespace assay::space {
namespace {

/// One zero: -0 and 0 are the same point and must have the same text.
double unsigned_zero(double number) { return number + 0.0; }

double step_of(const Domain& domain) { return domain.kind == Kind::integer && domain.step == 0 ? 1 : domain.step; }

bool gridded(const Domain& domain) {
  return domain.kind == Kind::integer || (domain.kind == Kind::real && domain.step > 0);
}

/// Steps are counted from `lo`; of rounded draws from 0. A multiple counts whose cell of half a step to each side has
/// more than its edge in the range.
double first_step(const Domain& domain) { return domain.rounded ? std::floor(domain.lo / domain.step + 0.5) : 0; }

std::int64_t grid_size(const Domain& domain) {
  const double steps = domain.rounded ? std::ceil(domain.hi / domain.step - 0.5) - first_step(domain)
                                      : std::floor((domain.hi - domain.lo) / step_of(domain) + 1e-9);
  return static_cast<std::int64_t>(steps) + 1;
}

/// The decimal lo + place * step where both are short ones (0.3, not 0.1 + 0.1 + 0.1): a quotient of whole numbers is
/// the double next to it.
double decimal(double lo, double step, double place) {
  constexpr double largest = 9e15, most_decimals = 1e15;
  for (double scale = 1; scale <= most_decimals; scale *= 10) {
    const double whole_lo = std::nearbyint(lo * scale), whole_step = std::nearbyint(step * scale);
    const double whole = whole_lo + place * whole_step;
    if (std::max({std::abs(whole_lo), std::abs(place * whole_step), std::abs(whole)}) > largest) break;
    if (whole_lo / scale == lo && whole_step / scale == step) return whole / scale;
  }
  return lo + place * step;
}

double grid_number(const Domain& domain, std::int64_t place) {
  if (!domain.rounded) return decimal(domain.lo, step_of(domain), static_cast<double>(place));
  return std::clamp((first_step(domain) + static_cast<double>(place)) * domain.step, domain.lo, domain.hi);
}

Value typed(const Domain& domain, double number) {
  if (domain.kind == Kind::integer) return static_cast<std::int64_t>(std::llround(number));
  return unsigned_zero(number);
}

std::int64_t nearest_place(const Domain& domain, double number) {
  const auto last = static_cast<double>(grid_size(domain) - 1);
  // Halves go to even, as in Python.
  const double steps = domain.rounded ? std::nearbyint(number / domain.step) - first_step(domain)
                                      : std::round((number - domain.lo) / step_of(domain));
  return static_cast<std::int64_t>(std::clamp(steps, 0.0, last));
}

/// Bounds of the cells of a grid: half a step beyond the ends, but never at or below zero on a log scale. Rounded draws
/// stay within the range.
std::pair<double, double> cell_bounds(const Domain& domain) {
  if (domain.rounded) return {domain.lo, domain.hi};
  const double half = step_of(domain) / 2, last = grid_number(domain, grid_size(domain) - 1);
  return {domain.log ? std::max(domain.lo - half, domain.lo / 2) : domain.lo - half, last + half};
}

double share(double number, double lo, double hi, bool log) {
  return log ? (std::log(number) - std::log(lo)) / (std::log(hi) - std::log(lo)) : (number - lo) / (hi - lo);
}

double at_share(double unit, double lo, double hi, bool log) {
  return log ? std::exp(std::lerp(std::log(lo), std::log(hi), unit)) : std::lerp(lo, hi, unit);
}

double normal_share(double z) { return 0.5 * std::erfc(-z / std::numbers::sqrt2); }

double normal_at(double unit) {  // bisection: 60 steps are exact to the last bits and need no table
  unit = std::clamp(unit, 1e-15, 1 - 1e-15);
  double lo = -8, hi = 8;
  for (int i = 0; i < 60; ++i) {
    const double mid = (lo + hi) / 2;
    (normal_share(mid) < unit ? lo : hi) = mid;
  }
  return (lo + hi) / 2;
}

/// As NNI's qnormal: its bits are those of the product.
double stepped(const Domain& domain, double number) {
  return unsigned_zero(domain.step > 0 ? std::nearbyint(number / domain.step) * domain.step : number);
}

double normal_value(const Domain& domain, double unit) {
  const double number = domain.lo + domain.hi * normal_at(unit);
  return stepped(domain, domain.log ? std::exp(number) : number);
}

bool near(const Domain& domain, double number, double on_grid) {
  return std::abs(number - on_grid) <= 1e-9 * std::max({1e-300, std::abs(on_grid), step_of(domain)});
}

/// Draws of a log-normal are above 0; a step may round them to 0.
bool may_be_drawn(const Domain& normal, double number) {
  if (normal.step == 0) return !normal.log || number > 0;
  return near(normal, number, stepped(normal, number)) && (!normal.log || stepped(normal, number) >= 0);
}

/// The ends of one cell of a grid in the unit interval.
std::pair<double, double> unit_cell(const Domain& domain, std::int64_t place) {
  const auto [lo, hi] = cell_bounds(domain);
  const double middle =
      domain.rounded ? (first_step(domain) + static_cast<double>(place)) * domain.step : grid_number(domain, place);
  const auto unit = [&, lo = lo, hi = hi](double edge) { return share(std::clamp(edge, lo, hi), lo, hi, domain.log); };
  return {unit(middle - step_of(domain) / 2), unit(middle + step_of(domain) / 2)};
}

/// Places of ordered items by size where they are numbers, else as written; nothing where that is the order
/// written.
std::vector<std::size_t> item_order(const Domain& domain) {
  const auto smaller = [](const Value& a, const Value& b) {
    const auto x = as_number(a), y = as_number(b);
    return x && y && *x < *y;
  };
  if (!domain.ordered || std::is_sorted(domain.items.begin(), domain.items.end(), smaller)) return {};
  std::vector<std::size_t> order(domain.items.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](auto a, auto b) { return smaller(domain.items[a], domain.items[b]); });
  return order;
}

std::optional<std::size_t> item_place(const Domain& domain, const Value& value) {
  const auto found =
      std::find_if(domain.items.begin(), domain.items.end(), [&](const auto& item) { return same(item, value); });
  if (found == domain.items.end()) return std::nullopt;
  return static_cast<std::size_t>(found - domain.items.begin());
}

double middle_of_cell(std::int64_t place, std::int64_t cells) {
  return (static_cast<double>(place) + 0.5) / static_cast<double>(cells);
}

std::int64_t cell(double unit, std::int64_t cells) {
  return std::clamp<std::int64_t>(static_cast<std::int64_t>(unit * static_cast<double>(cells)), 0, cells - 1);
}

}  // namespace

std::optional<double> as_number(const Value& value) {
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return static_cast<double>(*whole);
  if (const auto* real = std::get_if<double>(&value)) return *real;
  return std::nullopt;
}

std::optional<std::int64_t> count(const Domain& domain) {
  if (domain.kind == Kind::choice) return static_cast<std::int64_t>(domain.items.size());
  if (domain.kind == Kind::subset) return subset_count(domain);
  if (gridded(domain)) return grid_size(domain);
  return std::nullopt;
}

Value value_at(const Domain& domain, std::int64_t place) {
  if (domain.kind == Kind::choice) return domain.items.at(static_cast<std::size_t>(place));
  if (domain.kind == Kind::subset) return subset_at(domain, place);
  base::require(gridded(domain), "a continuous domain has no places");
  return typed(domain, grid_number(domain, place));
}

bool contains(const Domain& domain, const Value& value) {
  if (domain.kind == Kind::choice) return item_place(domain, value).has_value();
  if (domain.kind == Kind::subset) return subset_place(domain, value).has_value();
  const auto number = as_number(value);
  if (!number || !std::isfinite(*number)) return false;
  if (domain.kind == Kind::normal) return may_be_drawn(domain, *number);
  if (gridded(domain)) return near(domain, *number, grid_number(domain, nearest_place(domain, *number)));
  return domain.lo <= *number && *number <= domain.hi;
}

Value conform(const Domain& domain, const Value& value) {
  if (!contains(domain, value)) return value;
  if (domain.kind == Kind::choice) return domain.items[*item_place(domain, value)];
  if (domain.kind == Kind::subset) return subset_at(domain, *subset_place(domain, value));
  if (gridded(domain)) return typed(domain, grid_number(domain, nearest_place(domain, *as_number(value))));
  return domain.kind == Kind::normal ? stepped(domain, *as_number(value)) : unsigned_zero(*as_number(value));
}

std::int64_t ordinal(const Domain& domain, const Value& value) {
  if (domain.kind == Kind::subset) return *subset_place(domain, value);
  if (domain.kind != Kind::choice) return nearest_place(domain, *as_number(value));
  const auto place = *item_place(domain, value);
  const auto order = item_order(domain);
  return order.empty() ? static_cast<std::int64_t>(place)
                       : std::find(order.begin(), order.end(), place) - order.begin();
}

Value value_of_ordinal(const Domain& domain, std::int64_t place) {
  if (domain.kind != Kind::choice) return value_at(domain, place);
  const auto order = item_order(domain);
  const auto item = static_cast<std::size_t>(place);
  return domain.items.at(order.empty() ? item : order.at(item));
}

double probability(const Domain& domain, std::int64_t place) {
  if (!gridded(domain)) return 1 / static_cast<double>(*count(domain));
  const auto [from, to] = unit_cell(domain, place);
  return to - from;
}

double to_unit(const Domain& domain, const Value& value) {
  // Between the steps of a normal lie borders of cells, moves that are not rounded yet, and points of older versions.
  const bool normal = domain.kind == Kind::normal && as_number(value) && std::isfinite(*as_number(value));
  if (!normal && !contains(domain, value)) {
    base::require(false, "{} is outside of {}", to_text(value), to_text(domain));
  }
  if (domain.kind == Kind::choice) {
    return middle_of_cell(ordinal(domain, value), static_cast<std::int64_t>(domain.items.size()));
  }
  if (domain.kind == Kind::subset) {
    return middle_of_cell(*subset_place(domain, value), *subset_count(domain));
  }
  const double number = *as_number(value);
  if (domain.kind == Kind::normal) {
    const double plain = domain.log ? std::log(std::max(number, 1e-300)) : number;
    return normal_share((plain - domain.lo) / domain.hi);
  }
  if (!gridded(domain)) return share(number, domain.lo, domain.hi, domain.log);
  if (domain.rounded) {
    const auto [from, to] = unit_cell(domain, nearest_place(domain, number));
    return (from + to) / 2;
  }
  const auto [lo, hi] = cell_bounds(domain);
  return share(number, lo, hi, domain.log);
}

Value from_unit(const Domain& domain, double unit) {
  if (domain.kind == Kind::choice) {
    const auto place = cell(unit, static_cast<std::int64_t>(domain.items.size()));
    return value_of_ordinal(domain, place);
  }
  if (domain.kind == Kind::subset) {
    return subset_at(domain, cell(unit, *subset_count(domain)));
  }
  if (domain.kind == Kind::normal) return normal_value(domain, unit);
  unit = std::clamp(unit, 0.0, 1.0);
  if (!gridded(domain))
    return unsigned_zero(std::clamp(at_share(unit, domain.lo, domain.hi, domain.log), domain.lo, domain.hi));
  const auto [lo, hi] = cell_bounds(domain);
  return typed(domain, grid_number(domain, nearest_place(domain, at_share(unit, lo, hi, domain.log))));
}

std::string out_of_range(const Domain& domain) {
  constexpr double farthest = 8, largest_exponent = 700;
  const double lo = domain.lo - farthest * domain.hi, hi = domain.lo + farthest * domain.hi;
  if (!std::isfinite(lo) || !std::isfinite(hi)) return "draws can be too large for a number; take smaller ones";
  if (!domain.log || std::max(std::abs(lo), std::abs(hi)) <= largest_exponent) return "";
  return fmt::format(
      "with log = true these are mean and deviation of the logarithm: draws reach exp({:.4g}) and exp({:.4g}), beyond "
      "what a number can hold; take mean + 8 deviations below {}, and mean - 8 deviations above -{}",
      lo, hi, largest_exponent, largest_exponent);
}

Value middle(const Domain& domain) {
  if (domain.kind == Kind::choice && !domain.ordered) return domain.items.front();
  if (domain.kind == Kind::choice)
    return value_of_ordinal(domain, (static_cast<std::int64_t>(domain.items.size()) - 1) / 2);
  if (domain.kind == Kind::subset) return subset_at(domain, 0);
  return from_unit(domain, 0.5);
}

std::string to_string(Kind kind) {
  switch (kind) {
    case Kind::choice:
      return "choice";
    case Kind::integer:
      return "int";
    case Kind::real:
      return "float";
    case Kind::normal:
      return "normal";
    case Kind::subset:
      return "subset";
  }
  return "";
}

std::string to_string(Role role) {
  switch (role) {
    case Role::architecture:
      return "architecture";
    case Role::training:
      return "training";
    case Role::augmentation:
      return "augmentation";
  }
  return "";
}

bool all_numbers(const Domain& domain) {
  return domain.kind != Kind::subset && std::all_of(domain.items.begin(), domain.items.end(),
                                                    [](const auto& item) { return as_number(item).has_value(); });
}

base::Json to_json(const Domain& domain) {
  base::Json json{{"kind", to_string(domain.kind)}};
  if (domain.items.empty()) {
    json["lo"] = domain.lo;
    json["hi"] = domain.hi;
  } else {
    auto& items = json["items"] = base::Json::array();
    for (const auto& item : domain.items) std::visit([&items](const auto& held) { items.push_back(held); }, item);
  }
  if (domain.log) json["log"] = true;
  if (domain.step > 0) json["step"] = domain.step;
  if (domain.rounded) json["rounded"] = true;
  // Numbers are ordered and others are not unless said otherwise.
  if (domain.kind == Kind::choice && domain.ordered != all_numbers(domain)) json["ordered"] = domain.ordered;
  if (domain.pick > 0) json["k"] = domain.pick;
  if (!domain.distinct) json["distinct"] = false;
  if (!domain.sorted) json["sorted"] = false;
  std::visit([&json](const auto& held) { json["default"] = held; }, domain.initial);
  // With all the bits of the sum: studies that were founded by older versions say so, and are compared with this.
  if (domain.kind == Kind::real && domain.step > 0 && !domain.rounded)
    json["default"] = unsigned_zero(domain.lo + static_cast<double>(ordinal(domain, domain.initial)) * domain.step);
  return json;
}

std::string to_text(const Domain& domain) {
  const auto step = domain.step > 0 ? fmt::format(" in {} of {}", domain.rounded ? "multiples" : "steps", domain.step)
                                    : std::string();
  const auto* const log = domain.log ? " (log)" : "";
  if (domain.kind == Kind::normal) return fmt::format("normal({}, {}){}{}", domain.lo, domain.hi, step, log);
  if (domain.items.empty()) return fmt::format("{} .. {}{}{}", domain.lo, domain.hi, step, log);
  std::string text;
  for (const auto& item : domain.items) text += (text.empty() ? "" : " | ") + to_text(item);
  if (domain.kind != Kind::subset) return text;
  return fmt::format("{} of {}{}{}", domain.pick > 0 ? std::to_string(domain.pick) : "some", text,
                     domain.distinct ? "" : ", also twice", domain.sorted ? "" : ", in any order");
}

}  // namespace assay::space
