#include "search/simulation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <queue>
#include <set>

#include "base/error.hpp"
#include "base/time.hpp"
#include "search/lagged_study.hpp"
#include "search/tally.hpp"

namespace assay::search {
namespace {

using study::ItemId;
using study::StudyView;
using study::Trial;
using study::TrialId;

constexpr double collector_pause = 10;  ///< least seconds of a collector's round

using TrialPtr = std::shared_ptr<const Trial>;

struct Worker {
  base::Rng window;  ///< chooses numbers after lost races
  study::Planner* planner = nullptr;
  bool probe = true;  ///< has a planner of its own, whose time counts
  std::shared_ptr<const StudyView> view;
  Numbers taken;           ///< numbers, as far as it knows
  TrialId first_free = 0;  ///< of them
  std::int64_t width = 2;  ///< of the window, see Study::Impl::link_free_number
  ItemId wanted;
  std::optional<study::Proposal> given;  ///< what the wanted rung measures, where it is not what the trial began with
  double pause = 0.005;
  double planned = 0;                            ///< planner's seconds for this claim so far
  std::vector<std::pair<double, TrialPtr>> own;  ///< records that the others do not see yet, and until when
};

enum class Step { look, decide, link, end };

struct Event {
  double time;
  std::int64_t order;
  std::size_t worker;
  Step step;
  bool operator>(const Event& other) const { return time != other.time ? time > other.time : order > other.order; }
};

class Simulation {
 public:
  Simulation(const SimulationSettings& settings, const std::function<std::unique_ptr<study::Planner>()>& make_planner,
             const std::function<SimulatedTrial(const study::Work&)>& evaluate,
             const study::Judge& judge, const std::vector<study::Fidelity>& fidelities)
      : settings_(settings),
        evaluate_(evaluate),
        fidelities_(fidelities),
        tally_(judge.objectives()),
        study_({settings.lag, settings.collector ? collector_period() : 0}, settings.trials, judge, fidelities),
        trials_(static_cast<std::size_t>(settings.trials)) {
    hire(make_planner);
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
        case Step::end:
          end(event, worker);
          break;
      }
    }
    return figures();
  }

 private:
  double op(double count) const { return count * settings_.op_seconds; }
  double collector_operations() const { return static_cast<double>(settings_.workers) + 2; }  // listing, logs, piece
  double collector_period() const { return std::max(op(collector_operations()), collector_pause); }

  void at(double time, std::size_t worker, Step step) { events_.push({time, order_++, worker, step}); }

