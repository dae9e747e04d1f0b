// How many points a space has.
#include <algorithm>
#include <cmath>
#include <functional>

#include "space/constraints/groups.hpp"
#include "space/domain.hpp"
#include "space/structure.hpp"
#include "space/sum_product.hpp"

namespace assay::space {
namespace {

/// Half a second or so each.
constexpr std::size_t most_rows = 200'000;

using Flags = std::vector<bool>;

/// The values (or states) of another parameter with which one exists.
struct Gate {
  std::size_t variable = 0;
  Flags opens;
  auto operator<=>(const Gate&) const = default;
};

/// A parameter that others hang on. Values that open the same gates are one state; state 0: it does not exist.
struct Decider {
  std::vector<Value> values;
  std::vector<Flags> opened;       ///< distinct sets of values that others need
  std::vector<char16_t> state;     ///< of each value
  std::vector<std::int64_t> size;  ///< of each state: values in it
};

std::vector<Value> values_of(const Domain& domain) {
  std::vector<Value> values;
  const auto all = count(domain);
  for (std::int64_t place = 0; place < all.value_or(0); ++place) values.push_back(value_at(domain, place));
  if (!all) values.push_back(domain.initial);
  return values;
}

/// Of each parameter: the values of others that it needs, one gate per parent.
std::vector<std::vector<Gate>> needs_of(const Structure& structure, std::vector<Decider>& deciders) {
  std::vector<std::vector<Gate>> needs(deciders.size());
  for (std::size_t i = 0; i < deciders.size(); ++i) {
    const auto& conditions = structure.parameters[i].conditions;
    for (std::size_t c = 0; c < conditions.size(); ++c) {
      const auto parent = structure.parents[i][c];
      auto& decider = deciders[parent];
      if (decider.values.empty()) decider.values = values_of(structure.parameters[parent].domain);
      Flags opens;
      for (const auto& value : decider.values) opens.push_back(met(conditions[c], value));
      if (std::find(decider.opened.begin(), decider.opened.end(), opens) == decider.opened.end())
        decider.opened.push_back(opens);
      const auto known =
          std::find_if(needs[i].begin(), needs[i].end(), [&](const auto& gate) { return gate.variable == parent; });
      if (known == needs[i].end()) {
        needs[i].push_back({parent, std::move(opens)});
      } else {
        std::transform(opens.begin(), opens.end(), known->opens.begin(), known->opens.begin(), std::logical_and<>());
      }
    }
  }
  return needs;
}

void find_states(Decider& decider) {
  std::map<Flags, std::size_t> known;
  decider.size.push_back(0);
  for (std::size_t value = 0; value < decider.values.size(); ++value) {
    Flags signature;
    for (const auto& opens : decider.opened) signature.push_back(opens[value]);
    const auto [state, fresh] = known.emplace(std::move(signature), decider.size.size());
    if (fresh) decider.size.push_back(0);
    decider.state.push_back(static_cast<char16_t>(state->second));
    ++decider.size[state->second];
  }
}

/// The gates are open wherever one of these is.
bool implied(const Gate& gate, const std::vector<Gate>& by) {
  return std::any_of(by.begin(), by.end(), [&](const auto& other) {
    return other.variable == gate.variable &&
           std::equal(other.opens.begin(), other.opens.end(), gate.opens.begin(), std::less_equal<>());
  });
}

/// The points as a sum of products: of all states of the parameters that others hang on, the numbers of values.
class Counter {
 public:
  explicit Counter(const Structure& structure)
      : structure_(structure), deciders_(structure.parameters.size()), member_(structure.parameters.size()) {
    const auto needs = needs_of(structure, deciders_);
    for (auto& decider : deciders_) {
      find_states(decider);
      states_.push_back(decider.size.size());
    }
    for (const auto& needed : needs) {
      auto& gates = gates_.emplace_back();
      for (const auto& need : needed) {
        const bool follows = std::any_of(needed.begin(), needed.end(),
                                         [&](const auto& other) { return implied(need, needs[other.variable]); });
        if (!follows) gates.push_back(by_state(need));
      }
    }
  }

