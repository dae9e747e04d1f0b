#include "space/sum_product.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <set>

#include "base/error.hpp"

namespace assay::space {
namespace {

/// Tables of the greatest size that are made before smaller ones have to do.
constexpr std::size_t most_tables = 10;
constexpr std::size_t smaller = 100;

std::size_t place_of(const std::vector<std::size_t>& variables, std::size_t variable) {
  return static_cast<std::size_t>(std::lower_bound(variables.begin(), variables.end(), variable) - variables.begin());
}

std::u16string picked(const std::u16string& states, const std::vector<std::size_t>& places) {
  std::u16string result;
  for (const auto place : places) result.push_back(states[place]);
  return result;
}

std::vector<std::size_t> places_of(const std::vector<std::size_t>& variables, const std::vector<std::size_t>& wanted) {
  std::vector<std::size_t> places;
  for (const auto variable : wanted) places.push_back(place_of(variables, variable));
  return places;
}

/// The product; nothing if it has more than `most` rows.
std::optional<Table> joined(const Table& a, const Table& b, std::size_t most, std::size_t& made) {
  Table result;
  std::set_union(a.variables.begin(), a.variables.end(), b.variables.begin(), b.variables.end(),
                 std::back_inserter(result.variables));
  std::vector<std::size_t> shared;
  std::set_intersection(a.variables.begin(), a.variables.end(), b.variables.begin(), b.variables.end(),
                        std::back_inserter(shared));
  const auto shared_in_a = places_of(a.variables, shared), shared_in_b = places_of(b.variables, shared);
  std::map<std::u16string, std::vector<const std::pair<const std::u16string, Number>*>> by_shared;
  for (const auto& row : b.rows) by_shared[picked(row.first, shared_in_b)].push_back(&row);
  const auto from_a = places_of(result.variables, a.variables), from_b = places_of(result.variables, b.variables);
  std::u16string states(result.variables.size(), u'\0');
  for (const auto& [ours, number] : a.rows) {
    const auto partners = by_shared.find(picked(ours, shared_in_a));
    if (partners == by_shared.end()) continue;
    for (std::size_t i = 0; i < ours.size(); ++i) states[from_a[i]] = ours[i];
    for (const auto* partner : partners->second) {
      if (result.rows.size() == most) return std::nullopt;
      for (std::size_t i = 0; i < from_b.size(); ++i) states[from_b[i]] = partner->first[i];
      result.rows.emplace(states, times(number, partner->second));
      ++made;
    }
  }
  return result;
}

/// Without the variable: the sum over its states, or the greatest number.
Table without(const Table& table, std::size_t variable, bool sum) {
  Table result;
  result.variables = table.variables;
  const auto place = place_of(table.variables, variable);
  result.variables.erase(result.variables.begin() + static_cast<std::ptrdiff_t>(place));
  for (const auto& [states, number] : table.rows) {
    auto rest = states;
    rest.erase(place, 1);
    const auto [row, fresh] = result.rows.emplace(std::move(rest), number);
    if (fresh) continue;
    row->second = sum ? plus(row->second, number)
                      : std::max(row->second, number, [](const auto& a, const auto& b) { return a.log10 < b.log10; });
  }
  return result;
}

class Elimination {
 public:
  Elimination(std::vector<Table> tables, std::size_t most_rows) : tables_(std::move(tables)), most_rows_(most_rows) {
    std::map<std::size_t, std::set<char16_t>> states;
    for (std::size_t i = 0; i < tables_.size(); ++i) {
      for (const auto variable : tables_[i].variables) holders_[variable].insert(i);
      for (const auto& [row, number] : tables_[i].rows) {
        for (std::size_t j = 0; j < row.size(); ++j) states[tables_[i].variables[j]].insert(row[j]);
      }
      close(i);
    }
    for (const auto& [variable, values] : states) states_[variable] = static_cast<double>(values.size());
    for (const auto& [variable, holders] : holders_) rank(variable);
  }