  void hire(const std::function<std::unique_ptr<study::Planner>()>& make_planner) {
    const auto affordable =
        std::max<std::int64_t>(1, settings_.cached_points / std::max<std::int64_t>(1, settings_.trials));
    const auto stride = (settings_.workers + affordable - 1) / affordable;
    if (stride > 1) shared_ = make_planner();
    for (std::int64_t i = 0; i < settings_.workers; ++i) {
      const auto name = fmt::format("worker {}", i);
      Worker worker{.window = base::Rng(settings_.seed, name, 0, "window"), .taken = Numbers(settings_.trials)};
      worker.probe = i % stride == 0;
      if (worker.probe) own_.push_back(make_planner());
      worker.planner = worker.probe ? own_.back().get() : shared_.get();
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
    tally_.metadata(event.time, count);
    tally_.look(op(count));
    worker.view = study_.view(event.time, worker.probe ? 0 : settings_.lag / 10);
    worker.taken.insert(study_.known());
    std::erase_if(worker.own, [&](const auto& record) { return record.first <= event.time; });
    if (worker.probe && !worker.own.empty()) {
      std::vector<TrialPtr> own;
      for (const auto& [until, trial] : worker.own) own.push_back(trial);
      worker.view = study_.with(own);
    }
    worker.planned = 0;
    at(event.time + op(count), event.worker, Step::decide);
  }

  void decide(const Event& event, Worker& worker) {
    study::Decision decision = study::New{};
    const double seconds = plan(worker, [&] { decision = worker.planner->next(*worker.view); });
    const double now = event.time + seconds;
    if (std::holds_alternative<study::Finished>(decision)) return leave(worker);
    if (std::holds_alternative<study::Wait>(decision)) {
      at(now + worker.pause, event.worker, Step::look);
      worker.pause = std::min(2 * worker.pause, 0.5);
      return;
    }
    if (const auto* next = std::get_if<study::Continue>(&decision)) {
      worker.wanted = next->item;
      worker.given = next->what;
    } else {
      worker.width = 2;
      worker.first_free = worker.taken.first_missing(worker.first_free);
      worker.wanted = {worker.first_free, 0};
      if (worker.wanted.trial >= settings_.trials) return leave(worker);
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
    tally_.proposed(worker.planned);
    return charged;
  }

  bool claim(const ItemId& item) {
    if (item.rung > 0) return rungs_.insert(item).second;
    auto& trial = trials_[static_cast<std::size_t>(item.trial)];
    if (trial) return false;
    trial = std::make_shared<const Trial>(Trial{.id = item.trial});
    return true;
  }

  void link(const Event& event, Worker& worker) {
    tally_.metadata(event.time, 1);
    const auto item = worker.wanted;
    if (item.rung == 0) worker.taken.insert(item.trial);
    if (claim(item)) return begin(event, worker, item);
    tally_.conflict();
    tally_.metadata(event.time, 1);  // whose is it?
    if (item.rung > 0) return lost_rung(event, worker, item);
    const auto first = worker.first_free = worker.taken.first_missing(worker.first_free);
    auto number = worker.taken.first_missing(first + worker.window.below(worker.width));
    if (number >= settings_.trials) number = first;
    const auto crowd = static_cast<std::int64_t>(workers_.size());
    worker.width = std::min<std::int64_t>(2 * std::max(worker.width, crowd), std::max<std::int64_t>(1024, 4 * crowd));
    worker.wanted = {number, 0};
    if (number >= settings_.trials) return leave(worker);
    at(event.time + op(2), event.worker, Step::link);
  }

  /// The loser knows that somebody else has it, and asks the planner again.
  void lost_rung(const Event& event, Worker& worker, const ItemId& item) {
    auto known = *trials_[static_cast<std::size_t>(item.trial)];
    known.rungs.resize(static_cast<std::size_t>(item.rung));
    known.rungs.push_back({.item = item, .attempt = 1, .state = study::State::running});
    const Visibility visibility{settings_.lag, settings_.collector ? collector_period() : 0};
    worker.own.emplace_back(visibility.from(event.time + op(10)), std::make_shared<const Trial>(std::move(known)));
    at(event.time + op(1), event.worker, Step::look);
  }

  void begin(const Event& event, Worker& worker, const ItemId& item) {
    if (item.rung == 0) tally_.claimed(event.time);
    auto trial = *trials_[static_cast<std::size_t>(item.trial)];
    double now = event.time;
    if (item.rung == 0) {
      std::optional<study::Proposal> what;
      base::Rng stream(settings_.seed, "search", item.trial, "propose");
      now += plan(worker, [&] { what = worker.planner->propose(*worker.view, item.trial, stream); });
      now += settle_plan(worker);
      if (!what) return nothing_to_propose(now, event.worker, worker, std::move(trial));
      trial.what = std::move(*what);
      trial.proposed = true;
    }
    worker.pause = 0.005;
    worker.view.reset();
    now += op(1);
    tally_.data(1);

    const auto work = work_of(item, trial, worker.given);
    trial.rungs.resize(static_cast<std::size_t>(item.rung) + 1);
    trial.rungs.back() = {.item = item, .attempt = 1, .state = study::State::running, .at = work.at, .started = now};
    if (work.what.params != trial.what.params)
      trial.rungs.back().own = std::make_shared<const study::Proposal>(work.what);
    write(now, worker, item, trial);

    auto went = evaluate_(work);
    tally_.evaluated(now, now + went.seconds);
    tally_.data(2 * std::floor(went.seconds / settings_.heartbeat));  // append and fdatasync
    auto& measurement = trial.rungs.back();
    measurement.state = went.outcome.state;
    measurement.failure = went.outcome.failure;
    measurement.reason = std::move(went.outcome.reason);
    measurement.metrics = std::move(went.outcome.metrics);
    measurement.attributes = std::move(went.outcome.attributes);
    measurement.device_seconds = went.outcome.device_seconds;
    measurement.ended = now + went.seconds;
    ended_.emplace(std::pair(item, event.worker), std::move(trial));
    running_.resize(workers_.size());
    running_[event.worker] = item;
    at(now + went.seconds, event.worker, Step::end);
  }

  /// Study::Impl::start and continuation.
  study::Work work_of(const ItemId& item, const Trial& trial, const std::optional<study::Proposal>& given) const {
    study::Work work{.item = item, .what = trial.what};
    if (item.rung > 0) {
      work.what = trial.what_of(trial.rungs[static_cast<std::size_t>(item.rung) - 1]);
      work.what.at.reset();
      work.what.from = ItemId{item.trial, item.rung - 1};
      if (given) work.what = *given;
    }
    if (work.what.from) {
      const auto& from = trials_[static_cast<std::size_t>(work.what.from->trial)];
      work.made = from->rungs[static_cast<std::size_t>(work.what.from->rung)].at;
    }
    work.seed = base::derive_seed(settings_.seed, "search", item.trial, "trial");
    work.at = work.what.at ? *work.what.at : fidelity_of(trial, item.rung, fidelities_);
    return work;
  }

  void write(double time, Worker& worker, const ItemId& item, const Trial& trial) {
    auto record = std::make_shared<const Trial>(trial);
    trials_[static_cast<std::size_t>(item.trial)] = record;
    worker.own.emplace_back(study_.write(time, record), std::move(record));
  }

  void nothing_to_propose(double now, std::size_t index, Worker& worker, Trial trial) {
    trial.rungs.push_back({.item = {trial.id, 0}, .attempt = 1, .state = study::State::voided});
    commit(now, index, worker, trial.rungs.back().item, trial);
  }

  /// Append, fdatasync, link; then the next look.
  void commit(double now, std::size_t index, Worker& worker, const ItemId& item, const Trial& trial) {
    tally_.data(2);
    write(now + op(2), worker, item, trial);
    tally_.metadata(now + op(2), 1);
    tally_.committed(now + op(3));
    at(now + op(3), index, Step::look);
  }

  void end(const Event& event, Worker& worker) {
    const auto item = running_[event.worker];
    const auto found = ended_.extract(std::pair(item, event.worker));
    const auto& trial = found.mapped();
    tally_.measured(trial.rungs.back());
    commit(event.time, event.worker, worker, item, trial);
  }

  void leave(Worker& worker) {
    worker.view.reset();
    worker.own.clear();
    --live_;
  }

  SimulationFigures figures() const {
    return tally_.figures(settings_.workers, collector_operations(), settings_.collector ? collector_period() : 0);
  }

  const SimulationSettings& settings_;
  const std::function<SimulatedTrial(const study::Work&)>& evaluate_;
  const std::vector<study::Fidelity>& fidelities_;
  Tally tally_;
  LaggedStudy study_;
  std::vector<TrialPtr> trials_;  ///< as written, whoever sees it; null: the number is free
  std::set<ItemId> rungs_;        ///< claimed items above rung 0
  std::unique_ptr<study::Planner> shared_;
  std::vector<std::unique_ptr<study::Planner>> own_;
  std::vector<Worker> workers_;
  std::vector<ItemId> running_;  ///< by worker
  std::map<std::pair<ItemId, std::size_t>, Trial> ended_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::int64_t order_ = 0, live_ = 0;
  double typical_ = 0;  ///< the last measured time of a proposal
};

}  // namespace

SimulationFigures simulate(const SimulationSettings& settings,
                           const std::function<std::unique_ptr<study::Planner>()>& make_planner,
                           const std::function<SimulatedTrial(const study::Work&)>& evaluate,
                           const study::Judge& judge,
                           const std::vector<study::Fidelity>& fidelities) {
  if (settings.workers < 1 || settings.trials < 1)
    base::fail(base::Exit::config, "a simulation needs at least one worker and one trial");
  return Simulation(settings, make_planner, evaluate, judge, fidelities).run();
}

}  // namespace assay::search
