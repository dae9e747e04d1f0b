#include "trial/trial_list.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace assay::trial;

namespace {

TrialList::Item trial(TrialId id) {
  auto made = std::make_shared<Trial>();
  made->id = id;
  return made;
}

std::vector<std::size_t> changes(const TrialList& now, const TrialList& before) {
  std::vector<std::size_t> places;
  now.visit_changes(before, [&](std::size_t place) { places.push_back(place); });
  return places;
}

}  // namespace

TEST_CASE("a list keeps what it showed while the builder goes on") {
  TrialListBuilder builder;
  for (TrialId id = 0; id < 1000; ++id) builder.set(id, trial(id));
  const auto before = builder.list();
  const auto old = before[300];
  builder.set(300, trial(300));
  builder.set(1200, trial(1200));
  const auto after = builder.list();

  CHECK(before.size() == 1000);
  CHECK(before[300] == old);
  CHECK(after.size() == 1201);
  CHECK(after[300] != old);
  CHECK(after[1100] == nullptr);
  CHECK(after[299] == before[299]);
  CHECK(after[1200]->id == 1200);
}

TEST_CASE("changes between two lists are the places with another trial") {
  TrialListBuilder builder;
  for (TrialId id = 0; id < 600; ++id) builder.set(id, trial(id));
  const auto first = builder.list();
  CHECK(changes(first, {}).size() == 600);
  CHECK(changes(first, first).empty());
  builder.set(3, trial(3));
  builder.set(599, trial(599));
  builder.set(600, trial(600));
  CHECK(changes(builder.list(), first) == std::vector<std::size_t>{3, 599, 600});
}

TEST_CASE("a list ends with its last trial, and iterates both ways") {
  TrialListBuilder builder;
  builder.set(2, trial(2));
  builder.set(5, trial(5));
  builder.set(5, nullptr);
  builder.set(700, nullptr);
  const auto list = builder.list();
  REQUIRE(list.size() == 3);
  CHECK(list.back()->id == 2);
  CHECK((*list.rbegin())->id == 2);
  std::size_t gaps = 0;
  for (const auto& one : list) gaps += one ? 0 : 1;
  CHECK(gaps == 2);
  CHECK(TrialListBuilder(list).list().size() == 3);
}
