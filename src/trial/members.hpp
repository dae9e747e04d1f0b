// What a closing fixes: the items that count, and why the study ended.
#pragma once

#include <set>
#include <string>

#include "trial/trial.hpp"

namespace assay::trial {

/// The items that count once a study is closed.
struct Members {
  std::set<ItemId> items;
  std::string reason;
  bool failed = false;
};

}  // namespace assay::trial
