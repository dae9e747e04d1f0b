// The script of `assay completion bash`, sourced by a real bash that is asked as readline asks it.
#include <algorithm>
#include <catch2/matchers/catch_matchers_vector.hpp>
#include <regex>
#include <set>

#include "assay/programs.hpp"
#include "base/command.hpp"
#include "base/text.hpp"
#include "config/settings.hpp"

using namespace assay;
using namespace assay::tests;
using Catch::Matchers::Equals;
using Catch::Matchers::UnorderedEquals;

namespace {

using Words = std::vector<std::string>;

const Words stages = {"split-data", "baseline-train", "proxy-select", "search-driver", "full-train-topk", "analyze"};

/// Parts the lines of the file `lines` as bash does (= and : are words of their own), and prints the offers to each on
/// one line, with a tab behind each.
constexpr const char* harness = R"(. ./completion.sh
cd desk
while IFS= read -r COMP_LINE; do
  COMP_POINT=${#COMP_LINE} COMP_WORDS=() rest=$COMP_LINE
  while [[ -n $rest ]]; do
    rest=${rest#"${rest%%[![:space:]]*}"}
    case $rest in
      [=:]*) word=${rest%%[!=:]*};;
      [\'\"]*) word=$rest;;
      *) word=${rest%%[[:space:]=:]*};;
    esac
    while [[ $word == *\\ ]]; do  # a blank that belongs to the word
      more=${rest#"$word"} word+=${more:0:1} more=${more:1}
      word+=${more%%[[:space:]=:]*}
    done
    COMP_WORDS+=("$word")
    if [[ -z $rest ]]; then break; fi
    rest=${rest#"$word"}
  done
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
  _assay
  if ((${#COMPREPLY[@]})); then printf '%s\t' "${COMPREPLY[@]}"; fi
  echo
done <../lines
)";

class Shell {
 public:
  Shell() {
    const auto said = run_program(scratch_, {"assay", "completion", "bash"});
    REQUIRE(said.code == 0);
    scratch_.write("completion.sh", said.out);
    scratch_.write("harness.sh", harness);
    for (const char* folder : {"desk/runs/digits/search", "desk/my run", "desk/bin"}) {
      std::filesystem::create_directories(scratch_ / folder);
    }
    for (const char* file : {"runs/digits/run.toml", "my run/run.toml", "a.toml", "data.csv"}) {
      scratch_.write(std::string("desk/") + file, "");
    }
  }

  const Scratch& scratch() const { return scratch_; }

  std::vector<Words> all(const Words& lines) const {
    scratch_.write("lines", base::join(lines, "\n") + "\n");
    const auto said = run_program(scratch_, {"bash", "--norc", "harness.sh"}, {{"BASH_ENV", ""}});
    CHECK(said.error.empty());
    std::vector<Words> offers;
    for (const auto& line : base::split(said.out, '\n')) {
      auto words = base::split(line, '\t');
      words.pop_back();  // nothing stands behind the last tab
      offers.push_back(words);
    }
    REQUIRE(offers.size() >= lines.size());
    offers.resize(lines.size());
    return offers;
  }
  Words operator()(const std::string& line) const { return all({line}).front(); }

 private:
  Scratch scratch_;
};

std::string help_of(const Shell& shell, const Words& command) {
  auto words = command;
  words.emplace_back("--help");
  const auto said = run_program(shell.scratch(), words);
  REQUIRE(said.code == 0);
  return said.out;
}

struct Shown {
  std::string name;  ///< the long one
  std::string rest;  ///< type and description
};

/// The options in a help text.
std::vector<Shown> options_in(const std::string& help) {
  std::vector<Shown> shown;
  static const std::regex option(R"(^\s+(?:-[a-z],\s*)?(--?[a-z][a-z-]*)(.*)$)");
  for (const auto& line : base::split(help, '\n')) {
    if (std::smatch found; std::regex_match(line, found, option)) {
      shown.push_back({found[1], found[2]});
    } else if (!shown.empty()) {
      shown.back().rest += line;
    }
  }
  return shown;
}

Words verbs(const Shell& shell) {
  auto words = shell("assay ");
  std::erase_if(words, [](const std::string& word) { return word.starts_with("-"); });
  return words;
}

/// The command lines that have options of their own.
std::vector<Words> commands(const Shell& shell) {
  std::vector<Words> all;
  for (const auto& verb : verbs(shell)) all.push_back({"assay", verb});
  for (const auto& stage : stages) {
    if (built(stage)) all.push_back({stage});
  }
  return all;
}

bool missing() { return !built("assay"); }

}  // namespace

TEST_CASE("bash completes verbs, words, options and their values") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Shell shell;
  CHECK_THAT(shell("assay sub"), Equals(Words{"submit"}));
  CHECK_THAT(shell("bin/assay sub"), Equals(Words{"submit"}));
  CHECK_THAT(shell("assay trials r --st"), UnorderedEquals(Words{"--stage", "--state"}));
  CHECK_THAT(shell("assay trials r --stage "), Equals(Words{"baseline", "proxy", "search", "full"}));
  CHECK_THAT(shell("assay trials r --stage=f"), Equals(Words{"full"}));
  CHECK_THAT(shell("assay check a.toml --device "), Equals(Words{"auto", "cpu", "cuda"}));
  CHECK_THAT(shell("assay scale r "), Equals(Words{"proxy=", "search=", "full="}));
  CHECK_THAT(shell("assay cancel r search f"), Equals(Words{"full"}));
  CHECK_THAT(shell("assay completion "), Equals(Words{"bash"}));
  CHECK_THAT(shell("search-driver r --device=c"), UnorderedEquals(Words{"cpu", "cuda"}));
  CHECK(shell("assay trial r 3 ").empty());
  CHECK(shell("assay plan r --hours ").empty());
  CHECK(shell("assay nothing ").empty());
}

TEST_CASE("bash completes run folders and configurations") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Shell shell;
  CHECK_THAT(shell("assay run "), UnorderedEquals(Words{"a.toml", "bin", "my run", "runs"}));
  CHECK_THAT(shell("assay status "), UnorderedEquals(Words{"bin", "my run", "runs"}));
  CHECK_THAT(shell("assay status my\\ r"), Equals(Words{"my run"}));
  CHECK_THAT(shell("assay status 'my r"), Equals(Words{"my run"}));
  CHECK_THAT(shell("assay status runs/"), Equals(Words{"runs/digits"}));
  CHECK(shell("assay status runs/digits/").empty());  // its folders are no runs
  CHECK_THAT(shell("assay -q status runs/"), Equals(Words{}));
  CHECK_THAT(shell("assay status -q runs/"), Equals(Words{"runs/digits"}));
  CHECK_THAT(shell("assay run --config a.toml runs/"), Equals(Words{"runs/digits"}));
  CHECK_THAT(shell("assay run --config=a"), Equals(Words{"a.toml"}));
  CHECK_THAT(shell("assay import runs/digits d"), Equals(Words{"data.csv"}));
  CHECK_THAT(shell("assay status -- runs/"), Equals(Words{"runs/digits"}));
}

TEST_CASE("bash completes keys up to the next dot, and their values behind =") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Shell shell;
  CHECK_THAT(shell("assay set r sea"), Equals(Words{"search."}));
  CHECK_THAT(shell("assay set r search.algorithm=re"), Equals(Words{"reinforce"}));
  CHECK_THAT(shell("assay set r search.max_trials=9 search.algorithm=re"), Equals(Words{"reinforce"}));
  CHECK_THAT(shell("assay run a.toml --set search.algorithm=re"), Equals(Words{"reinforce"}));
  CHECK_THAT(shell("assay run a.toml --set=search.algorithm=re"), Equals(Words{"reinforce"}));
  CHECK_THAT(shell("search-driver r --set search.algorithm=re"), Equals(Words{"reinforce"}));
  CHECK_THAT(shell("assay set r 'search.algorithm=re"), Equals(Words{"search.algorithm=reinforce"}));
  CHECK_THAT(shell("assay set r search.training.opt"), Equals(Words{"search.training.optimizer="}));
  CHECK_THAT(shell("assay set r search.training.optimizer="), UnorderedEquals(Words{"sgd", "adamw"}));
  CHECK_THAT(shell("assay set r objectives.accuracy.go"), Equals(Words{"objectives.accuracy.goal="}));
  CHECK_THAT(shell("assay set r objectives.accuracy.goal="), UnorderedEquals(Words{"max", "min"}));
  CHECK_THAT(shell("assay set r constraint[2].at_m"), Equals(Words{"constraint[2].at_most="}));
  CHECK_THAT(shell("assay set r training.nesterov="), Equals(Words{"true", "false"}));
  CHECK_THAT(shell("assay set r data.train=d"), Equals(Words{"data.csv"}));
  CHECK(shell("assay set r search.max_trials=").empty());
  CHECK(shell("assay set r no.such.key=").empty());
}

TEST_CASE("every key of the settings table is offered, and its choices") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Shell shell;
  Words lines, keys;
  std::vector<Words> values;
  for (const auto& setting : config::settings()) {
    auto key = std::regex_replace(std::string(setting.key), std::regex(R"(\[\])"), "[1]");
    key = std::regex_replace(key, std::regex(R"(\.\*\.)"), ".name.");
    if (key.find('*') != std::string::npos) continue;
    const bool closed = setting.type == config::Type::text && !setting.choices.empty();
    keys.push_back(key + "=");
    values.push_back(closed ? base::split(setting.choices, '|') : Words{});
    lines.push_back("assay set r " + key.substr(0, key.size() - 1));
    lines.push_back("assay set r " + key + "=");
  }
  const auto offers = shell.all(lines);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    INFO(lines[2 * i] << ": " << base::join(offers[2 * i], " "));
    CHECK(std::count(offers[2 * i].begin(), offers[2 * i].end(), keys[i]) == 1);
    INFO(lines[2 * i + 1] << ": " << base::join(offers[2 * i + 1], " "));
    if (!values[i].empty()) CHECK_THAT(offers[2 * i + 1], Equals(values[i]));
  }
}

