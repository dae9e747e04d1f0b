#include "study/facts.hpp"

#include <algorithm>

#include "base/time.hpp"

namespace assay::study {

bool retriable(const trial::Outcome& outcome) {
  return outcome.again || outcome.failure == trial::Failure::infrastructure;
}

bool came_no_further(const trial::Outcome& outcome) {
  return outcome.again && (outcome.failure == trial::Failure::timeout || outcome.failure == trial::Failure::exit);
}

Attempt* Rung::find(int number) {
  for (auto& attempt : attempts) {
    if (attempt.number == number) return &attempt;
  }
  return nullptr;
}

const Attempt* Rung::describing() const {
  if (const auto* counts = committer >= 0 ? committable(committer) : nullptr; counts != nullptr && counts->what)
    return counts;
  for (auto attempt = attempts.rbegin(); attempt != attempts.rend(); ++attempt) {
    if (attempt->what) return &*attempt;
  }
  return nullptr;
}

const Attempt* Rung::committable(int worker) const {
  for (const auto& attempt : attempts) {
    const bool of_worker = worker < 0 || attempt.worker == worker;
    if (of_worker && attempt.outcome && !retriable(*attempt.outcome)) return &attempt;
  }
  // A worker that gave an item up committed an infrastructure failure: only the commit tells that from a release.
  if (committer < 0 || (worker >= 0 && worker != committer)) return nullptr;
  for (auto attempt = attempts.rbegin(); attempt != attempts.rend(); ++attempt) {
    if (attempt->worker == committer && attempt->outcome) return &*attempt;
  }
  return nullptr;
}

int Facts::worker(const std::string& id) {
  const auto [entry, unchanged] = worker_index_.try_emplace(id, static_cast<int>(workers_.size()));
  if (unchanged) {
    workers_.emplace_back();
    workers_.back().info.id = id;
  }
  return entry->second;
}

Rung& Facts::touch(const trial::ItemId& item) {
  const auto index = static_cast<std::size_t>(item.trial);
  if (trials_.size() <= index) trials_.resize(index + 1);
  auto& trial = trials_[index];
  if (trial.unchanged) changed_.push_back(item.trial);
  trial.unchanged = false;
  const auto rung = static_cast<std::size_t>(item.rung);
  if (trial.rungs.size() <= rung) trial.rungs.resize(rung + 1);
  if (!trial.rungs[rung].settled) open_.insert(item);
  return trial.rungs[rung];
}

Attempt& Facts::touch(const trial::ItemId& item, int number, int worker) {
  auto& rung = touch(item);
  auto* attempt = rung.find(number);
  if (attempt == nullptr) {
    const auto place = std::find_if(rung.attempts.begin(), rung.attempts.end(),
                                    [&](const Attempt& other) { return other.number > number; });
    attempt = &*rung.attempts.insert(place, Attempt{});
    attempt->number = number;
  }
  if (worker >= 0) attempt->worker = worker;
  const bool first = item.rung == 0 && number == 1;
  if (first && worker >= 0 && trial::brings_results(workers_[static_cast<std::size_t>(worker)].info.id))
    note_import(item.trial);
  return *attempt;
}

void Facts::settle(const trial::ItemId& item, Rung& rung) {
  if (rung.settled || rung.committer < 0) return;
  const auto* counts = rung.committable(rung.committer);
  if (counts == nullptr) return;  // the record is not visible yet
  rung.settled = true;
  rung.winner = counts->number;
  rung.model_failed = model_failure(*counts->outcome);
  open_.erase(item);
  if (failed_now(item, rung)) ++failures_;
}

bool Facts::failed_now(const trial::ItemId& item, const Rung& rung) const {
  return rung.model_failed && generation_.counts(item) && !generation_.earlier(item);
}

void Facts::apply(int worker, Record record) {
  auto& info = workers_[static_cast<std::size_t>(worker)].info;
  if (auto* hello = std::get_if<Hello>(&record)) {
    auto& facts = workers_[static_cast<std::size_t>(worker)];
    auto greeted = std::move(hello->worker);
    greeted.id = info.id;
    greeted.ended = info.ended;
    greeted.reason = info.reason;
    greeted.last_record = std::max(info.last_record, greeted.first_seen);
    facts = {std::move(greeted), true};
  } else if (auto* start = std::get_if<Start>(&record)) {
    auto& attempt = touch(start->item, start->attempt, worker);
    attempt.what = std::make_shared<trial::Proposal>(std::move(start->what));
    if (trial::imported(*attempt.what, start->item.rung)) note_import(start->item.trial);
    attempt.at = start->at;
    attempt.started = start->time;
    info.last_record = std::max(info.last_record, start->time);
  } else if (auto* reported = std::get_if<Reported>(&record)) {
    auto& attempt = touch(reported->item, reported->attempt, -1);
    // A worker starts an attempt before it reports: whoever did not start it speaks for the one that did.
    const auto& known = attempt.speakers;
    if (attempt.worker != worker && std::find(known.begin(), known.end(), worker) == known.end()) {
      attempt.speakers.push_back(worker);
    }
    info.last_record = std::max(info.last_record, attempt.started + reported->report.seconds);
    attempt.reports.push_back(std::move(reported->report));
  } else if (auto* end = std::get_if<End>(&record)) {
    auto& attempt = touch(end->item, end->attempt, worker);
    attempt.outcome = std::move(end->outcome);
    attempt.ended = end->time;
    attempt.worked = end->worked;
    if (!attempt.what || !trial::imported(*attempt.what, end->item.rung)) {
      costs_.device_seconds += attempt.outcome->device_seconds;
      costs_.seconds += std::max(0.0, attempt.ended - attempt.started);
      costs_.measured += retriable(*attempt.outcome) || attempt.outcome->state == trial::State::voided ? 0 : 1;
    }
    attempt.learned = base::boot_seconds();
    info.last_record = std::max(info.last_record, end->time);
    settle(end->item, *find(end->item));
  } else if (const auto* won = std::get_if<Won>(&record)) {
    saw_commit(won->item, this->worker(won->worker));
  } else if (const auto* beat = std::get_if<Beat>(&record)) {
    info.last_record = std::max(info.last_record, beat->time);
  } else if (const auto* bye = std::get_if<Bye>(&record)) {
    info.ended = true;
    info.reason = bye->reason;
    info.last_record = std::max(info.last_record, bye->time);
  }
}

void Facts::saw_claim(const trial::ItemId& item, int attempt, int worker) { touch(item, attempt, worker); }

void Facts::saw_commit(const trial::ItemId& item, int worker) {
  auto& rung = touch(item);
  rung.committer = worker;
  settle(item, rung);
}

void Facts::set_generation(Generation generation) {
  generation_ = std::move(generation);
  for (const auto& closing : {generation_.before, generation_.members}) {
    if (!closing) continue;
    for (const auto& item : closing->items) touch(item);
  }
  for (const auto trial : generation_.outside) touch({trial, 0});  // known by this list alone, perhaps
  failures_ = 0;
  for (std::size_t i = 0; i < trials_.size(); ++i) {
    const auto& rungs = trials_[i].rungs;
    for (std::size_t rung = 0; rung < rungs.size(); ++rung) {
      failures_ += failed_now({static_cast<trial::TrialId>(i), static_cast<int>(rung)}, rungs[rung]) ? 1 : 0;
    }
  }
  touch_all();
}

void Facts::touch_all() {
  for (std::size_t i = 0; i < trials_.size(); ++i) {
    const auto& rungs = trials_[i].rungs;
    if (trials_[i].unchanged && !rungs.empty()) changed_.push_back(static_cast<trial::TrialId>(i));
    trials_[i].unchanged = rungs.empty();
  }
}

void Facts::set_judge(trial::Judge judge) {
  if (judge == *judge_) return;
  const bool anew = judge.reward() != judge_->reward();
  judge_ = std::make_shared<const trial::Judge>(std::move(judge));
  derived_.merge(judge_->reward().names());
  if (anew) touch_all();
}

std::optional<double> Facts::ended_at(trial::TrialId trial) const {
  const auto index = static_cast<std::size_t>(trial);
  if (index >= trials_.size() || trials_[index].rungs.empty()) return std::nullopt;
  double last = 0;
  for (const auto& rung : trials_[index].rungs) {
    if (!rung.settled) return std::nullopt;
    for (const auto& attempt : rung.attempts) last = std::max(last, attempt.ended);
  }
  return last;
}

const trial::Proposal* Facts::proposal(trial::TrialId trial) const {
  const auto index = static_cast<std::size_t>(trial);
  if (index >= trials_.size()) return nullptr;
  const auto& facts = trials_[index];
  for (const auto& rung : facts.rungs) {
    if (rung.compacted && facts.shown) return &facts.shown->first;
    if (const auto* describing = rung.describing()) return describing->what.get();
  }
  return nullptr;
}

void Facts::note_import(trial::TrialId trial) {
  auto& facts = trials_[static_cast<std::size_t>(trial)];
  imports_ += facts.import ? 0 : 1;
  facts.import = true;
}

bool Facts::is_import(trial::TrialId trial) const {
  const auto index = static_cast<std::size_t>(trial);
  return index < trials_.size() && trials_[index].import;
}

std::vector<trial::TrialId> Facts::unknown_claimants() const {
  std::vector<trial::TrialId> numbers;
  for (std::size_t i = 0; i < trials_.size(); ++i) {
    if (trials_[i].rungs.empty() || trials_[i].import || trials_[i].rungs.front().compacted) continue;
    const auto& attempts = trials_[i].rungs.front().attempts;
    if (attempts.empty() || attempts.front().number > 1 || attempts.front().worker < 0)
      numbers.push_back(static_cast<trial::TrialId>(i));
  }
  return numbers;
}

bool Facts::taken(trial::TrialId trial) const {
  const auto index = static_cast<std::size_t>(trial);
  return index < trials_.size() && !trials_[index].rungs.empty();
}

trial::TrialId Facts::first_free(trial::TrialId from) const {
  while (taken(first_free_)) ++first_free_;
  auto number = std::max(from, first_free_);
  while (taken(number)) ++number;
  return number;
}

std::vector<trial::ItemId> Facts::open() const {
  std::vector<trial::ItemId> result;
  for (const auto& item : open_) {
    if (generation_.counts(item)) result.push_back(item);
  }
  return result;
}

std::set<trial::ItemId> Facts::claimed() const {
  std::set<trial::ItemId> result;
  for (std::size_t trial = 0; trial < trials_.size(); ++trial) {
    for (std::size_t rung = 0; rung < trials_[trial].rungs.size(); ++rung) {
      result.insert(result.end(), {static_cast<trial::TrialId>(trial), static_cast<int>(rung)});
    }
  }
  return result;
}

Rung* Facts::find(const trial::ItemId& item) { return const_cast<Rung*>(std::as_const(*this).find(item)); }

const Rung* Facts::find(const trial::ItemId& item) const {
  const auto trial = static_cast<std::size_t>(item.trial);
  const auto rung = static_cast<std::size_t>(item.rung);
  if (trial >= trials_.size() || rung >= trials_[trial].rungs.size()) return nullptr;
  return &trials_[trial].rungs[rung];
}

}  // namespace assay::study
