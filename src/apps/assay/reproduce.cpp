// assay reproduce: one trial once more, by the real stage in a scratch run: same parameters, fidelity and seed. What it
// measures stands beside what was recorded; the run itself is not touched.
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <optional>

#include "apps/assay/stage_option.hpp"
#include "apps/assay/verbs.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "launch/submit.hpp"
#include "launch/summary.hpp"
#include "os/file.hpp"
#include "os/host.hpp"
#include "os/process.hpp"
#include "pipeline/steering.hpp"
#include "study/definition.hpp"
#include "study/record_writer.hpp"

namespace assay::apps {
namespace {

namespace fs = std::filesystem;
using base::Exit;
using run::Stage;

/// A run folder with this run's configuration and earlier stages (as links), in which one stage measures one trial.
class Scratch {
 public:
  Scratch(const run::Run& run, Stage stage, std::optional<std::string> keep)
      : stage_(stage),
        keep_(keep.has_value()),
        folder_(keep ? fs::absolute(*keep) : fs::temp_directory_path() / ("assay-reproduce-" + os::random_name())) {
    if (!os::list_folder(folder_).empty())
      base::fail(Exit::config, "{} is not empty: name another folder", folder_.string());
    os::make_folders(folder_, os::Rights::by_umask);
    os::publish(folder_ / "run.toml", os::read_file(run.folder() / "run.toml"));
    for (const auto other : run::all_stages) {
      if (other != stage && fs::exists(run.folder(other))) {
        fs::create_directory_symlink(run.folder(other), folder_ / to_string(other));
      }
    }
  }
  Scratch(const Scratch&) = delete;             // owns a folder
  Scratch& operator=(const Scratch&) = delete;  // owns a folder
  ~Scratch() {
    std::error_code error;
    if (!keep_) fs::remove_all(folder_, error);  // links go, what they point to stays
  }

  const fs::path& folder() const { return folder_; }
  fs::path stage_folder() const { return folder_ / to_string(stage_); }