TEST_CASE("what is offered behind a dash is what the help shows") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Shell shell;
  for (const auto& command : commands(shell)) {
    std::set<std::string> shown;
    for (const auto& option : options_in(help_of(shell, command))) shown.insert(option.name);
    shown.erase("--signature");  // of some stages only, and for tests
    const auto offered = shell(base::join(command, " ") + " -");
    INFO(base::join(command, " "));
    CHECK(std::set<std::string>(offered.begin(), offered.end()) == shown);
    CHECK(std::set<std::string>(offered.begin(), offered.end()).size() == offered.size());
  }
}

TEST_CASE("options whose help speaks of a file or a folder complete paths") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Shell shell;
  int looked_at = 0;
  for (const auto& command : commands(shell)) {
    for (const auto& [name, rest] : options_in(help_of(shell, command))) {
      static const std::regex valued(R"(^ (TEXT|FILE).*\b(file|folder)\b(?! operation).*)");
      if (!std::regex_match(rest, valued)) continue;
      ++looked_at;
      INFO(base::join(command, " ") << " " << name << rest);
      CHECK_FALSE(shell(base::join(command, " ") + " " + name + " ").empty());
    }
  }
  CHECK(looked_at > 10);
}

TEST_CASE("the script is clean and registers assay and the stages") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Shell shell;
  for (auto program : {Words{"assay"}, stages}) {
    for (const auto& name : program) {
      const auto said =
          run_program(shell.scratch(), {"bash", "-c", "eval \"$(cat completion.sh)\"; complete -p " + name});
      CHECK(said.out.find("-F _assay " + name) != std::string::npos);
    }
  }
  CHECK(run_program(shell.scratch(), {"assay", "completion", "fish"}).code == 64);
  if (os::capture({"shellcheck", "--version"}).ended.code != 0) SKIP("shellcheck is not here");
  const auto said = run_program(shell.scratch(), {"shellcheck", "completion.sh"});
  INFO(said.out);
  CHECK(said.code == 0);
}
