#include "search/points/policy.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cmath>

#include "config/config.hpp"

using namespace assay;
using Catch::Approx;
using search::Policy;

namespace {

std::shared_ptr<const space::Space> load(const std::string& lines) {
  return std::make_shared<const space::Space>(
      space::Space::load(config::Config::parse("[params.model]\n" + lines, "t.toml")));
}

/// Every kind of domain, and one that exists in half of the points.
std::shared_ptr<const space::Space> mixed_space() {
  return load(
      "kind.choice = [ { op = \"a\", depth.int = [1, 3] }, { op = \"b\" } ]\nwidth.int = [8, 256]\n"
      "rate = { float = [0.001, 0.1], log = true }\nset = { subset = [\"x\", \"y\", \"z\"] }\n");
}

base::Rng stream(std::int64_t number = 0) { return {1, "test", number, "policy"}; }

}  // namespace

TEST_CASE("the derivatives of a policy are those of its probabilities and entropies") {
  const auto space = mixed_space();
  const Policy policy(space, 4);
  auto rng = stream();
  auto weights = policy.start(rng);
  for (auto& weight : weights) weight += 0.5 * rng.normal();  // V is not 0 any more
  for (int point = 0; point < 4; ++point) {
    const auto decisions = policy.decisions(policy.sample(weights, rng));
    for (const auto& [factor, bonus] : {std::pair(1.0, 0.0), std::pair(0.0, 1.0), std::pair(-0.7, 0.3)}) {
      const auto value = [&] {
        return factor * policy.log_probability(weights, decisions) + bonus * policy.entropy(weights, decisions);
      };
      std::vector<double> gradient(weights.size(), 0.0);
      policy.add_gradient(weights, decisions, factor, bonus, gradient);
      double largest = 0;
      for (std::size_t i = 0; i < weights.size(); ++i) {
        const double h = 1e-5, kept = weights[i];
        weights[i] = kept + h;
        const double up = value();
        weights[i] = kept - h;
        const double down = value();
        weights[i] = kept;
        CHECK(gradient[i] == Approx((up - down) / (2 * h)).margin(1e-8).epsilon(1e-5));
        largest = std::max(largest, std::abs(gradient[i]));
      }
      CHECK(largest > 1e-3);
    }
  }
}

TEST_CASE("a policy begins with the space's own distribution and makes only decisions that exist") {
  const auto space = mixed_space();
  const Policy policy(space, 8);
  auto rng = stream();
  const auto weights = policy.start(rng);
  int with_depth = 0, wide = 0;
  double probability = 0;
  for (int i = 0; i < 2000; ++i) {
    const auto params = policy.sample(weights, rng);
    REQUIRE_NOTHROW(space->check(params));
    const bool deep = params.size() == 5;
    with_depth += deep;
    wide += std::get<std::int64_t>(params.at("params.model.width")) > 132;
    const auto decisions = policy.decisions(params);
    CHECK(std::count(decisions.begin(), decisions.end(), -1) == (deep ? 0 : 1));
    if (i == 0) probability = policy.log_probability(weights, decisions) + (deep ? std::log(3) : 0);
  }
  CHECK(with_depth / 2000.0 == Approx(0.5).margin(0.05));
  CHECK(wide / 2000.0 == Approx(0.5).margin(0.05));
  // kind 1/2, width and rate one interval of ten, set one of seven.
  CHECK(probability == Approx(-std::log(2.0 * 10 * 10 * 7)));
}

TEST_CASE("a policy that is pushed to one point draws it, and its entropy falls") {
  const auto space = load("a.choice = [1, 2, 3]\nb.choice = [\"u\", \"v\"]\n");
  const Policy policy(space, 8);
  auto rng = stream();
  auto weights = policy.start(rng);
  // b follows a: what one decision is depends on the one before.
  search::Ascent ascent;
  const auto decide = [&](int a, int b) { return search::Decisions{a, b}; };
  CHECK(policy.entropy(weights, decide(0, 0)) == Approx(std::log(3) + std::log(2)));
  for (int i = 0; i < 300; ++i) {
    std::vector<double> gradient(weights.size(), 0.0);
    policy.add_gradient(weights, decide(0, 1), 1, 0, gradient);
    policy.add_gradient(weights, decide(2, 0), 1, 0, gradient);
    ascent.step(weights, gradient, 0.05);
  }
  CHECK(std::exp(policy.log_probability(weights, decide(0, 1))) == Approx(0.5).margin(0.05));
  CHECK(std::exp(policy.log_probability(weights, decide(2, 0))) == Approx(0.5).margin(0.05));
  CHECK(std::exp(policy.log_probability(weights, decide(0, 0))) < 0.02);
  CHECK(policy.entropy(weights, decide(0, 1)) < 0.85);
}

TEST_CASE("draws that break a constraint are drawn again") {
  const auto config = config::Config::parse(
      "[params.model]\na.int = [1, 20]\nb.int = [1, 20]\n[[constraint]]\nrequire = \"params.model.a <= "
      "params.model.b\"\n",
      "t.toml");
  const auto space = std::make_shared<const space::Space>(space::Space::load(config));
  const Policy policy(space, 4);
  auto rng = stream();
  const auto weights = policy.start(rng);
  for (int i = 0; i < 200; ++i) CHECK(space->satisfies_constraints(policy.sample(weights, rng)));
}
