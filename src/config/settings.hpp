// The settings table: every key a run's TOML may hold, once. Validation, defaults, `assay new`, `assay set` and the
// documentation are all made from it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"

namespace assay::config {

enum class Type { integer, number, text, flag, duration, texts, integers, path, free };

struct Setting {
  std::string_view key;  ///< dotted, e.g. "search.max_trials"; "objectives.*.goal" with * for a free name,
                         ///< "constraint[].metric" for keys of an array of tables
  Type type;
  std::string_view initial;  ///< default in TOML syntax; "" = no default (may be absent)
  KeyClass key_class;
  std::string_view help;              ///< one line, with unit
  std::optional<double> least, most;  ///< inclusive unless `above` or `below` says otherwise
  std::string_view choices = "";      ///< "a|b|c" for texts with a closed set
  bool domain = false;                ///< may be a search domain (training, augment)
  bool above = false;                 ///< least itself is excluded
  bool below = false;                 ///< most itself is excluded
  bool number_as_text = false;        ///< columns: by name or by number
};

std::span<const Setting> settings();
/// The row for a concrete key, or nullptr: "objectives.accuracy.goal" finds "objectives.*.goal", "search.training.lr"
/// (an overlay) finds "training.lr".
const Setting* find_setting(std::string_view key);
/// Names that may stand directly below a concrete path ("" for the top level; "proxy.candidate[]" for items of an
/// array).
std::vector<std::string> setting_names(std::string_view path);
/// A commented TOML with every key, for `assay new`; sections without defaults are shown as examples.
std::string commented_toml();
/// All keys as tables in Markdown: configs/keys.md.
std::string keys_table();

}  // namespace assay::config
