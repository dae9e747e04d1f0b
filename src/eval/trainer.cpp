#include "eval/trainer.hpp"

#include <algorithm>
#include <new>
#include <optional>
#include <set>
#include <utility>

#ifdef ASSAY_WITH_CUDA
#include <c10/cuda/CUDACachingAllocator.h>
#endif

#include "arch/lower.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/time.hpp"
#include "eval/export_metadata.hpp"
#include "eval/latency.hpp"
#include "nn/network_module.hpp"
#include "nn/weights.hpp"
#include "os/file.hpp"
#include "train/device.hpp"
#include "train/loop.hpp"
#include "train/training_data.hpp"
#include "trial/reward.hpp"

namespace assay::eval {
namespace {

using base::Json;
using trial::Failure;
using trial::Outcome;
using trial::State;

Outcome failed(State state, Failure failure, std::string reason) {
  Outcome outcome;
  outcome.state = state;
  outcome.failure = failure;
  outcome.reason = std::move(reason);
  return outcome;
}

/// One trial's network and settings at its fidelity.
struct Design {
  train::Settings settings;
  arch::Network network;  ///< as trained, reduced by the fidelity
  arch::Counts counts;    ///< of the full network: what the objectives mean, also on a narrower proxy
  std::string network_hash;
  std::optional<arch::Network> full;  ///< kept only for the latency
};

train::Identity identity_of(const Json& concrete, const trial::Work& work, const train::Settings& settings, Rows rows,
                            const data::Dataset& dataset) {
  auto model = concrete;
  model["training"].erase("epochs");
  Json all = {{"values", model},
              {"seed", work.seed},
              {"rows", rows == Rows::final ? "final" : "search"},
              {"data", dataset.sha256},
              {"share", work.at.data},
              {"width", work.at.width},
              {"resolution", work.at.resolution}};
  if (settings.accumulate > 1) all["accumulate"] = settings.accumulate;
  train::Identity identity;
  identity.copy = work.what.from && work.what.from->trial != work.item.trial;
  identity.related = base::sha256(all.dump());
  all["epochs"] = settings.epochs;
  identity.exact = base::sha256(all.dump());
  return identity;
}

/// Attempts of one item are siblings, "<rung>.<attempt>" in the trial's folder.
bool same_item(const os::Path& previous, const os::Path& folder) {
  return !previous.empty() && previous != folder && previous.parent_path() == folder.parent_path() &&
         previous.stem() == folder.stem() && previous.has_extension() && folder.has_extension();
}

bool out_of_memory(const std::exception& error) {
  const std::string text = error.what();
  return dynamic_cast<const std::bad_alloc*>(&error) || dynamic_cast<const c10::OutOfMemoryError*>(&error) ||
         text.find("allocate memory") != std::string::npos || text.find("out of memory") != std::string::npos;
}

class Trainer : public trial::Evaluator {
 public:
  explicit Trainer(const Context& context);
  Outcome run(const trial::Work& work, trial::Reporter& reporter) override;

 private:
  train::TrainingData& data();
  Design design(const Json& concrete, const trial::Work& work);
  Outcome train_one(const trial::Work& work, const Json& concrete, Design& design, trial::Reporter& reporter);
  void save_network(const trial::Work& work, const arch::Network& network, const torch::nn::Module& module) const;
  void drop_checkpoints(const trial::Work& work, const Outcome& outcome) const;
  int ranks() const { return context_.group.size(); }

