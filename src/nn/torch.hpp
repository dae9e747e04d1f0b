// The LibTorch headers that the torch modules share, precompiled once. Only nn, train and .cpp files of eval include
// it.
#pragma once

#include <torch/torch.h>
