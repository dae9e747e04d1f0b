// The configuration of a run: one TOML file, checked against the settings table (settings.hpp), defaults filled in.
// Stages read only the resolved run.toml. Keys have four classes (DESIGN 3).
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_fwd.hpp"
#include "config/node.hpp"

namespace assay::config {

enum class KeyClass {
  identity,  ///< what is trained and in which space: a change makes stages stale
  judging,   ///< how measurements are judged: they stay, what is derived from them is derived again
  limit,     ///< how much is done, how many at once: may change while a stage runs
  site       ///< where and for whom: a run folder can move
};
std::string to_string(KeyClass key_class);

class Config {
 public:
  /// Reads, applies overrides ("key=value", value in TOML, a bare word is taken as a string; the key may lead into
  /// arrays, "model.blocks[0].width"; "key=" takes it out), checks everything against the settings table. Errors: 64
  /// with file:line:column; an unknown key names the nearest valid one.
  static Config load(const std::filesystem::path& file, const std::vector<std::string>& overrides = {});
  /// `beside`: the folder from which relative paths in overrides (those of with(), too) count.
  static Config parse(std::string_view text, const std::string& name, const std::vector<std::string>& overrides = {},
                      const std::filesystem::path& beside = {});

  /// Typed values of rows of the settings table ("search.max_trials"); defaults come from the table. Error(config)
  /// where a value is missing or is a search domain.
  std::int64_t integer(std::string_view key) const;
  double number(std::string_view key) const;
  /// Paths are looked for beside the TOML file (also those of overrides), in the working directory, then in
  /// base::share_folder(); the first that exists is given in full, else the path as written.
  std::string text(std::string_view key) const;
  bool flag(std::string_view key) const;
  double seconds(std::string_view key) const;  ///< a duration; 0 if it is empty (no limit)
  /// Of a path: all that are listed. Of trial.command: arguments that are files beside the TOML file are given in full.
  std::vector<std::string> texts(std::string_view key) const;
  std::vector<std::int64_t> integers(std::string_view key) const;

  /// The value as written (not a default), or an empty Node. The path may lead into arrays.
  Node node(std::string_view dotted_key) const;
  Node root() const;
  /// True if the key was written in the file or set by an override.
  bool has(std::string_view dotted_key) const { return static_cast<bool>(node(dotted_key)); }

  /// `[training]` overlaid with `[<stage>.training]` (likewise "augment"), defaults filled in: concrete values and,
  /// where the user wrote a domain, the domain's table as JSON.
  base::Json section(std::string_view name, std::string_view stage = "") const;

  /// The full configuration with every default written out, as TOML that load() accepts again: run.toml.
  std::string resolved() const;

  /// Flattened identity keys ("training.lr" -> "0.002") below the given prefixes ("data", "model", ...), defaults
  /// included. Equal maps mean equal identity.
  std::map<std::string, std::string> identity(const std::vector<std::string>& prefixes) const;
  /// The same of another class.
  std::map<std::string, std::string> values(KeyClass key_class, const std::vector<std::string>& prefixes) const;

  /// A copy with further overrides applied and checked.
  Config with(const std::vector<std::string>& overrides) const;
  /// The overrides that give this configuration the judging keys and limits of `fresh`: what a process that is at work
  /// takes up of a change. [[constraint]] entries are taken up, but for those with `require`.
  std::vector<std::string> taken_up(const Config& fresh) const;

  /// Error(config) unless this describes a whole run: data, and something to search or train. (A file that holds only a
  /// model is a valid Config, but no run.)
  void check_run() const;

 private:
  struct Data;
  std::shared_ptr<const Data> data_;
};

KeyClass key_class(std::string_view key);
/// Of a flat map that another version wrote: what is identity now, numbered as identity() does.
base::Json identity_only(const base::Json& flat);

}  // namespace assay::config
