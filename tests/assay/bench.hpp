// A search of two parameters whose loop is the test itself, steered by the built `assay`.
#pragma once

#include <catch2/catch_test_macros.hpp>
#include <string>
#include <vector>

#include "assay/programs.hpp"
#include "base/json.hpp"
#include "study/study.hpp"

namespace assay::tests {

struct Bench {
  Scratch scratch;

  explicit Bench(const std::string& more = "max_trials = 6\n") {
    scratch.write("c.toml",
                  "[params.training]\nlr = { float = [0.001, 1.0], log = true, default = 0.1 }\n"
                  "optimizer = { choice = [\"sgd\", \"adam\"] }\n[objectives]\nscore = { goal = \"max\" }\n[search]\n"
                  "algorithm = \"random\"\n" +
                      more);
  }
  Said operator()(std::vector<std::string> words) const {
    words.insert(words.begin(), "assay");
    return run_program(scratch, words);
  }
  /// Founds the search and claims its first trial.
  base::Json ask() const {
    const auto said = (*this)({"ask", "c.toml", "--json"});
    INFO(said.error);
    REQUIRE(said.code == 0);
    return base::Json::parse(said.out);
  }
  base::Json trial(int number) const {
    const auto said = (*this)({"trial", "runs/c", std::to_string(number), "--json"});
    INFO(said.error);
    REQUIRE(said.code == 0);
    return base::Json::parse(said.out);
  }
  void check_sound() const {
    const auto said = (*this)({"fsck", "runs/c"});
    INFO(said.out);
    CHECK(said.code == 0);
  }
};

/// The second rung of trial 0 goes on with another learning rate, as in population-based training.
class Exploit : public trial::Planner {
 public:
  trial::Decision next(const trial::StudyView& view) override {
    auto what = view.find(0)->first;
    what.params["params.training.lr"] = 0.75;
    return trial::Continue{{0, 1}, what};
  }
  std::optional<trial::Proposal> propose(const trial::StudyView&, trial::TrialId, base::Rng&) override { return {}; }
  base::Json describe() const override { return "exploit"; }
};

/// Trial 0 of a new search: done at its first rung, then that outcome at the second.
inline void exploit(const Bench& assay, const trial::Outcome& second) {
  assay.ask();
  auto study = study::Study::join(assay.scratch / "runs/c/search", {});
  REQUIRE(study.commit(study.take_over({0, 0}), {.metrics = {{"score", 0.5}}, .device_seconds = 1.5}));
  Exploit planner;
  const auto offer = study.claim(planner);
  REQUIRE(std::holds_alternative<study::Claim>(offer));
  const auto& claim = std::get<study::Claim>(offer);
  CHECK(claim.work.item == trial::ItemId{0, 1});
  REQUIRE(study.commit(claim, second));
}

}  // namespace assay::tests
