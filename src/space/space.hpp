// The search space: every domain found in [model], [training], [augment] and [params.*], as a list of named parameters
// with conditions, and the way back from a point to concrete configuration values.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/json_fwd.hpp"
#include "base/random.hpp"
#include "config/config.hpp"

namespace assay::space {

/// A choice of a table is recorded by the item's label (its `name`, else its `op` or `use`, else "#<place>"; numbered
/// when not unique); a subset by its labels in the order of the domain.
using Value = std::variant<bool, std::int64_t, double, std::string, std::vector<std::string>>;
/// Parameter name -> value; holds exactly the parameters that are active at this point.
using Params = std::map<std::string, Value>;

enum class Kind { choice, integer, real, normal, subset };
enum class Role { architecture, training, augmentation };

struct Domain {
  Kind kind = Kind::choice;
  std::vector<Value> items;  ///< choice, subset: labels or scalars, in the order written
  bool ordered = false;      ///< choice of numbers
  double lo = 0, hi = 0;     ///< integer, real: inclusive; normal: mu, sigma
  bool log = false;          ///< even in the logarithm; normal: exp of the draw
  double step = 0;           ///< 0: none (integer: 1)
  int pick = 0;              ///< subset: how many (0: any number from one on)
  Value initial;             ///< `default`, or the middle of the domain
};

/// The parameter exists only while `parent` has one of `values` (for repeat counts: a number >= at_least).
struct Condition {
  std::string parent;
  std::vector<Value> values;
  std::optional<std::int64_t> at_least;
};

struct Parameter {
  std::string name;
  Domain domain;
  Role role = Role::architecture;
  std::vector<Condition> conditions;  ///< all must hold; parents stand earlier in the list
  base::Where where;
};

/// `require = "hidden2 <= hidden1"`, checked on active parameters; a comparison with an inactive one holds.
struct Constraint {
  std::string text;
  std::string left, relation, right;  ///< relation: <= < >= > == !=; sides: names, numbers, + - * / and parentheses
};

class Space {
 public:
  /// Finds the domains; errors are Error(config) with file:line:column (empty choice, lo > hi, unknown ref, ...).
  /// `overlay` is the stage whose [<stage>.training] and [<stage>.augment] overlay the base sections. `values`: the
  /// stage that the concrete values are for, where it is another one: finalists are points of the search's space,
  /// trained with [full.training]; what that fixes wins over what was searched.
  static Space load(const config::Config& config, std::string_view overlay = "search", std::string_view values = "");

  const std::vector<Parameter>& parameters() const { return parameters_; }
  const std::vector<Constraint>& constraints() const { return constraints_; }
  const Parameter* find(const std::string& name) const;
  bool active(const Parameter& parameter, const Params& params) const;

  Params defaults() const;
  /// The values of `partial` that are active, defaults for the others. Unknown names are left out.
  Params with_defaults(const Params& partial) const;
  /// Uniform over the domains (conditions and constraints respected; up to 1,000 redraws, then Error(config)).
  Params sample(base::Rng& rng) const;
  /// One active parameter redrawn to another value (newly active ones sampled); constraints respected. Of numbers, half
  /// the draws are steps to the neighbourhood. Where constraints allow no such step: a new sample.
  Params mutate(const Params& params, base::Rng& rng) const;
  /// All points that differ in one discrete parameter (reals: none); newly active ones take their defaults.
  std::vector<Params> neighbours(const Params& params) const;
  /// All points of a discrete space up to `limit`; nothing if there are more, or a real parameter without step, unless
  /// `real_points` > 0: then such a parameter takes that many values, even in its distribution.
  std::optional<std::vector<Params>> enumerate(std::size_t limit, int real_points = 0) const;
  /// log10 of the number of points; reals without step count as 1, constraints are not counted.
  double log10_size() const;

  /// The same point with every value in its domain's own type: an integer written for a real becomes a real. Other
  /// values stay as they are; check() judges them. Equal points have equal text then.
  Params normalise(const Params& params) const;

  /// Error(config) naming the parameter: missing, unknown, out of its domain, or a constraint broken.
  void check(const Params& params) const;
  bool satisfies_constraints(const Params& params) const;

  /// [0, 1] per parameter in list order, inactive ones 0.5; and back (rounded to the domain).
  std::vector<double> encode(const Params& params) const;
  Params decode(const std::vector<double>& unit) const;

  /// Concrete values with every domain replaced: {"model": {...}, "training": {...}, "augment": {...}, "params":
  /// {...}}; "model" and "params" only where the configuration has them. "model" holds no use/define/draw any more; its
  /// form is described in arch/lower.hpp.
  base::Json instantiate(const Params& params) const;

  /// Warnings for people: more than 1e20 points, more than 10 choices in one place, roles mixed.
  std::vector<std::string> warnings() const;
  /// Names, domains, conditions and constraints: founded into study.json and hashed.
  base::Json describe() const;

 private:
  bool satisfied(const Constraint& constraint, const Params& params) const;
  /// `params` restricted to what is active; missing active values come from `fill`.
  Params complete(const Params& params, const std::function<Value(const Parameter&)>& fill) const;
  double log10_count(const std::vector<std::vector<std::size_t>>& children, std::size_t index) const;

  std::vector<Parameter> parameters_;
  std::vector<Constraint> constraints_;
  std::vector<std::string> remarks_;            ///< found while loading, for warnings()
  std::map<std::string, std::size_t> index_;    ///< name -> place in parameters_
  std::shared_ptr<const base::Json> template_;  ///< the sections with placeholders for the domains, see template.hpp
};

base::Json to_json(const Params& params);
/// Throws Error(data) if a value is neither scalar nor a list of strings.
Params params_from_json(const base::Json& json);
/// For people and tables: "0.002", "relu", "crop+flip".
std::string to_text(const Value& value);
/// Equal, where an integer and a real of the same size count as equal.
bool same(const Value& a, const Value& b);

}  // namespace assay::space
