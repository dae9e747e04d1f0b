#include "simulate/simulation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <queue>
#include <set>

#include "base/error.hpp"
#include "base/time.hpp"
#include "simulate/counters.hpp"
#include "simulate/delayed_study.hpp"
#include "simulate/simulated_worker.hpp"
#include "study/spending.hpp"
#include "trial/ending.hpp"

namespace assay::simulate {
namespace {

using trial::ItemId;
using trial::StudyView;
using trial::Trial;
using trial::TrialId;
using Worker = SimulatedWorker;

constexpr double collector_pause = 10;  ///< least seconds of a collector's round

class Simulation {
 public:
  Simulation(const SimulationSettings& settings, const SimulatedStudy& simulated)
      : settings_(settings),
        simulated_(simulated),
        definition_(simulated.definition),
        counters_(simulated.judge, definition_.fidelities),
        imports_(std::count_if(simulated.begin.begin(), simulated.begin.end(), is_import)),
        study_({settings.lag, settings.collector ? collector_period() : 0}, numbers(), imports_, simulated.judge,
               definition_.fidelities),
        trials_(static_cast<std::size_t>(numbers())) {
    for (const auto& trial : simulated.begin) {
      trials_.at(static_cast<std::size_t>(trial->id)) = trial;
      study_.begin_with(trial);
      if (!is_import(trial)) offered_.push_back(trial->id);
    }
    hire();
  }

  SimulationFigures run() {
    while (!events_.empty()) {
      const auto event = events_.top();
      events_.pop();
      auto& worker = workers_[event.worker];
      switch (event.step) {
        case Step::look:
          look(event, worker);
          break;
        case Step::decide:
          decide(event, worker);
          break;
        case Step::link:
          link(event, worker);
          break;
        case Step::report:
          report(event, worker);
          break;
        case Step::end:
          end(event, worker);
          break;
      }
    }
    return figures();
  }

 private:
  static bool is_import(const TrialPtr& trial) { return trial::imported(trial->first, 0); }

  /// Below which trials may begin.
  std::int64_t numbers() const { return simulated_.limits.max_trials + imports_; }
  double op(double count) const { return count * settings_.op_seconds; }
  double collector_operations() const { return static_cast<double>(settings_.workers) + 2; }  // listing, logs, piece
  double collector_period() const { return std::max(op(collector_operations()), collector_pause); }

  void at(double time, std::size_t worker, Step step) { events_.push({time, order_++, worker, step}); }

  /// What plans and stops for one worker, or for all without minds of their own.
  struct Mind {
    std::unique_ptr<trial::Planner> planner;
    std::unique_ptr<trial::EarlyStop> early_stop;
  };
  Mind mind() const {
    return {simulated_.make_planner(), simulated_.make_early_stop ? simulated_.make_early_stop() : nullptr};
  }

  void hire() {
    const auto affordable = std::max<std::int64_t>(1, settings_.cached_points / std::max<std::int64_t>(1, numbers()));
    const auto stride = (settings_.workers + affordable - 1) / affordable;
    if (stride > 1) shared_ = mind();
    for (std::int64_t i = 0; i < settings_.workers; ++i) {
      const auto name = fmt::format("worker {}", i);
      Worker worker{.races = base::Rng(definition_.seed, name, 0, "window"), .taken = Numbers(numbers())};
      worker.probe = i % stride == 0;
      if (worker.probe) own_.push_back(mind());
      const auto& mind = worker.probe ? own_.back() : shared_;
      worker.planner = mind.planner.get();
      worker.early_stop = mind.early_stop.get();
      workers_.push_back(std::move(worker));
      const double start = settings_.ramp * static_cast<double>(i) / static_cast<double>(settings_.workers);
      at(start, static_cast<std::size_t>(i), Step::look);
    }
    live_ = settings_.workers;
  }

  /// Other workers' logs that a listing shows and that may still grow.
  double logs(double time) const {
    const double since = time - settings_.lag;
    if (since < 0) return 0;
    const double share = settings_.ramp > 0 ? std::min(1.0, since / settings_.ramp) : 1;
    return std::max(0.0, std::floor(share * static_cast<double>(settings_.workers)) - 1 -
                             static_cast<double>(settings_.workers - live_));
  }

