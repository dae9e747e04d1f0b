#include "train/model.hpp"

namespace assay::train {

void place(Model& model, torch::Device device, bool bf16) {
  const torch::NoGradGuard no_gradients;
  model.module->to(device);
  // Tensor cores want it; in fp32, and on the CPU for images of a few channels, measurements were for the plain layout.
  model.channels_last = device.is_cuda() && bf16;
  if (!model.channels_last) return;
  for (auto& parameter : model.module->parameters()) {
    if (parameter.dim() == 4) parameter.set_data(parameter.contiguous(at::MemoryFormat::ChannelsLast));
  }
}

}  // namespace assay::train
