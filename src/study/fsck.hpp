// Checks every rule of a study's store, without changing anything: for people who want to know before they trust.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace assay::study {

struct Finding {
  bool broken = false;  ///< a rule is broken; otherwise something left behind that harms nothing
  std::string text;     ///< names the file, the item and what is wrong
};

struct StoreCheck {
  std::vector<Finding> findings;
  std::int64_t logs = 0, pieces = 0, records = 0, claims = 0, commits = 0;
  bool broken() const;
};

/// True if anything of a study is in RUN/<stage>, be it whole or not.
bool has_store(const std::filesystem::path& folder);

/// `folder` is RUN/<stage>. Error(upstream) if there is no study. May run beside workers: what they are just doing is
/// no finding.
StoreCheck check_store(const std::filesystem::path& folder);

}  // namespace assay::study