  /// Study::Impl::observe: one listing, the logs, `closed`.
  void look(const Event& event, Worker& worker) {
    const double count = 2 + (settings_.collector ? 1 : logs(event.time));
    counters_.metadata(event.time, count);
    counters_.look(op(count));
    worker.view = study_.view(event.time, worker.probe ? 0 : settings_.lag / 10);
    worker.taken.insert(study_.known());
    std::erase_if(worker.own, [&](const auto& record) { return record.until <= event.time; });
    if (worker.probe && !worker.own.empty()) worker.view = with_own(worker);
    worker.planned = 0;
    at(event.time + op(count), event.worker, Step::decide);
  }

  std::shared_ptr<const StudyView> with_own(const Worker& worker, const TrialPtr& more = nullptr) {
    std::vector<TrialPtr> own;
    for (const auto& record : worker.own) {
      const bool told = study_.known().contains(record.trial->id);
      if (record.trial->proposed || !told) own.push_back(record.trial);
    }
    if (more) own.push_back(more);
    return study_.with(own);
  }

  /// As far as the worker knows.
  study::Spending spent(double now, const Worker& worker) const {
    auto spent = study_.spent();
    for (const auto& record : worker.own) spent += record.change;
    spent.age = now;
    return spent;
  }

  void decide(const Event& event, Worker& worker) {
    if (next_offer_ < offered_.size()) {  // Study::Impl::take_over
      worker.wanted = {offered_[next_offer_++], 0};
      worker.given.reset();
      return at(event.time + op(1), event.worker, Step::link);
    }
    if (const auto ended = study::over(simulated_.limits, spent(event.time, worker)))
      return leave(worker, ended->reason);
    trial::Decision decision = trial::New{};
    const double seconds = plan(worker, [&] { decision = worker.planner->next(*worker.view); });
    const double now = event.time + seconds;
    if (const auto* finished = std::get_if<trial::Finished>(&decision)) return leave(worker, finished->reason);
    if (std::holds_alternative<trial::Wait>(decision)) {
      at(now + worker.pause, event.worker, Step::look);
      worker.pause = std::min(2 * worker.pause, 0.5);
      return;
    }
    if (const auto* next = std::get_if<trial::Continue>(&decision)) {
      worker.wanted = next->item;
      worker.given = next->what;
    } else {
      worker.window = study::NumberWindow(static_cast<std::int64_t>(workers_.size()));
      worker.first_free = worker.taken.first_missing(worker.first_free);
      worker.wanted = {worker.first_free, 0};
      worker.given.reset();
      if (worker.wanted.trial >= numbers()) return leave(worker, all_taken());
    }
    at(now + op(1), event.worker, Step::link);
  }

  /// Runs the planner for real. A worker without a planner of its own shares one that has seen nearly everything
  /// already; its time is that of the sampled workers.
  template <class Call>
  double plan(Worker& worker, const Call& call) {
    const double start = base::steady_seconds();
    call();
    const double measured = base::steady_seconds() - start;
    if (settings_.planner_seconds) return 0;  // charged once, when it has proposed
    if (!worker.probe) return 0;
    worker.planned += measured;
    return measured;
  }

  /// What is charged when a proposal is made, beyond what plan() charged.
  double settle_plan(Worker& worker) {
    double charged = 0;
    if (settings_.planner_seconds) {
      charged = worker.planned = *settings_.planner_seconds;
    } else if (worker.probe) {
      typical_ = worker.planned;
    } else {
      charged = worker.planned = typical_;
    }
    counters_.proposed(worker.planned);
    return charged;
  }

  bool claim(const ItemId& item) {
    if (item.rung > 0) return rungs_.insert(item).second;
    auto& trial = trials_[static_cast<std::size_t>(item.trial)];
    if (trial) return trial->proposed && trial->state() == trial::State::waiting;
    trial = std::make_shared<const Trial>(Trial{.id = item.trial});
    return true;
  }

