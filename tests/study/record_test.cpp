#include <catch2/catch_test_macros.hpp>
#include <cmath>

#include "base/json.hpp"
#include "base/random.hpp"
#include "study/facts.hpp"
#include "study/record.hpp"
#include "trial/json.hpp"

using namespace assay;
using namespace assay::study;
using namespace assay::trial;

namespace {

Proposal rich_proposal() {
  Proposal what;
  what.params = {{"depth", std::int64_t{3}},
                 {"lr", 2.0},
                 {"tiny", 1.0 / 3},
                 {"flip", true},
                 {"op", std::string("conv \"3x3\"\n")},
                 {"kinds", std::vector<std::string>{"a", "b"}}};
  what.at = Fidelity{4, 0.5, 1, 0.25};
  what.from = ItemId{7, 1};
  what.note = "evolution of 7";
  what.tags = {{"seed", "2"}};
  return what;
}

}  // namespace

TEST_CASE("a record survives text and back, types included") {
  const Start start{{41, 2}, 3, 1.5e9, rich_proposal(), {4, 0.5, 1, 0.25}};
  const auto back = decode(encode(start));
  REQUIRE(back);
  const auto& read = std::get<Start>(*back);
  CHECK(read.item == start.item);
  CHECK(read.attempt == 3);
  CHECK(read.what.params == start.what.params);
  CHECK(read.what.at == start.what.at);
  CHECK(read.what.from == start.what.from);
  CHECK(read.what.note == start.what.note);
  CHECK(read.what.tags == start.what.tags);
  CHECK(read.at == start.at);
}

TEST_CASE("an outcome survives, with metrics that are no numbers and bytes that are no text") {
  Outcome outcome;
  outcome.state = State::failed;
  outcome.failure = Failure::nan;
  outcome.reason = "loss \xff is nan";
  outcome.metrics = {{"loss", std::nan("")}, {"accuracy", 0.1}};
  outcome.attributes = {{"hash", "abc"}};
  outcome.device_seconds = 12.5;
  const auto back = decode(encode(End{{1, 0}, 1, 2, outcome}));
  REQUIRE(back);
  const auto& read = std::get<End>(*back).outcome;
  CHECK(read.state == State::failed);
  CHECK(read.failure == Failure::nan);
  CHECK(std::isnan(read.metrics.at("loss")));
  CHECK(read.metrics.at("accuracy") == 0.1);
  CHECK(read.attributes == outcome.attributes);
  CHECK(read.device_seconds == 12.5);
  CHECK(std::get<End>(*back).worked == 0);
  CHECK(std::get<End>(*decode(encode(End{{1, 0}, 3, 2, outcome, 2}))).worked == 2);
}

TEST_CASE("work for the other ranks of a group survives JSON") {
  Work work;
  work.item = {5, 1};
  work.attempt = 2;
  work.what = rich_proposal();
  work.at = {8, 1, 1, 1};
  work.seed = ~std::uint64_t{0};
  work.folder = "/run/trials/5/1.2";
  const auto back = work_from_json(to_json(work));
  CHECK(back.item == work.item);
  CHECK(back.what.params == work.what.params);
  CHECK(back.seed == work.seed);
  CHECK(back.folder == work.folder);
  CHECK(back.previous.empty());
}

TEST_CASE("a record kind of a later version is passed over, a newer format refused") {
  CHECK_FALSE(decode(R"({"is":"dream"})"));
  CHECK_THROWS(decode(R"({"is":"hello","format":99})"));
  CHECK_THROWS(decode("no json"));
}

TEST_CASE("the scanner takes whole records only") {
  const auto a = frame(encode(Beat{1})), b = frame(encode(Bye{"done", 2}));
  SECTION("a torn last line waits") {
    for (std::size_t cut = 0; cut < b.size(); ++cut) {
      const auto bytes = a + b.substr(0, cut);
      Scanner scanner(bytes);
      CHECK(scanner.next());
      CHECK_FALSE(scanner.next());
      CHECK(scanner.consumed() == a.size());
      CHECK(scanner.damaged() == 0);
    }
  }
  SECTION("a torn line in the middle is skipped and counted") {
    const auto bytes = a.substr(0, a.size() / 2) + "\n" + b;
    Scanner scanner(bytes);
    const auto record = scanner.next();
    REQUIRE(record);
    CHECK(std::holds_alternative<Bye>(*decode(*record)));
    CHECK(scanner.damaged() == 1);
    CHECK(scanner.consumed() == bytes.size());
  }
  SECTION("a flipped bit is noticed") {
    auto bytes = a + b;
    bytes[a.size() - 3] ^= 1;
    Scanner scanner(bytes);
    const auto record = scanner.next();
    REQUIRE(record);
    CHECK(std::holds_alternative<Bye>(*decode(*record)));
    CHECK(scanner.damaged() == 1);
  }
}

TEST_CASE("facts do not depend on the order in which logs are read") {
  Outcome good;
  good.metrics["score"] = 1;
  Outcome released;
  released.again = true;
  Proposal p, q;
  p.params["x"] = 0.25;
  q.params["x"] = 0.75;
  const std::vector<std::pair<std::string, Record>> records{
      {"a", Start{{0, 0}, 1, 1, p, {}}}, {"a", End{{0, 0}, 1, 2, released}},
      {"b", Start{{0, 0}, 2, 3, p, {}}}, {"b", End{{0, 0}, 2, 4, good}},
      {"b", Won{{0, 0}, "b"}},           {"c", Start{{1, 0}, 1, 1, p, {}}},
      {"d", Start{{1, 0}, 2, 2, q, {}}}, {"c", End{{1, 0}, 1, 9, good}},
      {"a", Won{{1, 0}, "c"}},
  };
  std::vector<std::size_t> order{0, 1, 2, 3, 4, 5, 6, 7, 8};
  base::Rng rng(1, "test", 0, "order");
  for (int round = 0; round < 50; ++round) {
    rng.shuffle(order);
    Facts facts;
    for (const auto i : order) facts.apply(facts.worker(records[i].first), records[i].second);
    const auto view = facts.view({}, 2);
    REQUIRE(view.trials().size() == 2);
    CHECK(view.counts().done == 2);
    CHECK(facts.open().empty());
    CHECK(view.find(0)->rungs[0].attempt == 2);
    CHECK(view.find(1)->rungs[0].attempt == 1);
    CHECK(std::get<double>(view.find(1)->first.params.at("x")) == 0.25);  // the committed attempt's, not the taker's
  }
}
