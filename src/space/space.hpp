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

/// A choice of a table is recorded by the item's label (its `name`, else its `op` or `use`, else its content: see
/// labels.hpp); a subset by its labels in the order of the domain.
using Value = std::variant<bool, std::int64_t, double, std::string, std::vector<std::string>>;
/// Parameter name -> value; holds exactly the parameters that are active at this point.
using Params = std::map<std::string, Value>;

enum class Kind { choice, integer, real, normal, subset };
enum class Role { architecture, training, augmentation };

struct Domain {
  Kind kind = Kind::choice;
  std::vector<Value> items;  ///< choice, subset: labels or scalars, in the order written
  bool ordered = false;      ///< choice: its places mean something; numbers by size, others as written
  double lo = 0, hi = 0;     ///< integer, real: inclusive; normal: mu, sigma
  bool log = false;          ///< even in the logarithm; normal: exp of the draw
  double step = 0;           ///< 0: none (integer: 1)
  bool rounded = false;  ///< real: multiples of step, cut off at lo and hi (as NNI's quniform); else lo, lo + step, ..
  int pick = 0;          ///< subset: how many (0: any number from one on)
  bool distinct = true;  ///< subset: no item twice
  bool sorted = true;    ///< subset: the order of the items does not count
  Value initial;         ///< `default`, or the middle of the domain
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

struct Expression;

/// `require = "hidden2 <= hidden1"`; what can be said stands in expression.hpp.
struct Constraint {
  std::string text;
  base::Where where;
  std::shared_ptr<const Expression> expression;
  std::vector<std::size_t> parameters;  ///< places of those that it depends on
};

/// A point by place in the list of parameters; nothing where one does not exist.
using Draft = std::vector<std::optional<Value>>;

/// How many points there are. Reals without step count as one value; constraints are not counted.
struct Size {
  double log10 = 0;
  std::optional<std::uint64_t> exact = 1;  ///< nothing from 2^64 on, and where they are not counted
  bool reals = false;                      ///< there are reals without step
  bool bound = false;                      ///< too entangled to count: there are so many, or fewer
};

struct Structure;

class Space {
 public:
  /// Finds the domains; errors are Error(config) with file:line:column (empty choice, lo > hi, unknown ref, ...).
  /// `overlay` is the stage whose [<stage>.training] and [<stage>.augment] overlay the base sections. `values`: the
  /// stage that the concrete values are for, where it is another one: finalists are points of the search's space,
  /// trained with [full.training]; what that fixes wins over what was searched.
  static Space load(const config::Config& config, std::string_view overlay = "search", std::string_view values = "");

  Space();

  const std::vector<Parameter>& parameters() const;
  const std::vector<Constraint>& constraints() const;
  const Parameter* find(const std::string& name) const;
  bool active(const Parameter& parameter, const Params& params) const;

  Params defaults() const;
  /// The values of `partial` that are active, defaults for the others. Unknown names are left out.
  Params with_defaults(const Params& partial) const;
  /// Uniform over the domains, conditions and constraints respected: parameters that constraints tie together are drawn
  /// from the list of what they may be, else redrawn, else by a walk (groups.hpp). Error(config) naming the constraint
  /// that refuses most if nothing is found.
  Params sample(base::Rng& rng) const;
  /// One active parameter redrawn to another value (newly active ones sampled); constraints respected. Of numbers, half
  /// the draws are steps to the neighbourhood. Where constraints allow no such step: all that are tied to it drawn
  /// anew.
  Params mutate(const Params& params, base::Rng& rng) const;
  /// Each active parameter redrawn with this probability, at least one.
  Params mutate(const Params& params, base::Rng& rng, double probability) const;
  /// Each parameter from one of two parents at random, uniform crossover; what only one of them has comes from that
  /// one, what none has is sampled. Where that breaks a constraint, what constraints tie together comes from one
  /// parent.
  Params crossover(const Params& mother, const Params& father, base::Rng& rng) const;
  /// All points that differ in one discrete parameter (reals: none); newly active ones take their defaults.
  std::vector<Params> neighbours(const Params& params) const;
  /// All points of a discrete space up to `limit`; nothing if there are more, or a real parameter without step, unless
  /// `real_points` > 0: then such a parameter takes that many values, even in its distribution.
  std::optional<std::vector<Params>> enumerate(std::size_t limit, int real_points = 0) const;
  Size size() const;
  double log10_size() const { return size().log10; }
  /// How many of them keep the constraints: exact where all parameters that constraints tie together are listed
  /// (groups.hpp); else an estimate from valid_share(), without `exact`.
  Size valid_size() const;
  /// Share of even draws that keep all constraints: exact where they tie few values together, else of 1,000 draws.
  double valid_share() const;
  /// Of each constraint: the share of 1,000 even draws that break it.
  std::vector<double> refused_shares() const;

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

  /// Warnings for people: more than 1e20 points, more than 10 choices in one place, over 20 % refused by constraints,
  /// roles mixed.
  std::vector<std::string> warnings() const;
  /// Names, domains, conditions and constraints: founded into study.json and hashed.
  base::Json describe() const;

 private:
  std::shared_ptr<const Structure> structure_;
};

base::Json to_json(const Params& params);
/// Throws Error(data) if a value is neither scalar nor a list of strings.
Params params_from_json(const base::Json& json);
/// For people and tables: "0.002", "relu", "crop+flip".
std::string to_text(const Value& value);
/// Equal, where an integer and a real of the same size count as equal.
bool same(const Value& a, const Value& b);

}  // namespace assay::space
