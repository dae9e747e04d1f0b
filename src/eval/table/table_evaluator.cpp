// Trials that are looked up: at once, or after the time that they took.
#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "base/time.hpp"
#include "eval/table/table.hpp"
#include "os/signal.hpp"
#include "trial/ending.hpp"

namespace assay::eval {
namespace {

class TableEvaluator final : public trial::Evaluator {
 public:
  TableEvaluator(Table table, double wait, std::function<double()> timeout)
      : table_(std::move(table)), wait_(wait), timeout_(std::move(timeout)) {}

  trial::Outcome run(const trial::Work& work, trial::Reporter& reporter) override {
    auto [outcome, reports] = table_.look_up(work.what.params, work.at, work.made);
    const double start = base::steady_seconds(), limit = timeout_();
    const auto over = [&](double seconds) { return limit > 0 && wait_ * seconds > limit; };
    for (const auto& report : reports) {
      if (over(report.seconds)) return timed_out(start, limit);
      if (!wait_until(start + wait_ * report.seconds)) return again();
      if (reporter.report(report.step, report.metrics) == trial::Verdict::go_on) continue;
      trial::stop_at(outcome, report);
      return outcome;
    }
    if (over(outcome.device_seconds)) return timed_out(start, limit);
    if (!wait_until(start + wait_ * outcome.device_seconds)) return again();
    return outcome;
  }

 private:
  trial::Outcome timed_out(double start, double limit) const {
    if (!wait_until(start + limit)) return again();
    trial::Outcome outcome;
    outcome.state = trial::State::failed;
    outcome.failure = trial::Failure::timeout;
    outcome.reason = "the table lets the training wait longer than " + base::format_duration(limit);
    outcome.device_seconds = limit / wait_;
    return outcome;
  }

  static trial::Outcome again() {
    trial::Outcome outcome;
    outcome.again = true;
    outcome.reason = "the worker left (" + os::signal_name(os::stop_signal()) + ")";
    return outcome;
  }

  /// False if a stop was asked for meanwhile.
  static bool wait_until(double end) {
    for (;;) {
      const double left = end - base::steady_seconds();
      if (left <= 0) return true;
      if (os::stop_signal() != 0) return false;
      std::this_thread::sleep_for(std::chrono::duration<double>(std::min(left, 0.05)));
    }
  }

  Table table_;
  double wait_;
  std::function<double()> timeout_;
};

}  // namespace

std::unique_ptr<trial::Evaluator> make_table_evaluator(const config::Config& config,
                                                       std::shared_ptr<const space::Space> space,
                                                       std::function<double()> timeout) {
  return std::make_unique<TableEvaluator>(Table(config, std::move(space)), config.number("trial.table.wait"),
                                          std::move(timeout));
}

}  // namespace assay::eval
