// A read-only view of one value in a TOML document: what it is, where it stands, what is below it. Hides toml++.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/json_fwd.hpp"

namespace assay::config {

class Document;

/// Cheap to copy; keeps its document alive. An empty Node stands for "not there".
class Node {
 public:
  Node() = default;

  explicit operator bool() const { return node_ != nullptr; }
  bool is_table() const;
  bool is_array() const;
  bool is_string() const;
  bool is_integer() const;
  bool is_number() const;  ///< integer or float
  bool is_bool() const;
  /// "table", "array", "string", "integer", "float", "boolean", ...
  std::string type_name() const;

  /// Typed values; a value of another type is an Error(config) that names place, path, expected and found type.
  std::int64_t integer() const;
  double number() const;
  std::string string() const;
  bool boolean() const;

  /// Children of a table in the order of the file; of an array with empty keys.
  std::vector<std::pair<std::string, Node>> items() const;
  /// Empty Node if the key is not there (or this is no table).
  Node at(std::string_view key) const;
  /// Of an array; an empty Node beyond its end (or if this is no array).
  Node item(std::size_t index) const;
  std::size_t size() const;

  /// Dotted path from the root, e.g. "model.blocks[2].width".
  const std::string& path() const { return path_; }
  /// file:line:column of the key (of an array's item: of the value). Values set by an override report "--set
  /// key=value".
  const base::Where& where() const { return where_; }
  /// True if an override brought this very value.
  bool from_override() const;
  /// The whole value below as JSON.
  base::Json json() const;

  /// Throws Error(config) at this place: "file:line:col: <path>: <message>".
  [[noreturn]] void fail(const std::string& message, const std::string& nearest = "") const;

 private:
  friend class Document;
  [[noreturn]] void mismatch(const char* wanted) const;

  std::shared_ptr<const void> document_;
  const void* node_ = nullptr;
  std::string path_;
  base::Where where_;
};

}  // namespace assay::config