  Sum run() {
    while (!order_.empty()) eliminate(order_.begin()->second);
    return sum_;
  }

 private:
  /// A table without variables is a factor of the sum.
  void close(std::size_t table) {
    if (!tables_[table].variables.empty()) return;
    base::require(!tables_[table].rows.empty(), "a table without rows: the sum is nothing");
    sum_.number = times(sum_.number, tables_[table].rows.begin()->second);
  }

  std::set<std::size_t> neighbours(std::size_t variable) const {
    std::set<std::size_t> result;
    for (const auto holder : holders_.at(variable)) {
      result.insert(tables_[holder].variables.begin(), tables_[holder].variables.end());
    }
    return result;
  }

  /// Those first whose elimination needs the smallest table.
  void rank(std::size_t variable) {
    double cost = 1;
    for (const auto neighbour : neighbours(variable)) cost *= states_.at(neighbour);
    auto& known = costs_[variable];
    order_.erase({known, variable});
    order_.emplace(known = cost, variable);
  }

  void eliminate(std::size_t variable) {
    auto touched = neighbours(variable);
    touched.erase(variable);
    std::vector<std::size_t> bucket(holders_.at(variable).begin(), holders_.at(variable).end());
    std::stable_sort(bucket.begin(), bucket.end(),
                     [&](auto a, auto b) { return tables_[a].rows.size() > tables_[b].rows.size(); });
    std::vector<Table> products;
    for (const auto holder : bucket) {
      for (const auto other : tables_[holder].variables) holders_.at(other).erase(holder);
      put(std::move(tables_[holder]), products);
      tables_[holder] = {};
    }
    order_.erase({costs_.at(variable), variable});
    holders_.erase(variable);
    sum_.bound |= products.size() > 1;
    for (std::size_t i = 0; i < products.size(); ++i) {
      tables_.push_back(without(products[i], variable, i == 0));
      for (const auto other : tables_.back().variables) holders_.at(other).insert(tables_.size() - 1);
      close(tables_.size() - 1);
    }
    for (const auto other : touched) rank(other);
  }

  /// Into the first product that has room for it.
  void put(Table table, std::vector<Table>& products) {
    const auto most = made_ < most_tables * most_rows_ ? most_rows_ : std::max<std::size_t>(1, most_rows_ / smaller);
    for (auto& product : products) {
      if (auto both = joined(product, table, most, made_)) {
        product = std::move(*both);
        return;
      }
    }
    products.push_back(std::move(table));
  }

  std::vector<Table> tables_;
  std::size_t most_rows_;
  std::size_t made_ = 0;                                  ///< rows
  std::map<std::size_t, std::set<std::size_t>> holders_;  ///< of each variable that is left: tables
  std::map<std::size_t, double> states_, costs_;
  std::set<std::pair<double, std::size_t>> order_;
  Sum sum_;
};

}  // namespace

Number number(std::int64_t count) {
  return {std::log10(static_cast<double>(count)), static_cast<std::uint64_t>(count)};
}

Number times(const Number& a, const Number& b) {
  Number result{a.log10 + b.log10, std::nullopt};
  std::uint64_t product = 0;
  if (a.exact && b.exact && !__builtin_mul_overflow(*a.exact, *b.exact, &product)) result.exact = product;
  return result;
}

Number plus(const Number& a, const Number& b) {
  const double high = std::max(a.log10, b.log10), low = std::min(a.log10, b.log10);
  Number result{high + std::log10(1 + std::pow(10, low - high)), std::nullopt};
  std::uint64_t sum = 0;
  if (a.exact && b.exact && !__builtin_add_overflow(*a.exact, *b.exact, &sum)) result.exact = sum;
  return result;
}

Sum sum_of_products(std::vector<Table> tables, std::size_t most_rows) {
  auto sum = Elimination(std::move(tables), most_rows).run();
  if (sum.bound) sum.number.exact.reset();
  return sum;
}

}  // namespace assay::space
