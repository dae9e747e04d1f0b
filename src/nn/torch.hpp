// The LibTorch headers that the torch modules share, precompiled once. Only nn, train and .cpp files of eval include
// it. Narrower than torch/torch.h: that costs a third more.
#pragma once

#include <torch/cuda.h>
#include <torch/nn/functional/padding.h>
#include <torch/nn/functional/pooling.h>
#include <torch/nn/functional/upsampling.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>
#include <torch/types.h>
#include <torch/utils.h>
