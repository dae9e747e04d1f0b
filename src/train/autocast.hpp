// Mixed precision for the time of a scope.
#pragma once

#include "nn/torch.hpp"

namespace assay::train {

/// Switches autocast on (or leaves everything as it is if `enabled` is false) and restores the former state. Leaving
/// the outermost scope clears the cache of low-precision weights: nobody else does, and the next step would use stale
/// ones.
class AutocastScope {
 public:
  AutocastScope(bool enabled, torch::DeviceType device, torch::ScalarType type = torch::kBFloat16);
  ~AutocastScope();
  AutocastScope(const AutocastScope&) = delete;             // restores once
  AutocastScope& operator=(const AutocastScope&) = delete;  // restores once

 private:
  bool enabled_, was_enabled_ = false;
  torch::DeviceType device_;
  torch::ScalarType former_type_ = torch::kFloat32;
};

}  // namespace assay::train
