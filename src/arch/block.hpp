// Reads the attributes of one concrete block (the JSON form in lower.hpp). Errors name the block.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_fwd.hpp"

namespace assay::arch {

class Block {
 public:
  /// `json` must outlive the block. Error(config) if it is no table or has no `op`.
  Block(const base::Json& json, std::string name);

  const std::string& name() const { return name_; }
  const std::string& op() const { return op_; }
  bool has(std::string_view key) const { return find(key) != nullptr; }
  const base::Json* find(std::string_view key) const;
  /// Error(config) if it is not there.
  const base::Json& at(std::string_view key) const;

  /// Whole numbers may be written as 3.0. Error(config) for another type or a value out of [lo, hi].
  std::int64_t integer(std::string_view key, std::int64_t otherwise, std::int64_t lo, std::int64_t hi) const;
  double real(std::string_view key, double otherwise, double lo, double hi) const;
  bool flag(std::string_view key, bool otherwise) const;
  std::string text(std::string_view key, std::string_view otherwise) const;

  /// Error(config) with the nearest valid one for a key that is not among `keys`.
  void allow_only(const std::vector<std::string_view>& keys) const;

  [[noreturn]] void fail(const std::string& message, const std::string& nearest = "") const;

 private:
  const base::Json& json_;
  std::string name_, op_;
};

}  // namespace assay::arch
