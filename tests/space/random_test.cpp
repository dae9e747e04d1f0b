// A thousand spaces made up at random through every operator.
#include <catch2/catch_approx.hpp>
#include <cmath>
#include <set>

#include "arch/canonical.hpp"
#include "random_spaces.hpp"
#include "space/encoding.hpp"

using namespace assay;

namespace {

/// Equal but for the last digits of reals.
bool near(const space::Params& a, const space::Params& b) {
  if (a.size() != b.size()) return false;
  for (const auto& [name, value] : a) {
    const auto other = b.find(name);
    if (other == b.end()) return false;
    const auto x = space::as_number(value), y = space::as_number(other->second);
    if (x && y ? *x != Catch::Approx(*y).epsilon(1e-9).margin(1e-9) : value != other->second) return false;
  }
  return true;
}

/// Every value that both parents have in common or that either has is one of theirs.
bool inherited(const space::Params& child, const space::Params& mother, const space::Params& father) {
  for (const auto& [name, value] : child) {
    const auto a = mother.find(name), b = father.find(name);
    if (a == mother.end() && b == father.end()) continue;
    if (!(a != mother.end() && a->second == value) && !(b != father.end() && b->second == value)) return false;
  }
  return true;
}

void check_encodings(const space::Space& space, const space::Params& params) {
  for (const auto encoding : {space::Encoding::mixed, space::Encoding::one_hot, space::Encoding::rank}) {
    const space::Encoder encoder(space, encoding);
    const auto vector = encoder(params);
    REQUIRE(vector.size() == encoder.columns().size());
    for (std::size_t i = 0; i < vector.size(); ++i) {
      const auto& column = encoder.columns()[i];
      const bool there = params.contains(space.parameters()[column.parameter].name);
      if (!there) {
        if (vector[i] != (encoding == space::Encoding::one_hot ? 0 : -1)) FAIL_CHECK(column.name);
      } else if (encoding == space::Encoding::mixed) {
        const bool fits = column.categories > 0
                              ? vector[i] >= 0 && vector[i] < column.categories && vector[i] == std::floor(vector[i])
                              : vector[i] >= 0 && vector[i] <= 1;
        if (!fits) FAIL_CHECK(column.name << " " << vector[i]);
      }
    }
  }
}

void check_size(const space::Space& space) {
  const auto size = space.size();
  if (size.reals || !size.exact || *size.exact > 3000) return;
  const auto all = space.enumerate(3000);
  REQUIRE(all);
  if (space.constraints().empty()) CHECK(all->size() == *size.exact);
  CHECK(all->size() <= *size.exact);
  if (const auto valid = space.valid_size().exact) CHECK(all->size() == *valid);
  std::set<std::string> distinct;
  for (const auto& params : *all) distinct.insert(space::to_json(params).dump());
  CHECK(distinct.size() == all->size());
}

}  // namespace

TEST_CASE("a thousand random spaces keep their promises") {
  int constrained = 0, hard = 0;
  for (int number = 0; number < 1000; ++number) {
    const test::RandomSpace made(number);
    INFO(made.text());
    const auto space = test::space_of(made.text());
    constrained += !space.constraints().empty();
    hard += space.valid_share() < 0.3;
    base::Rng rng(1, "test", number, "operators");
    auto mother = space.sample(rng);
    space.check(mother);
    const bool single = space.size().exact == 1 && !space.size().reals;
    for (int i = 0; i < 3; ++i) {
      const auto father = space.sample(rng), child = space.mutate(father, rng), wild = space.mutate(father, rng, 0.4),
                 cross = space.crossover(mother, father, rng);
      for (const auto& point : {father, child, wild, cross}) {
        space.check(point);
        CHECK(near(space.decode(space.encode(point)), point));
        CHECK(space::params_from_json(base::Json::parse(space::to_json(point).dump())) == point);
        CHECK_FALSE(test::has_placeholder(space.instantiate(point)));
        CHECK(arch::canonical(space, point, 3) == arch::canonical(space, space.normalise(point), 3));
      }
      if (!single && space.constraints().empty()) CHECK(child != father);
      CHECK(inherited(cross, mother, father));
      check_encodings(space, cross);
      mother = cross;
    }
    if (number % 10 == 0) {
      for (const auto& neighbour : space.neighbours(mother)) space.check(neighbour);
    }
    check_size(space);
  }
  CHECK(constrained > 400);
  CHECK(hard > 5);  // not only easy ones
}
