#include "cli/completion.hpp"

#include <algorithm>
#include <map>

#include "base/command.hpp"
#include "base/text.hpp"
#include "run/run.hpp"

namespace assay::cli {
namespace {

using Means = Meaning::Kind;

/// The part of the script that is the same for all verbs and keys. What it asks for: _assay_verbs, _assay_verb
/// (`options` and `words` of a verb), _assay_stage_options, _assay_settings.
constexpr const char* mechanism = R"script(
# The line's words up to the cursor, as its author sees them: bash also parts words at = and :, see COMP_WORDBREAKS.
_assay_split() {
  local rest=${COMP_LINE:0:COMP_POINT} blanks word i
  line=()
  for ((i = 0; i <= COMP_CWORD; ++i)); do
    blanks=${rest%%[![:space:]]*}
    rest=${rest#"$blanks"}
    word=${COMP_WORDS[i]}
    if ((i == COMP_CWORD)); then word=$rest; fi
    rest=${rest#"$word"}
    if [[ -z $blanks ]] && ((i > 0)); then line[-1]+=$word; else line+=("$word"); fi
  done
}

# Readline replaces only what stands behind the last = or :, unless a quote is open.
_assay_reply() {
  local kept='' reply=("${COMPREPLY[@]}")
  if [[ -z $quote && $current == *[=:]* && $COMP_WORDBREAKS == *=* ]]; then kept=${current%"${current##*[=:]}"}; fi
  COMPREPLY=("${reply[@]/#"$kept"/}")
}

_assay_option() { compopt -o "$1" 2>/dev/null || true; }

# _assay_words HEAD PREFIX WORD...: the words that begin with PREFIX, each behind HEAD.
_assay_words() {
  local head=$1 prefix=$2 word
  for word in "${@:3}"; do
    if [[ $word == "$prefix"* ]]; then COMPREPLY+=("$head$word"); fi
  done
}

# _assay_paths HEAD PREFIX KIND: file, folder, run (a run folder) or target (or a configuration).
_assay_paths() {
  local head=$1 prefix=${2//\\/} kind=$3 path
  if [[ $kind == run || $kind == target ]] && [[ $prefix == */* && -e ${prefix%/*}/run.toml ]]; then return; fi
  while IFS= read -r path; do
    if [[ -n $path ]]; then COMPREPLY+=("$head$path"); fi
  done < <(
    if [[ $kind == file ]]; then compgen -f -- "$prefix"; else compgen -d -- "$prefix"; fi
    if [[ $kind == target ]]; then compgen -f -X '!*.toml' -- "$prefix"; fi
  )
  _assay_option filenames
}

# _assay_setting HEAD WORD: a key up to its next dot, or what may stand behind KEY=.
_assay_setting() {
  local head=$1 word=$2 key row names name parts i found settings
  local -A seen=()
  local IFS=. more
  _assay_settings
  key=${word%%=*}
  read -ra parts <<<"$key"
  for row in "${settings[@]}"; do
    # Names and places that the author chooses are taken as they are typed: objectives.NAME.goal, constraint[1].metric.
    read -ra names <<<"${row%%=*}"
    for ((i = 0; i < ${#names[@]}; ++i)); do
      if [[ ${names[i]} == '*' && -n ${parts[i]-} && $key == *"${parts[i]}."* ]]; then names[i]=${parts[i]}; fi
      if [[ ${names[i]} == *'[0]' && ${parts[i]-} == "${names[i]%0]}"*']' ]]; then names[i]=${parts[i]}; fi
    done
    name="${names[*]}"
    if [[ $word == *=* ]]; then
      if [[ $name == "$key" ]]; then found=${row#*=}; break; fi
    elif [[ $name == "$word"* ]]; then
      more=${name:${#word}}
      if [[ $more == *.* ]]; then name=$word${more%%.*}.; else name+='='; fi
      if [[ $name != *'*'* && -z ${seen[$name]-} ]]; then seen[$name]=1; COMPREPLY+=("$head$name"); fi
    fi
  done
  if [[ $word == *=* ]]; then _assay_value "$head$key=" "${word#*=}" "${found-}"; else _assay_option nospace; fi
}

# _assay_value HEAD PREFIX MEANING: MEANING is @kind, or the choices.
_assay_value() {
  local head=$1 prefix=$2 meaning=$3 choices
  case $meaning in
    @file | @folder | @run | @target) _assay_paths "$head" "$prefix" "${meaning#@}";;
    @setting) _assay_setting "$head" "$prefix";;
    @*) ;;
    *)
      IFS='|' read -ra choices <<<"$meaning"
      _assay_words "$head" "$prefix" "${choices[@]}"
      if [[ $meaning == *= ]]; then _assay_option nospace; fi
      ;;
  esac
}

# _assay_line FIRST OPTIONS WORDS: completes the line, whose words from FIRST on are OPTIONS or in the order of WORDS.
_assay_line() {
  local first=$1 i at=0 option meaning value='' ended=''
  local -A takes=()
  local -a options words names=()
  read -ra options <<<"$2"
  read -ra words <<<"$3"
  for option in "${options[@]}"; do
    names+=("${option%%=*}")
    if [[ $option == *=* ]]; then takes[${option%%=*}]=${option#*=}; fi
  done
  for ((i = first; i < ${#line[@]} - 1; ++i)); do
    if [[ -n $value ]]; then
      value=''
    elif [[ -z $ended && ${line[i]} == -- ]]; then
      ended=yes
    elif [[ -z $ended && ${line[i]} == -?* ]]; then
      if [[ -n ${takes[${line[i]}]-} ]]; then value=${takes[${line[i]}]}; fi
    else
      at=$((at + 1))
    fi
  done
  if [[ -n $value ]]; then
    _assay_value '' "$current" "$value"
  elif [[ -z $ended && $current == --*=* ]]; then
    meaning=${takes[${current%%=*}]-@other}
    _assay_value "${current%%=*}=" "${current#*=}" "$meaning"
  elif [[ -z $ended && $current == -* ]]; then
    _assay_words '' "$current" "${names[@]}"
  elif ((${#words[@]} > 0)); then
    if ((at >= ${#words[@]})); then
      at=$((${#words[@]} - 1))
      if [[ ${words[at]} != *... ]]; then return; fi
    fi
    _assay_value '' "$current" "${words[at]%...}"
  fi
}

_assay() {
  local -a line verbs
  local current quote='' accepted='' order=''
  COMPREPLY=()
  _assay_split
  current=${line[-1]}
  if [[ $current == [\'\"]* ]]; then quote=${current:0:1} current=${current:1}; fi
  if [[ ${line[0]##*/} != assay ]]; then
    _assay_stage_options
    _assay_line 1 "$accepted" "$order"
  elif ((${#line[@]} > 2)); then
    _assay_verb "${line[1]}"
    _assay_line 2 "$accepted" "$order"
  else
    _assay_verbs
    _assay_words '' "$current" "${verbs[@]}"
  fi
  _assay_reply
}
)script";

std::vector<std::string> stages_that(const std::function<bool(run::Stage)>& wanted, const std::string& ending = "") {
  std::vector<std::string> names;
  for (const auto stage : run::all_stages) {
    if (wanted(stage)) names.push_back(to_string(stage) + ending);
  }
  return names;
}

bool has_trials(run::Stage stage) { return stage != run::Stage::split && stage != run::Stage::report; }

bool has_workers(run::Stage stage) {
  return config::find_setting(to_string(stage) + ".parallel") != nullptr && has_trials(stage);
}

/// As the script's _assay_value reads it.
std::string text_of(const Meaning& meaning) {
  switch (meaning.kind) {
    case Means::run:
      return "@run";
    case Means::target:
      return "@target";
    case Means::file:
      return "@file";
    case Means::folder:
      return "@folder";
    case Means::setting:
      return "@setting";
    case Means::trial_stage:
    case Means::stage:
    case Means::workers:
    case Means::choices:
      return base::join(meaning.choices, "|");
    case Means::other:
      break;
  }
  return "@other";
}

struct Declared {
  std::string options, words;
};

/// Options and words of one command line. The last three options are CLI11's and those that every verb has.
Declared declared(const std::vector<Option>& all) {
  const bool with_config = std::any_of(all.begin(), all.end(), [](const auto& one) { return one.name == "--config"; });
  std::vector<std::string> options, words;
  for (const auto& option : all) {
    const auto meaning = text_of(meaning_of(option, with_config));
    if (!option.name.starts_with("-")) {
      words.push_back(meaning + (option.kind == Option::Kind::list ? "..." : ""));
    } else {
      options.push_back(option.kind == Option::Kind::flag ? option.name : option.name + "=" + meaning);
    }
  }
  for (const char* common : {"--help", "--verbose", "--quiet"}) {
    if (std::find(options.begin(), options.end(), common) == options.end()) options.emplace_back(common);
  }
  return {base::join(options, " "), base::join(words, " ")};
}

std::string assignments(const Declared& line) {
  return "accepted=" + base::shell_quoted(line.options) + " order=" + base::shell_quoted(line.words);
}

/// "search.algorithm=auto|random|...": behind = what _assay_value reads.
std::string row_of(const std::string& key, const config::Setting& setting) {
  std::string meaning = "@other";
  if (setting.type == config::Type::text && !setting.choices.empty()) meaning = std::string(setting.choices);
  if (setting.type == config::Type::flag) meaning = "true|false";
  if (setting.type == config::Type::path) meaning = "@file";
  return key + "=" + meaning;
}

/// Keys as they are written: the first item stands for all of an array. Tables for stages ("search.training.lr") too.
std::vector<std::string> rows_of(std::span<const config::Setting> settings) {
  std::vector<std::string> rows;
  const auto add = [&](const std::string& prefix, const std::string& below) {
    for (const auto& setting : settings) {
      auto key = std::string(setting.key);
      if (!key.starts_with(below)) continue;
      for (auto at = key.find("[]"); at != std::string::npos; at = key.find("[]", at + 3)) key.insert(at + 1, "0");
      rows.push_back(row_of(prefix + key, setting));
    }
  };
  add("", "");
  for (const auto stage : run::all_stages) {
    for (const auto& name : config::setting_names(to_string(stage))) add(to_string(stage) + ".", name + ".");
  }
  return rows;
}

std::string array(const std::string& name, const std::vector<std::string>& words) {
  std::string text = name + "=(\n";
  for (const auto& word : words) text += "    " + base::shell_quoted(word) + "\n";
  return text + "  )";
}

}  // namespace

Meaning meaning_of(const Option& option, bool with_config) {
  static const std::map<std::string, Means> kinds = {{"RUN", Means::run},
                                                     {"RUN_DIR", Means::run},
                                                     {"CONFIG", Means::target},
                                                     {"FILE", Means::file},
                                                     {"FILE|KEY=VALUE", Means::file},
                                                     {"KEY=VALUE", Means::setting},
                                                     {"STAGE", Means::stage},
                                                     {"STAGE=N", Means::workers},
                                                     {"--stage", Means::trial_stage},
                                                     {"--config", Means::file},
                                                     {"--run", Means::folder},
                                                     {"--set", Means::setting},
                                                     {"--site", Means::file},
                                                     {"-o", Means::file},
                                                     {"--keep", Means::folder}};
  if (option.kind == Option::Kind::flag) return {};
  if (!option.choices.empty()) return {Means::choices, option.choices};
  const auto found = kinds.find(option.name);
  if (found == kinds.end()) return {};
  switch (found->second) {
    case Means::run:
      return {with_config && option.name == "RUN" ? Means::target : Means::run};
    case Means::trial_stage:
      return {Means::trial_stage, stages_that(has_trials)};
    case Means::stage:
      return {Means::stage, stages_that([](run::Stage) { return true; })};
    case Means::workers:
      return {Means::workers, stages_that(has_workers, "=")};
    default:
      return {found->second};
  }
}

std::string bash_completion(const std::vector<Verb>& verbs, const std::vector<Option>& stage_options,
                            std::span<const config::Setting> settings) {
  std::vector<std::string> names, programs = {"assay"};
  std::string cases;
  for (const auto& verb : verbs) {
    names.push_back(verb.name);
    cases += "    " + verb.name + ") " + assignments(declared(verb.options)) + ";;\n";
  }
  names.insert(names.end(), {"--help", "--version"});
  for (const auto stage : run::all_stages) programs.push_back(run::executable(stage));
  auto of_stages = declared(stage_options);
  of_stages.options += " --version";
  std::string text =
      "# shellcheck shell=bash\n# shellcheck disable=SC2034  # callers read what these functions assign\n";
  text += "_assay_verbs() {\n  " + array("verbs", names) + "\n}\n\n";
  text += "_assay_verb() {\n  case $1 in\n" + cases + "    *) accepted='' order='';;\n  esac\n}\n\n";
  text += "_assay_stage_options() {\n  " + assignments(of_stages) + "\n}\n\n";
  text += "_assay_settings() {\n  " + array("settings", rows_of(settings)) + "\n}\n";
  return text + mechanism + "\ncomplete -F _assay " + base::command(programs) + "\n";
}

}  // namespace assay::cli
