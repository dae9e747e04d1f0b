#include "search/rung_lab.hpp"

#include <fmt/format.h>

#include <catch2/catch_test_macros.hpp>
#include <deque>
#include <set>

#include "trial/view_builder.hpp"

namespace assay::test {
namespace {

class Lab {
 public:
  Lab(const std::function<std::unique_ptr<trial::Planner>()>& make, const LabMeasure& measure,
      const LabSettings& settings)
      : make_(make), measure_(measure), settings_(settings), rng_(settings.seed, "lab", 0, "order") {
    builder_.objectives(settings.objectives).fidelities(settings.fidelities).max_trials(settings.trials);
    for (std::size_t i = 0; i < settings.workers; ++i) planners_.push_back(make());
    views_.push_back(builder_.build());
  }

  LabCourse run() {
    for (std::int64_t event = 0; event < 100'000; ++event) {
      if (running_.size() == settings_.workers) finish();
      const auto& planner = planners_[static_cast<std::size_t>(rng_.below(std::int64_t(planners_.size())))];
      const auto back = std::min<std::int64_t>(std::int64_t(views_.size()), 1 + settings_.lag);
      const auto view = views_[views_.size() - 1 - static_cast<std::size_t>(rng_.below(back))];
      const auto decision = planner->next(view);
      if (settings_.replay) compare(decision, make_()->next(view));
      if (const auto* finished = std::get_if<trial::Finished>(&decision)) {
        if (running_.empty()) return end(finished->reason);
        finish();
      } else if (std::holds_alternative<trial::Wait>(decision)) {
        ++course_.waits;
        if (running_.empty()) publish();  // its view is old: the news comes to it
        if (running_.empty() && settings_.lag == 0) FAIL("waits while nobody works");
        if (!running_.empty()) finish();
      } else if (const auto* further = std::get_if<trial::Continue>(&decision)) {
        if (settings_.replay) claim_without_telling(view, *further);
        go_on(*further);
      } else {
        begin(*planner, view);
      }
    }
    FAIL("the search does not end");
    return {};
  }

 private:
  static void compare(const trial::Decision& a, const trial::Decision& b) {
    REQUIRE(a.index() == b.index());
    const auto *one = std::get_if<trial::Continue>(&a), *two = std::get_if<trial::Continue>(&b);
    if (one == nullptr) return;
    REQUIRE(one->item == two->item);
    REQUIRE(one->what.has_value() == two->what.has_value());
    if (!one->what) return;
    REQUIRE(one->what->params == two->what->params);
    REQUIRE(one->what->from == two->what->from);
  }

  /// Who takes the item over from a worker that died before it told what it measures gets the same.
  void claim_without_telling(const trial::StudyView& view, const trial::Continue& further) const {
    auto trial = *view.find(further.item.trial);
    trial.rungs.push_back({.item = further.item, .attempt = 1, .state = trial::State::running});
    trial::ViewBuilder builder(view);
    builder.trial(std::move(trial));
    const auto again = make_()->further(builder.build(), further.item);
    REQUIRE(again.has_value() == further.what.has_value());
    if (!again) return;
    REQUIRE(again->params == further.what->params);
    REQUIRE(again->from == further.what->from);
  }

  void begin(trial::Planner& planner, const trial::StudyView& view) {
    const auto number = next_number_;
    if (number >= settings_.trials + imported_) return publish();
    ++next_number_;
    base::Rng rng(settings_.seed, "search", number, "propose"), same = rng;
    if (settings_.by_hand.contains(number)) return put_in(planner, view, number);
    trial::Trial trial{.id = number};
    auto proposal = planner.propose(view, number, rng);
    if (settings_.replay) {
      const auto again = make_()->propose(view, number, same);
      REQUIRE(again.has_value() == proposal.has_value());
      if (again) REQUIRE((again->params == proposal->params && again->at == proposal->at));
    }
    if (!proposal) {
      trial.rungs.push_back({.item = {number, 0}, .attempt = 1, .state = trial::State::voided});
      builder_.trial(std::move(trial));
      return publish();
    }
    trial.first = std::move(*proposal);
    trial.proposed = true;
    start(std::move(trial), trial.first.at, nullptr);
  }

