#include "train/checkpoint.hpp"

#include <cstdlib>

#include "base/error.hpp"
#include "base/log.hpp"
#include "nn/weights.hpp"

namespace assay::train {
namespace {

constexpr const char* model_prefix = "model.";

std::string field(const nn::TensorFile& file, const char* name) {
  const auto found = file.metadata.find(name);
  return found == file.metadata.end() ? std::string() : found->second;
}

bool fits(const nn::TensorFile& file, const nn::NamedTensors& wanted, const std::string& prefix) {
  for (const auto& [name, tensor] : wanted) {
    const auto* saved = file.find(prefix + name);
    if (!saved || saved->sizes() != tensor.sizes() || saved->scalar_type() != tensor.scalar_type()) return false;
  }
  return true;
}

void restore(const nn::TensorFile& file, const nn::NamedTensors& state) {
  const torch::NoGradGuard no_gradients;
  for (const auto& [name, tensor] : state) torch::Tensor(tensor).copy_(*file.find(name));
}

std::optional<nn::TensorFile> read(const os::Path& path) {
  if (!os::file_size(path)) return std::nullopt;
  try {
    return nn::load_tensors(path);
  } catch (const base::Error& error) {
    base::log_warning("{}; this training starts from the beginning", error.what());
    return std::nullopt;
  }
}

}  // namespace

void save_checkpoint(const os::Path& folder, const torch::nn::Module& module, const Optimizer& optimizer,
                     const Position& position, const Identity& identity, std::uint64_t seed) {
  nn::NamedTensors tensors;
  for (auto& [name, tensor] : nn::state_of(module)) tensors.emplace_back(model_prefix + name, tensor);
  for (auto& item : optimizer.state()) tensors.push_back(std::move(item));
  os::make_folders(folder);
  nn::save_tensors(folder / checkpoint_file, tensors,
                   {{"exact", identity.exact},
                    {"kin", identity.related},
                    {"epoch", std::to_string(position.epoch)},
                    {"step", std::to_string(position.step)},
                    {"seed", std::to_string(seed)},
                    {"loss_sum", fmt::format("{}", position.loss_sum)},
                    {"seconds", fmt::format("{}", position.seconds)}});
}

Loaded load_checkpoint(const os::Path& folder, torch::nn::Module& module, Optimizer& optimizer,
                       const Identity& identity, std::int64_t epochs) {
  const auto path = folder / checkpoint_file;
  const auto file = read(path);
  if (!file || !fits(*file, nn::state_of(module), model_prefix)) return {};
  nn::load_state(module, *file, model_prefix, path);

  Position position;
  position.epoch = std::atoll(field(*file, "epoch").c_str());
  position.step = std::atoll(field(*file, "step").c_str());
  const bool same = field(*file, "exact") == identity.exact;
  const bool related = identity.copy || field(*file, "kin") == identity.related;
  const bool longer = related && position.step == 0 && position.epoch < epochs;
  if ((!same && !longer) || !fits(*file, optimizer.state(), "")) return {.start = Start::weights, .position = {}};
  restore(*file, optimizer.state());
  position.loss_sum = std::strtod(field(*file, "loss_sum").c_str(), nullptr);
  position.seconds = std::strtod(field(*file, "seconds").c_str(), nullptr);
  return {.start = same ? Start::resumed : Start::continued, .position = position};
}

}  // namespace assay::train