  Sum run() {
    for (std::size_t i = 0; i < deciders_.size(); ++i) {
      if (!member_[i]) add(i);
    }
    for (const auto& [variables, numbers] : leaves_) tables_.push_back(table_of(variables, numbers));
    auto sum = sum_of_products(std::move(tables_), most_rows);
    sum.number = times(sum.number, factor_);
    return sum;
  }

  /// Only the points that keep the constraints. Nothing where a group of tied parameters is not listed.
  std::optional<Sum> run_valid() {
    for (const auto& group : structure_.groups) {
      if (!group.listed) return std::nullopt;
      for (const auto place : group.members) member_[place] = true;
    }
    Flags outside(deciders_.size());
    for (std::size_t i = 0; i < member_.size(); ++i) {
      for (const auto& gate : gates_[i]) outside[gate.variable] = outside[gate.variable] || !member_[i];
    }
    for (const auto& group : structure_.groups) add_points(group, outside);
    return run();
  }

 private:
  bool decides(std::size_t place) const { return !deciders_[place].values.empty(); }

  Gate by_state(const Gate& need) const {
    const auto& decider = deciders_[need.variable];
    Gate gate{need.variable, Flags(decider.size.size())};
    for (std::size_t value = 0; value < need.opens.size(); ++value) {
      gate.opens[decider.state[value]] = need.opens[value];
    }
    return gate;
  }

  void add(std::size_t place) {
    auto gates = gates_[place];
    while (gates.size() > 2) {
      const auto both = joint(gates[gates.size() - 2], gates.back());
      gates.resize(gates.size() - 2);
      gates.push_back(both);
    }
    std::sort(gates.begin(), gates.end());
    if (decides(place)) return add_decider(place, gates);
    const auto values = number(count(structure_.parameters[place].domain).value_or(1));
    if (gates.empty()) {
      factor_ = times(factor_, values);
      return;
    }
    std::vector<std::size_t> variables;
    for (const auto& gate : gates) variables.push_back(gate.variable);
    auto& numbers = leaves_[variables];
    numbers.resize(gates.size() == 1 ? states_[variables[0]] : states_[variables[0]] * states_[variables[1]]);
    const auto columns = gates.size() == 1 ? 1 : states_[variables[1]];
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const bool exists = gates.front().opens[i / columns] && (gates.size() == 1 || gates.back().opens[i % columns]);
      if (exists) numbers[i] = times(numbers[i], values);
    }
  }

  /// A variable of two states, the second one where both gates are open.
  Gate joint(const Gate& a, const Gate& b) {
    const auto [known, fresh] = joints_.try_emplace({a, b}, Gate{states_.size(), {false, true}});
    if (!fresh) return known->second;
    states_.push_back(2);
    add_table(
        {a, b},
        [&](bool open) {
          return std::vector<std::pair<char16_t, std::int64_t>>{{open ? 1 : 0, 1}};
        },
        known->second.variable);
    return known->second;
  }

  void add_decider(std::size_t place, const std::vector<Gate>& gates) {
    const auto& sizes = deciders_[place].size;
    const auto states = [&](bool exists) {
      std::vector<std::pair<char16_t, std::int64_t>> result;
      if (!exists) return result.emplace_back(0, 1), result;
      for (std::size_t state = 1; state < sizes.size(); ++state) result.emplace_back(state, sizes[state]);
      return result;
    };
    add_table(gates, states, place);
  }

  /// The states of a variable and how often there are, as the gates (two at most) are open or not.
  template <class States>
  void add_table(const std::vector<Gate>& gates, const States& states_where, std::size_t variable) {
    const auto closed = states_where(false), open = states_where(true);
    std::vector<std::size_t> combinations(2, 1);
    for (std::size_t i = 0; i < gates.size(); ++i) combinations[i] = gates[i].opens.size();
    Table table;
    for (std::size_t first = 0; first < combinations[0]; ++first) {
      for (std::size_t second = 0; second < combinations[1]; ++second) {
        std::vector<std::pair<std::size_t, char16_t>> row;
        if (!gates.empty()) row.emplace_back(gates[0].variable, static_cast<char16_t>(first));
        if (gates.size() > 1) row.emplace_back(gates[1].variable, static_cast<char16_t>(second));
        const bool exists = (gates.empty() || gates[0].opens[first]) && (gates.size() < 2 || gates[1].opens[second]);
        for (const auto& [state, times_there] : exists ? open : closed) put(table, row, {variable, state}, times_there);
      }
    }
    tables_.push_back(std::move(table));
  }