  /// A measured point, as from an import; where it is searched for is no matter.
  void put_in(trial::Planner& planner, const trial::StudyView& view, trial::TrialId number) {
    base::Rng rng(settings_.seed, "by hand", number, "propose");
    // What was measured elsewhere is none of the points that a planner begins with.
    constexpr trial::TrialId far = 1000;
    auto proposal = planner.propose(view, settings_.imports.contains(number) ? far + number : number, rng);
    REQUIRE(proposal);
    trial::Trial trial{.id = number, .first = {.params = proposal->params}, .proposed = true};
    if (settings_.imports.contains(number)) {
      trial.first.tags = {{trial::origin_tag, "import"}};
      ++imported_;
      builder_.max_trials(settings_.trials + imported_).imported(imported_);
    }
    trial::Measurement measurement{.item = {number, 0}, .attempt = 1, .at = settings_.by_hand.at(number)};
    trial.first.at = measurement.at;
    const auto outcome = measure_({.item = measurement.item, .what = trial.first, .at = measurement.at});
    measurement.state = outcome.state;
    measurement.failure = outcome.failure;
    measurement.metrics = outcome.metrics;
    trial.rungs.push_back(std::move(measurement));
    builder_.trial(std::move(trial));
    publish();
  }

  void go_on(const trial::Continue& further) {
    const auto newest = builder_.build();
    const auto* known = newest.find(further.item.trial);
    REQUIRE(known != nullptr);
    const auto rung = static_cast<std::size_t>(further.item.rung);
    REQUIRE(rung > 0);
    REQUIRE(rung <= known->rungs.size());
    if (rung < known->rungs.size()) return publish();  // somebody was faster
    REQUIRE(known->rungs.back().state != trial::State::running);
    if (further.what && further.what->from) check_donor(newest, *further.what->from, known->rungs.back().at);
    start(*known, further.what ? further.what->at : std::nullopt,
          further.what ? std::make_shared<const trial::Proposal>(*further.what) : nullptr);
  }

  /// A copy is of what another trial measured where this one stands.
  static void check_donor(const trial::StudyView& view, const trial::ItemId& from, const trial::Fidelity& at) {
    const auto* donor = view.find(from.trial);
    REQUIRE(donor != nullptr);
    REQUIRE(from.rung < static_cast<int>(donor->rungs.size()));
    const auto& rung = donor->rungs[static_cast<std::size_t>(from.rung)];
    REQUIRE(rung.state == trial::State::done);
    REQUIRE(rung.at == at);
  }

  /// As Study::Impl::start.
  void start(trial::Trial trial, const std::optional<trial::Fidelity>& at,
             const std::shared_ptr<const trial::Proposal>& own) {
    const auto rung = static_cast<int>(trial.rungs.size());
    trial::Measurement measurement{.item = {trial.id, rung}, .attempt = 1, .state = trial::State::running};
    measurement.at = at ? *at : trial::fidelity_of(trial, rung, settings_.fidelities);
    measurement.own = own ? own : rung > 0 ? trial.rungs.back().own : nullptr;
    if (rung > 0) {
      REQUIRE(measurement.at.epochs > trial.rungs.back().at.epochs);
      course_.epochs -= trial.rungs.back().at.epochs;
    }
    course_.epochs += measurement.at.epochs;
    course_.log.push_back(fmt::format("{}.{}", trial.id, rung));
    running_.push_back(measurement.item);
    trial.rungs.push_back(std::move(measurement));
    builder_.trial(std::move(trial));
    publish();
  }

  void finish() {
    const auto place = rng_.below(std::int64_t(running_.size()));
    const auto item = running_[static_cast<std::size_t>(place)];
    running_.erase(running_.begin() + place);
    auto trial = *builder_.build().find(item.trial);
    auto& rung = trial.rungs[static_cast<std::size_t>(item.rung)];
    const auto outcome = measure_({.item = item, .what = trial.what_of(rung), .at = rung.at});
    rung.state = outcome.state;
    rung.failure = outcome.failure;
    rung.metrics = outcome.metrics;
    builder_.trial(std::move(trial));
    publish();
  }

  void publish() {
    views_.push_back(builder_.build());
    if (views_.size() > 64) views_.pop_front();
  }

  LabCourse end(const std::string& reason) {
    course_.view = builder_.build();
    course_.reason = reason;
    return std::move(course_);
  }

  const std::function<std::unique_ptr<trial::Planner>()>& make_;
  const LabMeasure& measure_;
  const LabSettings& settings_;
  base::Rng rng_;
  trial::ViewBuilder builder_;
  std::vector<std::unique_ptr<trial::Planner>> planners_;
  std::deque<trial::StudyView> views_;
  std::deque<trial::ItemId> running_;
  std::int64_t imported_ = 0;
  trial::TrialId next_number_ = 0;
  LabCourse course_;
};

}  // namespace

trial::Outcome measured(double accuracy) { return {.metrics = {{"accuracy", accuracy}}}; }

trial::Outcome failed() { return {.state = trial::State::failed, .failure = trial::Failure::nan}; }

LabCourse run_lab(const std::function<std::unique_ptr<trial::Planner>()>& make_planner, const LabMeasure& measure,
                  const LabSettings& settings) {
  return Lab(make_planner, measure, settings).run();
}

}  // namespace assay::test
