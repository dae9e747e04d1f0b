// assay check: a rehearsal in a temporary folder, before hours are spent: the configuration, the data, and a few tiny
// trials of random networks with the real programs.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <set>

#include "apps/assay/verbs.hpp"
#include "base/command.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "config/check.hpp"
#include "launch/submit.hpp"
#include "launch/summary.hpp"
#include "os/file.hpp"
#include "os/host.hpp"
#include "os/process.hpp"
#include "pipeline/pipeline_check.hpp"
#include "run/results.hpp"
#include "study/study.hpp"

namespace assay::apps {
namespace {

namespace fs = std::filesystem;
using base::Exit;
using run::Stage;

constexpr int trials = 5;
constexpr double rows_per_trial = 512;

/// A folder that goes away with this object unless it is kept for looking at.
struct Rehearsal {
  fs::path folder = fs::temp_directory_path() / ("assay-check-" + os::random_name());
  bool keep = false;
  Rehearsal() = default;
  Rehearsal(const Rehearsal&) = delete;             // owns a folder
  Rehearsal& operator=(const Rehearsal&) = delete;  // owns a folder
  ~Rehearsal() {
    std::error_code error;
    if (!keep) fs::remove_all(folder, error);
  }
};

fs::path configuration_of(const Target& target) {
  const auto founded = target.folder / "run.toml";
  if (target.config) return *target.config;
  if (!os::file_size(founded))
    base::fail(Exit::config, "{} is neither a run folder nor a configuration (.toml)", target.folder.string());
  return founded;
}

/// Runs one stage; its own sentence is what the user sees if it fails, without advice to look into a folder that goes
/// away. A search of which trials failed is for judge().
void run_program(const std::vector<std::string>& arguments, const Rehearsal& rehearsal) {
  const auto said = rehearsal.folder / "said.log";
  os::Child child({.arguments = arguments, .standard_error = said});
  const auto ended = child.wait();
  auto text = os::try_read_file(said).value_or("");
  const auto begin = text.find("; `assay trials ");
  if (!rehearsal.keep && begin != std::string::npos) text.erase(begin, text.find('\n', begin) - begin);
  std::fputs(text.c_str(), stderr);
  if (ended.code == 0 || ended.code == static_cast<int>(Exit::partial)) return;
  const auto code = ended.signal != 0 ? Exit::defect : static_cast<Exit>(ended.code);
  base::fail(code, "the rehearsal stopped in {} ({})", fs::path(arguments.front()).filename().string(),
             ended.signal != 0 ? fmt::format("signal {}", ended.signal) : fmt::format("exit code {}", ended.code));
}

/// The smallest fidelity that still trains: stands in for the proxy that proxy-select would choose.
void pretend_proxy(const run::Run& run, std::int64_t train_rows) {
  run::ProxyFigures figures;
  figures.chosen = trial::Fidelity{
      .epochs = 1,
      .data = std::clamp(rows_per_trial / std::max<double>(1, static_cast<double>(train_rows)), 1e-4, 1.0)};
  figures.verdict = "rehearsal";
  run.begin(Stage::proxy);
  run.finish(Stage::proxy, run::to_json(figures), base::unix_seconds());
}

Exit judge(const run::Run& run) {
  auto reader = run.reader(Stage::search);
  const auto view = reader.refresh();
  const auto counts = view.counts();
  double seconds = 0;
  for (const auto& trial : view.trials()) {
    if (!trial) continue;
    for (const auto& rung : trial->rungs) {
      seconds += rung.ended - rung.started;
      if (rung.state == trial::State::failed || rung.state == trial::State::infeasible) {
        std::printf("trials    trial %lld: %s\n", static_cast<long long>(trial->id), rung.reason.c_str());
      }
    }
  }
  // A space of fewer points has fewer trials.
  const auto total = counts.done + counts.failed + counts.infeasible + counts.stopped;
  // A limit or a reward on a metric that nobody reports would make every trial of the search useless.
  std::set<std::string> lacking;
  for (const auto& trial : view.trials()) {
    const auto* result = trial ? trial->result() : nullptr;
    if (result == nullptr) continue;
    for (const auto& name : view.judge().lacking(result->metrics)) lacking.insert(name);
  }
  std::printf("trials    %lld of %lld tiny trials done, %.2f s each\n", static_cast<long long>(counts.done),
              static_cast<long long>(total), seconds / static_cast<double>(std::max<std::int64_t>(1, total)));
  if (!lacking.empty()) {
    std::printf(
        "trials    %s was not reported, which [objectives], [[constraint]] or [[reward]] names: no trial could "
        "become the best\n",
        base::join({lacking.begin(), lacking.end()}, ", ").c_str());
    return Exit::config;
  }
  if (counts.done == total && total > 0) return Exit::done;
  return counts.done > 0 ? Exit::partial : Exit::config;
}

Exit check(const cli::Values& values) {
  const auto target = target_of(values);
  const auto file = configuration_of(target);
  const auto given = config::Config::load(file, values.texts("--set"));
  if (config::by_hand(given)) {
    std::printf("settings  %s is well formed\nnext      a script measures its trials: %s\n", file.c_str(),
                base::proposal({"assay", "ask", file.string()}).c_str());
    return Exit::done;
  }
  pipeline::check_pipeline(given);
  Rehearsal rehearsal;
  rehearsal.keep = values.flag("--keep");
  auto overrides = values.texts("--set");
  for (const auto* extra :
       {"search.algorithm=random", "search.parallel=1", "search.max_failed=5", "search.points=[]", "search.import=[]"})
    overrides.emplace_back(extra);
  overrides.push_back("search.max_trials=" + std::to_string(trials));
  const auto run = run::Run::open(rehearsal.folder, file, overrides);
  std::printf("settings  %s is well formed\n", file.c_str());
  std::fflush(stdout);

  const auto bin = launch::bin_folder();
  const auto folder = rehearsal.folder.string();
  run_program({(bin / executable(Stage::split)).string(), folder, "-q"}, rehearsal);
  const auto split = run.need(Stage::split);
  pretend_proxy(run, run::split_figures(split).train);
  run_program({(bin / executable(Stage::search)).string(), folder, "-q", "--device", values.text("--device", "auto")},
              rehearsal);
  const auto exit = judge(run);
  if (rehearsal.keep) {
    std::printf("kept      %s\n", folder.c_str());
  } else if (exit != Exit::done) {
    std::printf("removed   %s; --keep keeps it with all logs\n", folder.c_str());
  }
  if (exit == Exit::done) {
    std::printf("next      %s; %s\n", base::proposal({"assay", "plan", file.string()}).c_str(),
                base::proposal({"assay", "run", file.string()}).c_str());
  }
  return exit;
}

}  // namespace

cli::Verb check_verb() {
  return {"check", "rehearse a run: settings, data, five tiny trials",
          target_options({{.name = "--device", .help = "auto, cpu or cuda", .choices = {"auto", "cpu", "cuda"}},
                          {.kind = cli::Option::Kind::flag, .name = "--keep", .help = "keep the rehearsal's folder"}}),
          check};
}

}  // namespace assay::apps