  static void put(Table& table, std::vector<std::pair<std::size_t, char16_t>> row,
                  std::pair<std::size_t, char16_t> last, std::int64_t weight) {
    row.push_back(last);
    std::sort(row.begin(), row.end());
    table.variables.clear();
    std::u16string states;
    for (const auto& [variable, state] : row) {
      table.variables.push_back(variable);
      states.push_back(state);
    }
    table.rows.emplace(std::move(states), number(weight));
  }

  /// Of numbers for all states of one variable or two.
  Table table_of(const std::vector<std::size_t>& variables, const std::vector<Number>& numbers) const {
    Table table{variables, {}};
    const auto columns = variables.size() == 1 ? 1 : states_[variables[1]];
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      std::u16string row(1, static_cast<char16_t>(i / columns));
      if (variables.size() == 2) row.push_back(static_cast<char16_t>(i % columns));
      table.rows.emplace_hint(table.rows.end(), std::move(row), numbers[i]);
    }
    return table;
  }

  /// The points of a listed group, by the states of those members that others hang on, outside of the groups.
  void add_points(const Group& group, const Flags& outside) {
    Table table;
    std::vector<std::size_t> columns;
    for (std::size_t i = 0; i < group.members.size(); ++i) {
      if (!outside[group.members[i]]) continue;
      columns.push_back(i);
      table.variables.push_back(group.members[i]);
    }
    for (std::size_t point = 0; point < group.shares.size(); ++point) {
      std::u16string row;
      for (const auto column : columns) {
        const auto place = group.places[point * group.members.size() + column];
        row.push_back(place < 0 ? u'\0' : deciders_[group.members[column]].state[static_cast<std::size_t>(place)]);
      }
      const auto [known, fresh] = table.rows.emplace(std::move(row), Number{});
      if (!fresh) known->second = plus(known->second, Number{});
    }
    tables_.push_back(std::move(table));
  }

  const Structure& structure_;
  std::vector<Decider> deciders_;         ///< by parameter; without values where nothing hangs on it
  std::vector<std::size_t> states_;       ///< of each variable: how many
  std::vector<std::vector<Gate>> gates_;  ///< of each parameter; what a parent needs itself is left out
  Flags member_;                          ///< of a group
  std::map<std::vector<std::size_t>, std::vector<Number>> leaves_;  ///< what hangs on one variable, or on two
  std::map<std::pair<Gate, Gate>, Gate> joints_;
  std::vector<Table> tables_;
  Number factor_;
};

}  // namespace

Size Space::size() const {
  const auto total = Counter(*structure_).run();
  Size size{total.number.log10, total.number.exact, false, total.bound};
  for (const auto& parameter : structure_->parameters) size.reals |= !count(parameter.domain);
  return size;
}

Size Space::valid_size() const {
  auto size = this->size();
  if (const auto valid = Counter(*structure_).run_valid()) {
    return {valid->number.log10, valid->number.exact, size.reals, valid->bound};
  }
  constexpr double least_share = 0.001;  // that 1,000 draws can tell
  for (const auto& group : structure_->groups) size.log10 += std::log10(std::max(group.valid, least_share));
  size.log10 = std::max(size.log10, 0.0);
  size.exact.reset();
  return size;
}

double Space::valid_share() const {
  double share = 1;
  for (const auto& group : structure_->groups) share *= group.valid;
  return share;
}

std::vector<double> Space::refused_shares() const {
  std::vector<double> shares(structure_->constraints.size());
  for (const auto& group : structure_->groups) {
    for (std::size_t i = 0; i < group.constraints.size(); ++i) shares[group.constraints[i]] = group.refused[i];
  }
  return shares;
}

}  // namespace assay::space