  void link(const Event& event, Worker& worker) {
    counters_.metadata(event.time, 1);
    const auto item = worker.wanted;
    if (item.rung == 0) worker.taken.insert(item.trial);
    if (claim(item)) return begin(event, worker, item);
    counters_.conflict();
    counters_.metadata(event.time, 1);  // whose is it?
    if (item.rung > 0) return lost_rung(event, worker, item);
    const auto first = worker.first_free = worker.taken.first_missing(worker.first_free);
    auto number = worker.taken.first_missing(first + worker.window.draw(worker.races));
    if (number >= numbers()) number = first;
    worker.wanted = {number, 0};
    if (number >= numbers()) return found_none(event, worker);
    at(event.time + op(2), event.worker, Step::link);
  }

  /// The planner did not know of claims that were found now: it is asked again, and shown them.
  void found_none(const Event& event, Worker& worker) {
    if (!worker.probe) return leave(worker, all_taken());
    Numbers shown = study_.known();
    for (const auto& record : worker.own) shown.insert(record.trial->id);
    for (auto id = shown.first_missing(0); id < numbers(); id = shown.first_missing(id)) {
      Trial claimed{.id = id};
      claimed.rungs.push_back({.item = {id, 0}, .attempt = 1, .state = trial::State::running});
      worker.own.push_back(
          {std::numeric_limits<double>::infinity(), std::make_shared<const Trial>(std::move(claimed)), {}});
      shown.insert(id);
    }
    at(event.time + op(2), event.worker, Step::look);
  }

  /// The loser knows that somebody else has it, and asks the planner again.
  void lost_rung(const Event& event, Worker& worker, const ItemId& item) {
    auto known = *trials_[static_cast<std::size_t>(item.trial)];
    known.rungs.resize(static_cast<std::size_t>(item.rung));
    known.rungs.push_back({.item = item, .attempt = 1, .state = trial::State::running});
    const Visibility visibility{settings_.lag, settings_.collector ? collector_period() : 0};
    worker.own.push_back({visibility.from(event.time + op(10)), std::make_shared<const Trial>(std::move(known)), {}});
    at(event.time + op(1), event.worker, Step::look);
  }

  /// What a claim measures. `trial`: the item's own, with the rungs below it; `given`: what a rung measures where that
  /// is not what the trial began with.
  trial::Work work_of(const ItemId& item, const Trial& trial, const std::optional<trial::Proposal>& given) const {
    auto what = item.rung == 0 ? trial.first : given ? *given : study::continuation(&trial, item);
    std::optional<trial::Fidelity> made;
    if (what.from) {
      const auto& from = trials_[static_cast<std::size_t>(what.from->trial)];
      made = from->rungs[static_cast<std::size_t>(what.from->rung)].at;
    }
    return study::work_of(definition_, item, std::move(what), &trial, made);
  }

  void begin(const Event& event, Worker& worker, const ItemId& item) {
    if (item.rung == 0) counters_.claimed(event.time);
    auto trial = *trials_[static_cast<std::size_t>(item.trial)];
    double now = event.time;
    if (item.rung == 0 && !trial.proposed) {
      std::optional<trial::Proposal> what;
      auto stream = study::proposal_stream(definition_, item.trial);
      now += plan(worker, [&] { what = worker.planner->propose(*worker.view, item.trial, stream); });
      now += settle_plan(worker);
      if (!what) return nothing_to_propose(now, event.worker, worker, std::move(trial));
      trial.first = std::move(*what);
      trial.proposed = true;
    }
    worker.pause = 0.005;
    now += op(1);
    counters_.data(1);

    const auto work = work_of(item, trial, worker.given);
    const auto known = trial::known_result(*worker.view, work);
    worker.view.reset();
    trial.rungs.resize(static_cast<std::size_t>(item.rung) + 1);
    trial.rungs.back() = {.item = item, .attempt = 1, .state = trial::State::running, .at = work.at, .started = now};
    if (item.rung > 0 && work.what.params != trial.first.params)
      trial.rungs.back().own = std::make_shared<const trial::Proposal>(work.what);
    write(now, worker, trial, {.open = 1});
    auto went = known ? SimulatedTrial{.outcome = *known} : simulated_.evaluate(work);
    worker.running = RunningTrial{item, std::move(trial), std::move(went), now, 0, {}};
    go_on(event.worker, worker);
  }

  /// To the next report that somebody judges, else to the end.
  void go_on(std::size_t index, Worker& worker) {
    auto& running = *worker.running;
    auto& reports = running.trial.rungs.back().reports;
    while (running.reported < running.went.reports.size()) {
      const auto& report = running.went.reports[running.reported++];
      reports.push_back(report);
      if (worker.early_stop != nullptr && running.pace.due())
        return at(running.begun + report.seconds, index, Step::report);
    }
    at(running.begun + running.went.seconds, index, Step::end);
  }

