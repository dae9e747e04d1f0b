#include "train/parameters.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

#ifdef ASSAY_WITH_CUDA
#include <c10/core/Event.h>
#include <c10/cuda/CUDAStream.h>
#endif

#include "base/error.hpp"

namespace assay::train {
namespace {

constexpr std::int64_t alignment = 16;  // floats: 64 bytes, a cache line and more than any vector instruction wants

std::int64_t padded(std::int64_t count) { return (count + alignment - 1) / alignment * alignment; }

struct Entry {
  std::string name;
  torch::Tensor tensor;
};

}  // namespace

FlatParameters::FlatParameters(torch::nn::Module& module) {
  const torch::NoGradGuard no_gradients;
  std::vector<Entry> entries;
  for (const auto& item : module.named_parameters()) {
    if (!item.value().requires_grad()) continue;
    base::require(item.value().scalar_type() == torch::kFloat32, "parameter {} is not float32", item.key());
    entries.push_back({item.key(), item.value()});
  }
  std::stable_partition(entries.begin(), entries.end(), [](const Entry& entry) { return entry.tensor.dim() > 1; });
  std::int64_t size = 0;
  for (const auto& [name, tensor] : entries) {
    slots_.push_back({name, size, tensor.sizes().vec(), tensor.strides().vec()});
    size += padded(tensor.numel());
    if (tensor.dim() > 1) decayed_ = size;
  }
  const auto options = entries.empty() ? torch::TensorOptions(torch::kFloat32) : entries.front().tensor.options();
  values_ = torch::zeros({size}, options.requires_grad(false));
  gradients_ = torch::zeros_like(values_);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    auto& tensor = entries[i].tensor;
    auto mine = view(values_, slots_[i]);
    mine.copy_(tensor);
    tensor.set_data(mine);
    tensor.mutable_grad() = view(gradients_, slots_[i]);
  }
}

torch::Tensor FlatParameters::view(const torch::Tensor& flat, const Slot& slot) const {
  return flat.as_strided(slot.sizes, slot.strides, slot.offset);
}

nn::NamedTensors FlatParameters::by_name(const torch::Tensor& flat, const std::string& prefix) const {
  nn::NamedTensors tensors;
  for (const auto& slot : slots_) tensors.emplace_back(prefix + slot.name, view(flat, slot));
  return tensors;
}

void FlatParameters::clip(double most) {
  const torch::NoGradGuard no_gradients;
  gradients_.mul_((most / (gradients_.norm() + 1e-6)).clamp_max_(1.0));
}

Sum::Sum(comm::Group group, torch::Device device) : group_(std::move(group)) {
  if (group_.size() > 1 && device.is_cuda()) nccl_ = std::make_shared<comm::Nccl>(group_, device.index());
}

void Sum::operator()(torch::Tensor& tensor) const {
  if (group_.size() == 1 || tensor.numel() == 0) return;
  base::require(tensor.is_contiguous() && tensor.scalar_type() == torch::kFloat32,
                "only plain float32 tensors are summed");
#ifdef ASSAY_WITH_CUDA
  if (nccl_) {
    nccl_->sum(tensor.data_ptr<float>(), tensor.numel(), c10::cuda::getCurrentCUDAStream().stream());
    return;
  }
#endif
  group_.sum(tensor.data_ptr<float>(), tensor.numel());
}

void Sum::check() const {
  if (nccl_) nccl_->check();
}

void Sum::wait() const {
#ifdef ASSAY_WITH_CUDA
  if (!nccl_) return;
  c10::Event reached(c10::DeviceType::CUDA);
  reached.record(c10::cuda::getCurrentCUDAStream());
  while (!reached.query()) {
    nccl_->check();
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
#endif
}

void average_buffers(torch::nn::Module& module, const Sum& sum) {
  if (sum.group().size() == 1) return;
  const torch::NoGradGuard no_gradients;
  std::vector<torch::Tensor> buffers;
  for (auto& buffer : module.buffers()) {
    if (buffer.is_floating_point()) buffers.push_back(buffer);
  }
  if (buffers.empty()) return;
  std::vector<torch::Tensor> flat;
  for (const auto& buffer : buffers) flat.push_back(buffer.reshape({-1}));
  auto all = torch::cat(flat);
  sum(all);
  all.div_(sum.group().size());
  std::int64_t offset = 0;
  for (auto& buffer : buffers) {
    buffer.copy_(all.narrow(0, offset, buffer.numel()).view(buffer.sizes()));
    offset += buffer.numel();
  }
}

void share(std::vector<torch::Tensor> tensors, const comm::Group& group) {
  if (group.size() == 1) return;
  const torch::NoGradGuard no_gradients;
  for (auto& tensor : tensors) {
    auto host = tensor.cpu().contiguous();
    std::string bytes;
    if (group.rank() == 0) bytes.assign(static_cast<const char*>(host.data_ptr()), host.nbytes());
    group.broadcast(bytes);
    base::require(bytes.size() == host.nbytes(), "the ranks of a group built different networks");
    std::memcpy(host.data_ptr(), bytes.data(), bytes.size());
    tensor.copy_(host);
  }
}

void share_parameters(torch::nn::Module& module, FlatParameters& parameters, const comm::Group& group) {
  std::vector<torch::Tensor> tensors{parameters.values()};
  for (const auto& buffer : module.buffers()) tensors.push_back(buffer);
  share(std::move(tensors), group);
}

}  // namespace assay::train
