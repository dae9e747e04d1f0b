#include "search/points/columns.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "space/domain.hpp"

namespace assay::search {
namespace {

/// Finer grids are treated as reals: no kernel is narrower than a hundredth of the range.
constexpr std::int64_t most_cells = 200;
/// Stepped normals: rarer values share the outermost cells.
constexpr double tail = 1e-6;

/// Borders between the values; empty where there are infinitely many, or too many.
std::vector<double> edges_of(const space::Domain& domain) {
  std::vector<double> edges{0};
  if (const auto count = space::count(domain)) {
    if (*count > most_cells) return {};
    for (std::int64_t i = 0; i < *count; ++i) edges.push_back(edges.back() + space::probability(domain, i));
    edges.back() = 1;
    return edges;
  }
  if (domain.step == 0) return {};
  const double first = *space::as_number(space::from_unit(domain, tail));
  const double last = *space::as_number(space::from_unit(domain, 1 - tail));
  const double steps = std::round((last - first) / domain.step);
  if (steps >= most_cells) return {};
  for (double i = 0.5; i < steps; ++i) edges.push_back(space::to_unit(domain, first + i * domain.step));
  edges.push_back(1);
  return edges;
}

std::vector<double> centres_of(const space::Domain& domain, const std::vector<double>& edges) {
  const auto count = space::count(domain);
  std::vector<double> centres;
  for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
    centres.push_back(count ? space::to_unit(domain, space::value_of_ordinal(domain, static_cast<std::int64_t>(i)))
                            : (edges[i] + edges[i + 1]) / 2);
  }
  return centres;
}

std::string key_of(const std::vector<space::Condition>& conditions) {
  std::string key;
  for (const auto& condition : conditions) {
    key += condition.parent + "\n";
    if (condition.at_least) key += ">=" + std::to_string(*condition.at_least) + "\n";
    for (const auto& value : condition.values) key += "=" + space::to_text(value) + "\n";
  }
  return key;
}

/// A set of items, whose places say what is in and what is not; sequences and items taken twice are not.
bool plain_subset(const space::Domain& domain) {
  return domain.kind == space::Kind::subset && domain.distinct && domain.sorted;
}

bool has_item(const space::Value& subset, const std::string& label) {
  const auto& labels = std::get<std::vector<std::string>>(subset);
  return std::find(labels.begin(), labels.end(), label) != labels.end();
}

}  // namespace

std::int64_t Axis::cell_at(double unit) const {
  const auto above = std::upper_bound(edges.begin() + 1, edges.end() - 1, unit);
  return above - edges.begin() - 1;
}

Columns::Columns(std::shared_ptr<const space::Space> space) : space_(std::move(space)) {
  const auto count = space_->parameters().size();
  for (std::size_t i = 0; i < count; ++i) {
    first_axis_.push_back(axes_.size());
    add_axes(i);
  }
  first_axis_.push_back(axes_.size());
  columns_.resize(axes_.size());
  present_.resize(count);
}

std::vector<Block> Columns::blocks(bool together) const {
  const auto& parameters = space_->parameters();
  std::map<std::string, std::size_t> places;
  std::vector<Block> blocks;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const auto key = together ? key_of(parameters[i].conditions) : std::to_string(i);
    const auto [found, is_new] = places.try_emplace(key, blocks.size());
    if (is_new) blocks.emplace_back();
    auto& block = blocks[found->second];
    block.parameters.push_back(i);
    for (auto axis = first_axis_[i]; axis < first_axis_[i + 1]; ++axis) block.axes.push_back(axis);
  }
  return blocks;
}

void Columns::add_axes(std::size_t parameter) {
  const auto& domain = space_->parameters()[parameter].domain;
  const auto count = space::count(domain);
  std::vector<Axis> added;
  if (count == 1) {
  } else if (plain_subset(domain)) {
    for (std::size_t item = 0; item < domain.items.size(); ++item)
      added.push_back({.kind = Axis::Kind::category, .item = static_cast<int>(item), .cells = 2});
  } else if (!domain.items.empty() && !domain.ordered) {
    added.push_back({.kind = Axis::Kind::category, .cells = *count});
  } else if (auto edges = edges_of(domain); !edges.empty()) {
    const auto cells = static_cast<std::int64_t>(edges.size()) - 1;
    auto centres = centres_of(domain, edges);
    added.push_back(
        {.kind = Axis::Kind::grid, .cells = cells, .edges = std::move(edges), .centres = std::move(centres)});
  } else {
    added.push_back({.kind = Axis::Kind::real});
  }
  for (auto& axis : added) {
    axis.parameter = parameter;
    axes_.push_back(std::move(axis));
  }
}

