// Spaces made up at random, as TOML: every kind of domain, nesting, defines, repeats, cells and constraints.
#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

#include "base/random.hpp"
#include "space/domain.hpp"
#include "spaces.hpp"

namespace assay::test {

class RandomSpace {
 public:
  explicit RandomSpace(std::int64_t number) : rng_(11, "test", number, "random space") {
    const auto count = 1 + rng_.below(5);
    for (std::int64_t i = 0; i < count; ++i) text_ += fmt::format("p{} = {}\n", i, domain(0));
    text_ = "[params.model]\n" + text_;
    if (rng_.below(2) == 0) text_ += model();
    const auto constraints = rng_.below(4);
    for (std::int64_t i = 0; i < constraints; ++i) constrain();
  }

  const std::string& text() const { return text_; }

 private:
  template <class T>
  const T& pick(const std::vector<T>& items) {
    return items[static_cast<std::size_t>(rng_.below(static_cast<std::int64_t>(items.size())))];
  }

  std::string domain(int depth) {
    static const std::vector<std::string> plain{
        "{ choice = [3, 5, 7] }",
        "{ choice = [16, 8, 64, 32], default = 8 }",
        "{ choice = [0.5, 1] }",
        "{ choice = [true, false] }",
        R"({ choice = ["relu", "gelu", "none"] })",
        R"({ choice = ["small", "medium", "large"], ordered = true })",
        R"({ choice = ["none", 4] })",
        "{ choice = [9, 2, 4], ordered = false }",
        "{ int = [1, 9] }",
        "{ int = [-4, 40], step = 4, default = 0 }",
        "{ int = [1, 64], log = true }",
        "{ float = [0.0, 1.0] }",
        "{ float = [1e-4, 1e-1], log = true }",
        "{ float = [0.5, 2.0], step = 0.25 }",
        "{ float = [1.0, 100.0], step = 1.0, log = true }",
        "{ normal = [3.0, 2.0] }",
        "{ normal = [0.0, 1.0], log = true }",
        "{ normal = [0.0, 3.0], step = 0.5 }",
        R"({ subset = ["a", "b", "c"] })",
        R"({ subset = ["a", "b", "c", "d"], k = 2 })",
        R"({ subset = ["a", "b", "c"], k = 2, sorted = false })",
        R"({ subset = ["a", "b", "c"], k = 2, distinct = false })",
        R"({ subset = ["a", "b"], k = 3, distinct = false, sorted = false })",
    };
    if (depth == 3 || rng_.below(4) > 0) return pick(plain);
    std::string items;
    const auto count = 1 + rng_.below(3);
    for (std::int64_t i = 0; i < count; ++i) {
      items += fmt::format("{}{{ name = \"i{}\", x = {}, y = {} }}", i == 0 ? "" : ", ", i, domain(depth + 1),
                           domain(depth + 1));
    }
    return fmt::format("{{ choice = [{}, \"off\"] }}", items);
  }

  std::string model() {
    const auto draw = pick(std::vector<std::string>{"once", "per-use", "per-layer"});
    const auto repeat =
        pick(std::vector<std::string>{"2", "{ int = [1, 3] }", "{ choice = [0, 2] }", "{ ref = \"depth\" }"});
    return fmt::format(R"([model]
input = [3, 8, 8]
blocks = [
  {{ op = "conv", name = "stem", width = {{ choice = [4, 8] }}, repeat = {{ int = [1, 2], name = "depth" }} }},
  {{ use = "stage", name = "s1" }}, {{ use = "stage", name = "s2", width = 8 }},
  {{ use = "cell", name = "c" }},
  {{ name = "pick", choice = [ {{ use = "again" }}, {{ use = "stage" }} ] }},
  {{ name = "tail", choice = [ {{ op = "skip" }}, {{ op = "residual", name = "r", body = [ {{ name = "inner", choice = [ {{ op = "zero" }}, {{ op = "conv", kernel = {{ choice = [1, 3] }} }} ] }} ] }} ] }},
  {{ op = "linear", width = "classes" }},
]
[define.stage]
op = "conv"
draw = "{}"
repeat = {}
kernel.choice = [1, 3]
act.choice = ["relu", "none"]
[define.again]
use = "stage"
draw = "{}"
width.choice = [8, 16]
[define.cell]
op = "{}"
draw = "{}"
nodes = {}
edge.choice = [ {{ op = "zero" }}, {{ op = "skip" }}, {{ op = "conv", kernel.choice = [1, 3] }} ]
[training]
lr.float = [0.1, 0.2]
)",
                       draw, repeat, pick(std::vector<std::string>{"once", "per-use", "per-layer"}),
                       pick(std::vector<std::string>{"dag", "cell"}),
                       pick(std::vector<std::string>{"once", "per-use", "per-layer"}),
                       pick(std::vector<std::string>{"2", "3", "{ int = [2, 3] }"}));
  }

  /// A comparison of what there is; its contrary where the defaults break it.
  void constrain() {
    const auto space = space_of(text_);
    const auto one = expression(space), other = expression(space);
    if (one.empty() || other.empty()) return;
    const auto* const word = rng_.below(2) == 0 ? "or" : "and";
    const auto text = rng_.below(3) == 0 ? one : fmt::format("({}) {} ({})", one, word, other);
    const auto with = [&](const std::string& require) {
      return text_ + "[[constraint]]\nrequire = '''" + require + "'''\n";
    };
    text_ = error_of(with(text)).empty() ? with(text) : with("not (" + text + ")");
  }

  std::string expression(const space::Space& space) {
    std::vector<std::string> numbers;
    for (const auto& parameter : space.parameters()) {
      if (parameter.domain.kind != space::Kind::subset && space::all_numbers(parameter.domain))
        numbers.push_back("'" + parameter.name + "'");
    }
    const auto& any = pick(space.parameters());
    const auto name = "'" + any.name + "'";
    if (rng_.below(5) == 0) return "active(" + name + ")";
    if (any.domain.kind == space::Kind::choice && !space::all_numbers(any.domain) &&
        std::holds_alternative<std::string>(any.domain.items[0])) {
      return fmt::format("{} {} \"{}\"", name, pick(std::vector<std::string>{"==", "!="}),
                         space::to_text(pick(any.domain.items)));
    }
    if (numbers.empty()) return "";
    static const std::vector<std::string> forms{"{0} <= {1}", "{0} + {1} < 2 * {2}", "min({0}, {1}) >= {2} / 4",
                                                "abs({0} - {1}) <= 8", "value({0}, 3) > {1} - 5"};
    return fmt::format(fmt::runtime(pick(forms)), pick(numbers), pick(numbers), pick(numbers));
  }

  base::Rng rng_;
  std::string text_;
};

}  // namespace assay::test
