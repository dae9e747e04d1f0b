// What a Config holds: the checked document, and where its relative paths count from. For this folder alone.
#pragma once

#include <filesystem>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "config/check.hpp"
#include "config/config.hpp"

namespace assay::config {

/// The defaults of all rows as a document of their own, so that they are read like any other value.
const std::map<std::string, Node, std::less<>>& defaults();

/// Of a duration; 0 if it is empty.
double seconds_of(const Node& node);

struct Config::Data {
  std::string text, name;
  std::filesystem::path folder;  ///< of the TOML file; empty: none
  std::filesystem::path beside;  ///< the same for what overrides name
  std::vector<std::string> overrides;
  Node root;
  std::map<std::string, Written> written;

  static std::shared_ptr<const Data> make(std::string text, std::string name, std::filesystem::path folder,
                                          std::filesystem::path beside, std::vector<std::string> overrides);

  /// The value of a row as written or by default; empty if there is neither.
  Node value(std::string_view key) const;
  /// For getters: a value must be there, and be no domain.
  Node need(std::string_view key, std::initializer_list<Type> types) const;
  /// The value as run.toml and identity give it: paths in full.
  base::Json settled(const Setting& row, const Node& node) const;

 private:
  std::string find_path(const std::string& path, const std::filesystem::path& from) const;
  static std::string find_argument(const std::string& argument, const std::filesystem::path& from);
  void check_times() const;
};

}  // namespace assay::config