  void report(const Event& event, Worker& worker) {
    auto& running = *worker.running;
    study_.view(event.time);
    const auto view = with_own(worker, std::make_shared<const Trial>(running.trial));
    if (auto reason = worker.early_stop->check(*view, running.item)) {
      const auto& last = running.trial.rungs.back().reports.back();
      trial::stop_at(running.went.outcome, last);
      running.went.outcome.reason = std::move(*reason);
      running.went.seconds = last.seconds;
      return end(event, worker);
    }
    go_on(event.worker, worker);
  }

  void write(double time, Worker& worker, const Trial& trial, const study::Spending& change) {
    auto record = std::make_shared<const Trial>(trial);
    trials_[static_cast<std::size_t>(trial.id)] = record;
    worker.own.push_back({study_.write(time, record, change), std::move(record), change});
  }

  void nothing_to_propose(double now, std::size_t index, Worker& worker, Trial trial) {
    trial.rungs.push_back({.item = {trial.id, 0}, .attempt = 1, .state = trial::State::voided});
    commit(now, index, worker, trial, {});
  }

  /// Append, fdatasync, link; then the next look.
  void commit(double now, std::size_t index, Worker& worker, const Trial& trial, const study::Spending& change) {
    counters_.data(2);
    write(now + op(2), worker, trial, change);
    counters_.metadata(now + op(2), 1);
    counters_.committed(now + op(3));
    at(now + op(3), index, Step::look);
  }

  void end(const Event& event, Worker& worker) {
    auto& running = *worker.running;
    auto& outcome = running.went.outcome;
    counters_.evaluated(running.begun, event.time);
    counters_.data(2 * std::floor((event.time - running.begun) / simulated_.limits.heartbeat_seconds));
    study::Spending change{.failures = study::model_failure(outcome) ? 1 : 0, .open = -1};
    change.costs = {outcome.device_seconds, event.time - running.begun, 1};
    auto& measurement = running.trial.rungs.back();
    measurement.state = outcome.state;
    measurement.failure = outcome.failure;
    measurement.reason = std::move(outcome.reason);
    measurement.metrics = std::move(outcome.metrics);
    measurement.attributes = std::move(outcome.attributes);
    measurement.device_seconds = outcome.device_seconds;
    measurement.ended = event.time;
    counters_.measured(measurement);
    commit(event.time, event.worker, worker, running.trial, change);
    worker.running.reset();
  }

  std::string all_taken() const { return fmt::format("all {} trials are taken", numbers()); }

  void leave(Worker& worker, const std::string& why) {
    worker.view.reset();
    worker.own.clear();
    reason_ = why;
    --live_;
  }

  SimulationFigures figures() {
    auto result =
        counters_.figures(settings_.workers, collector_operations(), settings_.collector ? collector_period() : 0);
    result.study = study_.view(std::numeric_limits<double>::infinity());
    result.end_reason = reason_;
    return result;
  }

  const SimulationSettings& settings_;
  const SimulatedStudy& simulated_;
  const study::Definition& definition_;
  Counters counters_;
  std::int64_t imports_;
  DelayedStudy study_;
  std::vector<TrialPtr> trials_;  ///< as written, whoever sees it; null: the number is free
  std::set<ItemId> rungs_;        ///< claimed items above rung 0
  std::vector<TrialId> offered_;  ///< points to be measured first
  std::size_t next_offer_ = 0;    ///< of them: the first that nobody took
  Mind shared_;
  std::vector<Mind> own_;
  std::vector<Worker> workers_;
  std::string reason_;  ///< why the last worker left
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::int64_t order_ = 0, live_ = 0;
  double typical_ = 0;  ///< the last measured time of a proposal
};

}  // namespace

SimulationFigures simulate(const SimulationSettings& settings, const SimulatedStudy& study) {
  if (settings.workers < 1 || study.limits.max_trials < 1)
    base::fail(base::Exit::config, "a simulation needs at least one worker and one trial");
  return Simulation(settings, study).run();
}

}  // namespace assay::simulate
