#include "train/loop.hpp"

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>

#include "base/log.hpp"
#include "base/time.hpp"
#include "os/signal.hpp"
#include "train/schedule.hpp"
#include "train/steps.hpp"

namespace assay::train {
namespace {

/// What a rank wants before the next step; the group does the most urgent one.
enum Wish { go_on, save, leave, give_up };

/// Ranks talk about their wishes every so many steps.
constexpr std::int64_t agreement_steps = 16;

static_assert(std::is_trivially_copyable_v<Position>);  // goes from rank 0 to the others as it is

/// Says whether earlier work was used: a trial that resumes, or cannot, is worth a line; the rest is for -v.
void say_start(const Loaded& loaded, const os::Path& previous) {
  switch (loaded.start) {
    case Start::resumed:
      base::log_info("the trial resumes at epoch {}, step {}", loaded.position.epoch, loaded.position.step);
      break;
    case Start::continued:
      base::log_detail("the trial continues after epoch {}", loaded.position.epoch);
      break;
    case Start::weights:
      base::log_detail("the trial starts from the weights in {}", previous.string());
      break;
    case Start::scratch:
      base::log_info("the trial starts at epoch 0: {} has no checkpoint of it", previous.string());
      break;
  }
}

class Training {
 public:
  Training(Model& model, const Job& job);
  Result run();

 private:
  enum class Epoch { complete, left, oom, timeout };
  void start_from_previous();
  Epoch run_epoch();
  Wish wish(std::int64_t overall) const;
  void checkpoint();
  Metrics score() const;
  /// Adds the time since the last call to the training's seconds.
  void count_seconds();
  Result finish(Result::End end, std::string reason);

  Model& model_;
  const Job& job_;
  Steps steps_;
  Schedule schedule_;
  Position position_;
  Result result_;
  double began_at_, saved_at_, counted_at_;
};

Training::Training(Model& model, const Job& job)
    : model_(model),
      job_(job),
      steps_(model, job.train, job.positions, job.settings, job.seed, job.sum),
      schedule_(make_schedule(job.settings, steps_.steps_per_epoch())),
      began_at_(base::steady_seconds()),
      saved_at_(began_at_),
      counted_at_(began_at_) {
  start_from_previous();
}

/// Rank 0 decides whether and from where, and gives its state to the others: theirs may not see the file yet, or see an
/// older one. Random numbers follow from the position.
void Training::start_from_previous() {
  const auto& group = job_.sum.group();
  if (group.max(job_.previous.empty() ? 0 : 1) == 0) return;
  if (group.rank() == 0 && !job_.previous.empty()) {
    const auto loaded =
        load_checkpoint(job_.previous, *model_.module, steps_.optimizer(), job_.identity, job_.settings.epochs);
    position_ = loaded.position;
    say_start(loaded, job_.previous);
  }
  if (group.size() == 1) return;
  std::string bytes(reinterpret_cast<const char*>(&position_), sizeof position_);
  group.broadcast(bytes);
  std::memcpy(&position_, bytes.data(), sizeof position_);
  steps_.share_state();
}

Wish Training::wish(std::int64_t overall) const {
  const auto& group = job_.sum.group();
  if (group.size() > 1 && overall % agreement_steps != 0) return go_on;
  Wish mine = go_on;
  if (job_.timeout > 0 && base::steady_seconds() - began_at_ > job_.timeout) {
    mine = give_up;
  } else if (os::stop_signal() != 0) {
    mine = leave;
  } else if (!job_.folder.empty() && base::steady_seconds() - saved_at_ > job_.checkpoint_seconds) {
    mine = save;
  }
  return static_cast<Wish>(group.max(mine));
}

void Training::count_seconds() {
  const auto now = base::steady_seconds();
  position_.seconds += now - counted_at_;
  counted_at_ = now;
}

void Training::checkpoint() {
  if (job_.folder.empty()) return;
  average_buffers(*model_.module, job_.sum);
  job_.sum.wait();
  position_.loss_sum = steps_.loss_sum();
  count_seconds();
  if (job_.sum.group().rank() == 0) {
    save_checkpoint(job_.folder, *model_.module, steps_.optimizer(), position_, job_.identity, job_.seed);
  }
  job_.sum.group().barrier();
  saved_at_ = counted_at_ = base::steady_seconds();
}

Training::Epoch Training::run_epoch() {
  steps_.start_epoch(position_.epoch, position_.loss_sum);
  counted_at_ = base::steady_seconds();
  for (; position_.step < steps_.steps_per_epoch(); ++position_.step) {
    const auto overall = position_.epoch * steps_.steps_per_epoch() + position_.step;
    if (const auto asked = wish(overall); asked != go_on) {
      if (asked == give_up) return Epoch::timeout;
      checkpoint();
      if (asked == leave) {
        // The signal may have reached another rank only; the leader must not take the next trial either.
        if (os::stop_signal() == 0) os::request_stop(SIGUSR2);
        return Epoch::left;
      }
    }
    if (!steps_.take(position_.step, overall, schedule_.rate(overall))) return Epoch::oom;
  }
  return Epoch::complete;
}

Metrics Training::score() const {
  const auto rows = std::max<std::int64_t>(1, job_.settings.batch_size / job_.settings.accumulate);
  return evaluate(model_, job_.valid, rows, steps_.bf16(), job_.sum.group());
}

Result Training::finish(Result::End end, std::string reason) {
  result_.end = end;
  result_.reason = std::move(reason);
  result_.train_seconds = position_.seconds;
  result_.epochs = position_.epoch;
  return result_;
}

Result Training::run() {
  while (position_.epoch < job_.settings.epochs) {
    const auto how = run_epoch();
    if (how == Epoch::timeout) {
      return finish(Result::End::timeout,
                    fmt::format("the training took longer than {}, in epoch {} of {}",
                                base::format_duration(job_.timeout), position_.epoch + 1, job_.settings.epochs));
    }
    if (how == Epoch::left) return finish(Result::End::left, os::signal_name(os::stop_signal()));
    if (how == Epoch::oom) {
      return finish(Result::End::oom, fmt::format("the memory of {} does not hold a batch of {} rows",
                                                  steps_.device().str(), job_.settings.batch_size));
    }
    const double loss = steps_.loss_sum() / static_cast<double>(steps_.rows());
    count_seconds();
    job_.sum.check();
    position_ = {.epoch = position_.epoch + 1, .seconds = position_.seconds};
    average_buffers(*model_.module, job_.sum);
    job_.sum.wait();
    result_.metrics = score();
    if (!std::isfinite(loss) || !std::isfinite(result_.metrics.at("loss"))) {
      return finish(Result::End::nan, fmt::format("the loss is not finite in epoch {}", position_.epoch));
    }
    auto reported = result_.metrics;
    reported["train_loss"] = loss;
    const bool stop = job_.report && job_.report(position_.epoch, reported);
    if (job_.sum.group().max(stop ? 1 : 0) != 0) return finish(Result::End::stopped, "stopped after its report");
  }
  if (job_.leave_checkpoint) {
    steps_.start_epoch(position_.epoch);
    checkpoint();
  }
  if (result_.metrics.empty()) result_.metrics = score();  // an earlier attempt made every epoch
  return finish(Result::End::done, "");
}

}  // namespace

Result train(Model& model, const Job& job) {
  try {
    return Training(model, job).run();
  } catch (const c10::OutOfMemoryError&) {
    if (job.sum.group().size() > 1) throw;
    return {.end = Result::End::oom, .reason = "the device's memory does not hold this network"};
  }
}

}  // namespace assay::train
