#include "space/expression.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <stdexcept>

#include "base/text.hpp"

namespace assay::space {
namespace {

bool starts_name(char c) { return std::isalpha(static_cast<unsigned char>(c)) || c == '_' || c == '#'; }
bool continues_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == '#'; }

using Result = std::optional<double>;

/// Recursive descent: sum = product {(+|-) product}; product = factor {(*|/) factor}; factor = number | name | (sum) |
/// -factor.
class Evaluator {
 public:
  Evaluator(std::string_view text, const Lookup& lookup) : text_(text), lookup_(lookup) {}

  Result run() {
    const auto value = sum();
    if (peek() != '\0') throw std::invalid_argument(fmt::format("unexpected '{}'", text_.substr(at_)));
    return value;
  }

 private:
  char peek() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  Result sum() {
    auto value = product();
    for (char sign = peek(); sign == '+' || sign == '-'; sign = peek()) {
      ++at_;
      const auto other = product();
      value = value && other ? Result(sign == '+' ? *value + *other : *value - *other) : Result();
    }
    return value;
  }

  Result product() {
    auto value = factor();
    for (char sign = peek(); sign == '*' || sign == '/'; sign = peek()) {
      ++at_;
      const auto other = factor();
      value = value && other ? Result(sign == '*' ? *value * *other : *value / *other) : Result();
    }
    return value;
  }

  Result factor() {
    const char c = peek();
    if (c == '(') return bracket();
    if (c == '-') {
      ++at_;
      const auto value = factor();
      return value ? Result(-*value) : Result();
    }
    if (c == '\'') return quoted();
    if (starts_name(c)) return name();
    return number();
  }

  Result bracket() {
    ++at_;
    const auto value = sum();
    if (peek() != ')') throw std::invalid_argument("a closing parenthesis is missing");
    ++at_;
    return value;
  }

  Result quoted() {
    const auto end = text_.find('\'', at_ + 1);
    if (end == std::string_view::npos) throw std::invalid_argument("a closing quote is missing");
    const std::string name(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return lookup_(name);
  }

  Result name() {
    const auto start = at_;
    while (at_ < text_.size() && continues_name(text_[at_])) ++at_;
    return lookup_(std::string(text_.substr(start, at_ - start)));
  }

  Result number() {
    double value = 0;
    const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
    if (error != std::errc()) {
      const auto rest = text_.substr(std::min(at_, text_.size()));
      throw std::invalid_argument(fmt::format("expected a number or a parameter's name {}",
                                              rest.empty() ? "at the end" : fmt::format("before '{}'", rest)));
    }
    at_ = static_cast<std::size_t>(end - text_.data());
    return value;
  }

  std::string_view text_;
  const Lookup& lookup_;
  std::size_t at_ = 0;
};

bool compare(double left, const std::string& relation, double right) {
  if (relation == "<=") return left <= right;
  if (relation == ">=") return left >= right;
  if (relation == "==") return left == right;
  if (relation == "!=") return left != right;
  return relation == "<" ? left < right : left > right;
}

}  // namespace

Constraint parse_constraint(const std::string& text) {
  const std::array<std::string, 6> relations{"<=", ">=", "==", "!=", "<", ">"};
  std::size_t place = std::string::npos;
  std::string relation;
  for (const auto& candidate : relations) {
    const auto found = text.find(candidate);
    if (found >= place) continue;
    place = found;
    relation = candidate;
  }
  if (relation.empty()) throw std::invalid_argument("a comparison is missing (<=, <, >=, >, == or !=)");
  Constraint constraint{text, std::string(base::trim(text.substr(0, place))), relation,
                        std::string(base::trim(text.substr(place + relation.size())))};
  names_in(constraint.left);
  names_in(constraint.right);
  return constraint;
}

std::vector<std::string> names_in(const std::string& expression) {
  std::vector<std::string> names;
  evaluate(expression, [&](const std::string& name) -> Result {
    names.push_back(name);
    return std::nullopt;
  });
  return names;
}

std::string substitute(const std::string& expression,
                       const std::function<std::string(const std::string&)>& replacement) {
  std::string result;
  const auto put = [&](const std::string& name) {
    const auto text = replacement(name);
    const bool plain = std::all_of(text.begin(), text.end(), [](char c) { return continues_name(c); });
    result += plain ? text : "'" + text + "'";
  };
  for (std::size_t i = 0; i < expression.size();) {
    auto end = i + 1;
    if (expression[i] == '\'') {
      end = expression.find('\'', i + 1) + 1;
      put(expression.substr(i + 1, end - i - 2));
    } else if (starts_name(expression[i])) {
      while (end < expression.size() && continues_name(expression[end])) ++end;
      put(expression.substr(i, end - i));
    } else {
      if (std::isdigit(static_cast<unsigned char>(expression[i]))) {  // 1e3 is no name
        double number = 0;
        end = static_cast<std::size_t>(
            std::from_chars(&expression[i], expression.data() + expression.size(), number).ptr - expression.data());
      }
      result += expression.substr(i, end - i);
    }
    i = end;
  }
  return result;
}

std::optional<double> evaluate(const std::string& expression, const Lookup& lookup) {
  return Evaluator(expression, lookup).run();
}

bool holds(const Constraint& constraint, const Lookup& lookup) {
  const auto left = evaluate(constraint.left, lookup), right = evaluate(constraint.right, lookup);
  return !left || !right || compare(*left, constraint.relation, *right);
}

}  // namespace assay::space