 private:
  Stage stage_;
  bool keep_;
  fs::path folder_;
};

/// The study of the scratch run: founded as the original, every number taken and void but the one to measure.
void found(const run::Run& run, Stage stage, const Scratch& scratch, const trial::Trial& trial,
           const trial::Measurement& recorded, std::int64_t numbers) {
  const study::Layout original{run.folder(stage)}, layout{scratch.stage_folder()};
  os::make_folders(layout.stage);
  if (const auto begun = os::try_read_file(original.stage / "begun.json"))
    os::publish(layout.stage / "begun.json", *begun);
  study::create_or_join(layout, study::definition_from_json(*study::read_definition(original)));
  study::RecordWriter writer(layout.stage, run.judge());
  for (trial::TrialId n = 0; n < numbers; ++n) {
    const trial::ItemId item{n, 0};
    if (n != trial.id && writer.claim(item)) writer.record_void(item, "not the trial to reproduce");
  }
  auto what = trial.what_of(recorded);
  what.at = recorded.at;
  what.from.reset();
  if (writer.claim({trial.id, 0})) writer.offer({trial.id, 0}, what, recorded.at, "to be measured once more");
  writer.leave("prepared a reproduction");
}

void compare(const trial::Measurement& recorded, const trial::Measurement& measured) {
  std::printf("%-24s %-16s %-16s %s\n", "", "recorded", "reproduced", "difference");
  std::printf("%-24s %-16s %-16s\n", "state", trial::to_string(recorded.state).c_str(),
              trial::to_string(measured.state).c_str());
  auto names = recorded.metrics;
  names.insert(measured.metrics.begin(), measured.metrics.end());
  for (const auto& [name, any] : names) {
    const auto was = recorded.metrics.find(name), is = measured.metrics.find(name);
    const auto text = [](const auto& found, const auto& end) {
      return found == end ? "-" : fmt::format("{:.9g}", found->second);
    };
    std::string difference;
    if (was != recorded.metrics.end() && is != measured.metrics.end()) {
      difference =
          was->second == is->second ? "none, to the last bit" : fmt::format("{:.3g}", is->second - was->second);
    }
    std::printf("%-24s %-16s %-16s %s\n", name.c_str(), text(was, recorded.metrics.end()).c_str(),
                text(is, measured.metrics.end()).c_str(), difference.c_str());
  }
  if (!measured.reason.empty()) std::printf("reason: %s\n", measured.reason.c_str());
}

void print_json(const trial::Measurement& recorded, const trial::Measurement& measured, const fs::path& folder,
                bool kept) {
  base::Json json;
  for (const auto& [name, one] : {std::pair{"recorded", &recorded}, std::pair{"reproduced", &measured}}) {
    json[name] = {{"state", trial::to_string(one->state)},
                  {"reason", one->reason},
                  {"metrics", one->metrics},
                  {"host", one->host}};
  }
  if (kept) json["folder"] = folder.string();
  std::printf("%s\n", json.dump(2).c_str());
}

Exit reproduce(const cli::Values& values) {
  const auto run = open_run(values);
  const auto stage = stage_of(values);
  const auto view = pipeline::look_at(run, stage);
  const auto& trial = pipeline::trial_of(view, number_of(values.text("N", "")));
  if (!trial.proposed || trial.rungs.empty())
    base::fail(Exit::config, "trial {} has no parameters to reproduce", trial.id);
  const auto& recorded = trial.result() != nullptr ? *trial.result() : trial.rungs.back();

  if (!pipeline::can_measure(run)) {
    base::fail(Exit::config, "{} has neither a model nor a command: only your own script measures its trials",
               (run.folder() / "run.toml").string());
  }
  const auto status = run.status(stage);
  if (status.kind == run::Status::Kind::stale) {
    base::fail(Exit::upstream, "the run is not what it was when this trial was measured: {}", status.reason);
  }
  const Scratch scratch(run, stage, values.text("--keep"));
  // The search ends when its numbers are used up; a list when all of its own are.
  if (stage == Stage::search) run::set_keys(scratch.folder(), {"search.max_trials=1"});
  const auto listed = launch::planned_trials(run, stage);
  const auto known = static_cast<std::int64_t>(view.trials().size());
  found(run, stage, scratch, trial, recorded, stage == Stage::search ? 1 : std::max(listed, known));
  const bool json = values.flag("--json");
  if (!json) {
    std::printf("trial %lld of %s once more, at %s\n", static_cast<long long>(trial.id), to_string(stage).c_str(),
                trial::to_text(recorded.at, 0).c_str());
    if (recorded.item.rung > 0 || trial.first.from) {
      std::printf("it had gone on from a checkpoint; now it begins at the start, so the figures may differ\n");
    }
    std::fflush(stdout);
  }
  const auto log = scratch.folder() / "log";
  os::Child child({.arguments = {(launch::bin_folder() / executable(stage)).string(), scratch.folder().string(), "-q",
                                 "--device", values.text("--device", "auto"), "--threads",
                                 std::to_string(values.integer("--threads").value_or(0))},
                   .standard_output = log,
                   .standard_error = log});
  const auto ended = child.wait();
  study::Reader reader(scratch.stage_folder());
  const auto after = reader.refresh();
  const auto* again = after.find(trial.id);
  if (again == nullptr || again->rungs.empty() || again->state() == trial::State::running ||
      again->state() == trial::State::waiting) {
    const auto code = ended.signal != 0 ? Exit::defect : static_cast<Exit>(ended.code);
    base::fail(code == Exit::done ? Exit::defect : code, "{} did not measure the trial: {}", executable(stage),
               base::last_lines(os::try_read_file(log).value_or(""), 1));
  }
  const auto& measured = again->result() != nullptr ? *again->result() : again->rungs.back();
  if (json)
    print_json(recorded, measured, scratch.folder(), values.text("--keep").has_value());
  else
    compare(recorded, measured);
  if (values.text("--keep") && !json) std::printf("kept: %s\n", (scratch.stage_folder() / "trials").c_str());
  return measured.state == recorded.state ? Exit::done : Exit::partial;
}

}  // namespace

cli::Verb reproduce_verb() {
  using Kind = cli::Option::Kind;
  return {"reproduce",
          "measure one trial once more and compare; the run is not touched. 3: it ended in another way",
          {{.name = "RUN", .help = "run folder", .required = true},
           {.name = "N", .help = "number of the trial", .required = true},
           stage_option(),
           {.name = "--keep", .help = "folder to measure in, which is kept (default: a temporary one)"},
           {.name = "--device", .help = "auto, cpu or cuda", .choices = {"auto", "cpu", "cuda"}},
           {.kind = Kind::integer, .name = "--threads", .help = "threads of the training (default: all cores)"},
           {.kind = Kind::flag, .name = "--json", .help = "as JSON"}},
          reproduce};
}

}  // namespace assay::apps