bool Columns::contains(const Block& block, trial::TrialId trial) const {
  const auto& present = present_[block.parameters.front()];
  const auto place = static_cast<std::size_t>(trial);
  return place < present.size() && present[place];
}

void Columns::update(const std::vector<Observation>& trials) {
  const auto changed = [&](std::size_t i) {
    if (!known_[i] || known_[i] == trials[i].trial) return false;
    return !trials[i].trial || trials[i].trial->first.params != known_[i]->first.params;
  };
  bool other_study = trials.size() < known_.size();
  for (std::size_t i = 0; !other_study && i < known_.size(); ++i) other_study = changed(i);
  if (other_study) {
    known_.clear();
    for (auto& column : columns_) column = {};
    for (auto& present : present_) present.clear();
  }
  known_.resize(trials.size());
  for (auto& column : columns_) column.values.resize(trials.size(), std::numeric_limits<double>::quiet_NaN());
  for (auto& present : present_) present.resize(trials.size());
  std::vector<trial::TrialId> added;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    if (trials[i].point.empty()) continue;
    if (!known_[i]) {
      add(i, trials[i]);
      added.push_back(static_cast<trial::TrialId>(i));
    }
    known_[i] = trials[i].trial;
  }
  for (auto& column : columns_) sort_in(column, added);
}

void Columns::sort_in(Column& column, const std::vector<trial::TrialId>& added) {
  const auto before = [&](trial::TrialId a, trial::TrialId b) {
    const double x = column.values[static_cast<std::size_t>(a)], y = column.values[static_cast<std::size_t>(b)];
    return x != y ? x < y : a < b;
  };
  constexpr std::size_t few = 16;
  for (const auto id : added) {
    if (std::isnan(column.values[static_cast<std::size_t>(id)])) continue;
    const bool sorted = added.size() <= few;
    const auto place =
        sorted ? std::upper_bound(column.order.begin(), column.order.end(), id, before) : column.order.end();
    column.order.insert(place, id);
  }
  if (added.size() > few) std::sort(column.order.begin(), column.order.end(), before);
}

void Columns::add(std::size_t trial, const Observation& observation) {
  const auto& parameters = space_->parameters();
  std::vector<const space::Value*> values(parameters.size());
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const auto found = observation.trial->first.params.find(parameters[i].name);
    if (found == observation.trial->first.params.end()) continue;
    values[i] = &found->second;
    present_[i][trial] = true;
  }
  for (std::size_t i = 0; i < axes_.size(); ++i) {
    const auto& axis = axes_[i];
    const auto* value = values[axis.parameter];
    if (value == nullptr) continue;
    const double unit = observation.point[axis.parameter];
    const auto& domain = parameters[axis.parameter].domain;
    double place = unit;
    if (axis.item >= 0) {
      place = has_item(*value, space::to_text(domain.items[static_cast<std::size_t>(axis.item)])) ? 1 : 0;
    } else if (axis.kind == Axis::Kind::category) {
      place = static_cast<double>(space::ordinal(domain, *value));
    } else if (axis.kind == Axis::Kind::grid) {
      place = static_cast<double>(axis.cell_at(unit));
    }
    columns_[i].values[trial] = place;
  }
}

space::Value Columns::value_of(std::size_t parameter, const std::vector<double>& coordinates) const {
  const auto& domain = space_->parameters()[parameter].domain;
  const auto first = first_axis_[parameter];
  if (space::count(domain) == 1) return space::value_at(domain, 0);
  const auto& axis = axes_[first];
  const double place = coordinates[first];
  if (axis.item >= 0) {
    std::vector<std::string> labels;
    for (std::size_t i = 0; i < domain.items.size(); ++i) {
      if (coordinates[first + i] != 0) labels.push_back(space::to_text(domain.items[i]));
    }
    return labels;
  }
  if (axis.kind == Axis::Kind::real) return space::from_unit(domain, place);
  const auto number = static_cast<std::int64_t>(place);
  if (space::count(domain)) return space::value_of_ordinal(domain, number);
  return space::from_unit(domain, axis.centre(number));
}

}  // namespace assay::search