  Context context_;
  torch::Device device_;
  train::Sum sum_;
  std::set<std::string> wanted_;
  std::unique_ptr<train::TrainingData> material_;
  bool warned_bf16_ = false;
};

Trainer::Trainer(const Context& context)
    : context_(context),
      device_(train::choose_device(context.device, context.group.local_rank())),
      sum_(context.group, device_),
      wanted_(context.run.judge().named()) {
  if (data::is_external(context.run.config())) {
    base::fail(base::Exit::config,
               "[data] external = true: the built-in trainer cannot read these data. Name your own trainer with "
               "[trial] command.");
  }
  train::set_threads(context.threads, ranks());
}

train::TrainingData& Trainer::data() {
  if (!material_) {
    const auto rows = context_.rows == Rows::final ? train::Rows::final : train::Rows::search;
    material_ = std::make_unique<train::TrainingData>(context_.run, rows, device_);
  }
  return *material_;
}

Design Trainer::design(const Json& concrete, const trial::Work& work) {
  const auto& at = work.at;
  Design design;
  design.settings = train::settings_from(concrete.at("training"), concrete.at("augment"));
  if (at.epochs >= 1) design.settings.epochs = at.epochs;                          // 0: the epochs are searched
  if (work.what.tags.contains(trial::halved_tag)) design.settings.accumulate = 2;  // it ran out of memory once
  if (design.settings.precision == train::Settings::Precision::bf16 && device_.is_cpu() && !warned_bf16_) {
    base::log_warning("training.precision = \"bf16\" is for GPUs; on the CPU the training is done in fp32");
    warned_bf16_ = true;
  }
  const auto& model = concrete.at("model");
  auto full = arch::lower(model, data().outputs());
  design.counts = arch::count(full);
  design.network_hash = arch::canonical_hash(full);
  const bool reduced = at.width != 1 || at.resolution != 1;
  design.network =
      reduced ? arch::lower(model, data().outputs(), {.width = at.width, .resolution = at.resolution}) : full;
  if (wanted_.contains("latency_ms")) design.full = std::move(full);
  return design;
}

void Trainer::save_network(const trial::Work& work, const arch::Network& network,
                           const torch::nn::Module& module) const {
  if (context_.group.rank() != 0) return;
  os::make_folders(work.folder);
  auto metadata =
      export_metadata(context_.run.config(), material_->train_set(), material_->normaliser(), network.input());
  metadata["seed"] = std::to_string(work.seed);
  metadata["network"] = arch::canonical_hash(network);
  nn::save_tensors(work.folder / "weights.safetensors", nn::state_of(module), metadata);
  os::publish(work.folder / "network.json", arch::to_json(network).dump(2) + "\n");
}

Outcome Trainer::train_one(const trial::Work& work, const Json& concrete, Design& design, trial::Reporter& reporter) {
  const auto& parts = data().parts(design.network.input());
  auto model = train::as_model(std::make_shared<nn::NetworkModule>(design.network, work.seed));
  // Known from the beginning; where they count, each report tells them, for early stopping to judge by.
  const trial::Metrics sizes = {{"parameters", static_cast<double>(design.counts.parameters)},
                                {"multiply_adds", static_cast<double>(design.counts.multiply_adds)}};
  const train::Job job{.train = parts.train,
                       .valid = parts.valid,
                       .positions = data().positions(work.at.data),
                       .settings = design.settings,
                       .seed = work.seed,
                       .sum = sum_,
                       .identity = identity_of(concrete, work, design.settings, context_.rows, data().train_set()),
                       .folder = work.folder,
                       .previous = work.previous,
                       .leave_checkpoint = context_.keep_checkpoint,
                       .timeout = context_.run.trial_timeout(),
                       .report = [&](std::int64_t epoch, const train::Metrics& metrics) {
                         auto all = metrics;
                         for (const auto& [name, value] : sizes) {
                           if (wanted_.contains(name)) all[name] = value;
                         }
                         return reporter.report(epoch, all) == trial::Verdict::stop;
                       }};
  const auto result = train::train(model, job);

  using End = train::Result::End;
  Outcome outcome;
  outcome.reason = result.reason;
  outcome.metrics = result.metrics;
  outcome.metrics.insert(sizes.begin(), sizes.end());
  outcome.metrics["train_seconds"] = result.train_seconds;
  outcome.attributes = {{"device", device_.str()}, {"network", design.network_hash}};
  if (design.settings.accumulate > 1) outcome.attributes["accumulate"] = std::to_string(design.settings.accumulate);
  switch (result.end) {
    case End::nan:
      return failed(State::failed, Failure::nan, result.reason);
    case End::oom:
      return failed(State::failed, Failure::oom, result.reason);
    case End::timeout:
      return failed(State::failed, Failure::timeout, result.reason);
    case End::left:
      outcome.again = true;
      return outcome;
    case End::stopped:
      outcome.state = State::stopped;
      break;
    case End::done:
      break;
  }
  if (design.full) outcome.metrics["latency_ms"] = latency_ms(*design.full, device_.str());
  if (context_.keep_weights) save_network(work, design.network, *model.module);
  return outcome;
}

/// Checkpoints are for the case of a crash; a rung's last one is for the next rung. What this attempt went on from is
/// of no use any more, if it is of the same item: a lower rung's, or another trial's, may still serve others.
void Trainer::drop_checkpoints(const trial::Work& work, const Outcome& outcome) const {
  if (context_.group.rank() != 0) return;
  const bool usable = outcome.state == State::done || outcome.state == State::stopped;
  const bool keep = outcome.again || (context_.keep_checkpoint && usable);
  if (!keep) os::remove_all(work.folder / study::checkpoint_file);
  if (outcome.again && !os::file_size(work.folder / study::checkpoint_file)) return;
  if (same_item(work.previous, work.folder)) os::remove_all(work.previous / study::checkpoint_file);
}

Outcome Trainer::run(const trial::Work& work, trial::Reporter& reporter) {
  data();  // read once per worker: no cost of its first trial
  auto started = base::steady_seconds();
  Outcome outcome;
  try {
    Json concrete;
    std::optional<Design> made;
    try {
      concrete = context_.space->instantiate(work.what.params);
    } catch (const base::Error& error) {
      return failed(State::infeasible, Failure::invalid, error.what());
    }
    data().check_input(concrete.at("model"));  // wrong for every trial: ends the worker
    try {
      made = design(concrete, work);
    } catch (const base::Error& error) {
      if (error.code() != base::Exit::config) throw;
      return failed(State::infeasible, Failure::invalid, error.what());
    }
    data().parts(made->network.input());  // likewise, once per input shape
    started = base::steady_seconds();
    outcome = train_one(work, concrete, *made, reporter);
  } catch (const base::Error&) {
    throw;
  } catch (const std::exception& error) {
    // The other ranks of a group cannot know; errors of the GPU itself are the machine's, not the trial's.
    if (ranks() > 1) throw;
    const auto* torch_error = dynamic_cast<const c10::Error*>(&error);
    const std::string text = torch_error ? torch_error->what_without_backtrace() : error.what();
    if (out_of_memory(error)) {
      outcome = failed(State::failed, Failure::oom,
                       "the memory does not hold this network: " + text.substr(0, text.find('\n')));
    } else if (torch_error && text.find("CUDA") == std::string::npos && text.find("NCCL") == std::string::npos) {
      outcome = failed(State::failed, Failure::crash, text.substr(0, text.find('\n')));
    } else {
      throw;
    }
  }
#ifdef ASSAY_WITH_CUDA
  if (device_.is_cuda()) c10::cuda::CUDACachingAllocator::emptyCache();  // networks differ: old blocks only fragment
#endif
  drop_checkpoints(work, outcome);
  outcome.device_seconds = (base::steady_seconds() - started) * ranks();
  return outcome;
}

}  // namespace

std::unique_ptr<trial::Evaluator> make_trainer(const Context& context) { return std::make_unique<Trainer>(context); }

}  // namespace assay::eval
