#include "cli/worker_pool.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <memory>
#include <thread>
#include <vector>

#include "base/log.hpp"
#include "base/text.hpp"
#include "os/host.hpp"
#include "os/process.hpp"
#include "os/signal.hpp"

namespace assay::cli {
namespace {

using base::Exit;

constexpr int most_restarts = 3;  ///< of one worker

/// argv without --workers, --force and --threads and their values: those are the crew's business.
std::vector<std::string> arguments_of_one(int argc, char** argv, int threads) {
  std::vector<std::string> result = {std::filesystem::read_symlink("/proc/self/exe").string()};
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--force" || word.starts_with("--workers=") || word.starts_with("--threads=")) continue;
    if (word == "--workers" || word == "--threads") {
      ++i;
      continue;
    }
    result.push_back(word);
  }
  result.insert(result.end(), {"--threads", std::to_string(threads)});
  return result;
}

struct Worker {
  std::unique_ptr<os::Child> child;  ///< null once it ended for good
  os::Command command;
  int restarts = 0;
  int code = -1;
};

/// True while it goes on.
bool look(Worker& worker, std::size_t index) {
  const auto how = worker.child->poll();
  if (!how) return true;
  worker.child.reset();
  if (how->signal == 0) {
    worker.code = how->code;
    if (how->code != 0 && how->code != 3 && how->code != 75) {
      base::log_warning("worker {} of this job ended with exit code {}; the others go on", index, how->code);
    }
    return false;
  }
  worker.code = static_cast<int>(Exit::defect);
  const bool again = os::stop_signal() == 0 && worker.restarts++ < most_restarts;
  base::log_warning("worker {} of this job was killed by signal {}{}", index, how->signal,
                    again ? " and is started again" : "; the others go on");
  if (again) worker.child = std::make_unique<os::Child>(worker.command);
  return again;
}

int exit_of_all(const std::vector<Worker>& crew) {
  const auto any = [&](int code) {
    return std::any_of(crew.begin(), crew.end(), [&](const Worker& worker) { return worker.code == code; });
  };
  for (const auto code : {Exit::done, Exit::partial, Exit::again}) {
    if (any(static_cast<int>(code))) return static_cast<int>(code);
  }
  return crew.front().code;
}

}  // namespace

int run_worker_pool(int argc, char** argv, const run::Run& run, const StageOptions& options) {
  if (launched().size > 1) {
    base::fail(Exit::config, "--workers is for one process per job; under mpirun or srun start more ranks instead");
  }
  const int cores = options.threads > 0 ? options.threads : os::usable_cores();
  const int threads = std::max(1, cores / options.workers);
  const auto gpus = options.device == "cpu" ? std::vector<std::string>{} : os::visible_gpus();
  const auto each = static_cast<int>(run.config().integer("trial.gpus"));

  std::vector<Worker> crew(static_cast<std::size_t>(options.workers));
  for (std::size_t i = 0; i < crew.size(); ++i) {
    auto& command = crew[i].command;
    command.arguments = arguments_of_one(argc, argv, threads);
    command.environment["OMP_NUM_THREADS"] = std::to_string(threads);
    if (!gpus.empty())
      command.environment["CUDA_VISIBLE_DEVICES"] = base::join(os::share_of_gpus(gpus, static_cast<int>(i), each), ",");
    crew[i].child = std::make_unique<os::Child>(command);
  }
  base::log_info("{} workers with {} thread{} each{}", crew.size(), threads, threads == 1 ? "" : "s",
                 gpus.empty() ? "" : fmt::format(", on {} GPUs", gpus.size()));
  bool asked = false, running = true;
  while (running) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const bool ask = os::stop_signal() != 0 && !asked;
    running = false;
    for (std::size_t i = 0; i < crew.size(); ++i) {
      if (!crew[i].child) continue;
      if (ask) crew[i].child->signal(SIGUSR2);
      running = look(crew[i], i) || running;
    }
    asked = asked || ask;
  }
  return exit_of_all(crew);
}

}  // namespace assay::cli
