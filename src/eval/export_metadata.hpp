// What weights.safetensors says beside the weights, so that network.py takes raw data and predicts in their units.
#pragma once

#include <map>
#include <string>

#include "arch/network.hpp"
#include "config/config.hpp"
#include "data/dataset.hpp"
#include "train/resident.hpp"

namespace assay::eval {

/// The metadata that nn::network_py names, for a network with inputs of this shape.
std::map<std::string, std::string> export_metadata(const config::Config& config, const data::Dataset& train_set,
                                                   const train::Normaliser& normaliser, const arch::Shape& input);

}  // namespace assay::eval
