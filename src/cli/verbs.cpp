#include "cli/verbs.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <deque>

#include "base/log.hpp"
#include "base/text.hpp"
#include "base/version.hpp"
#include "cli/stage.hpp"

namespace assay::cli {
namespace {

using base::Exit;

/// CLI11 keeps references to what it fills in: a deque never moves its elements.
struct Slots {
  struct Slot {
    const Option* option;
    bool flag = false;
    std::string text;
    std::int64_t integer = 0;
    std::vector<std::string> list;
    CLI::Option* handle = nullptr;
  };
  std::deque<Slot> slots;
  CLI::App* app = nullptr;
  const Verb* verb = nullptr;
};

/// Words of the command line are shown as they are named here; CLI11 itself allows letters only.
class Help : public CLI::Formatter {
 public:
  std::string make_option_name(const CLI::Option* option, bool is_positional) const override {
    return is_positional ? option->get_option_text() : CLI::Formatter::make_option_name(option, is_positional);
  }
  std::string make_option_opts(const CLI::Option* option) const override {
    return option->get_positional() ? "" : CLI::Formatter::make_option_opts(option);
  }
};

void declare(CLI::App& app, const Option& option, Slots::Slot& slot) {
  const bool dashed = option.name.starts_with("-");
  const auto name = dashed ? option.name : "word_" + option.name;
  switch (option.kind) {
    case Option::Kind::flag:
      slot.handle = app.add_flag(name, slot.flag, option.help);
      break;
    case Option::Kind::integer:
      slot.handle = app.add_option(name, slot.integer, option.help)->type_name("N");
      break;
    case Option::Kind::list:
      slot.handle = app.add_option(name, slot.list, option.help)->type_name(dashed ? "TEXT" : option.name);
      if (dashed) slot.handle->allow_extra_args(false)->take_all();
      break;
    case Option::Kind::text:
      slot.handle = app.add_option(name, slot.text, option.help)->type_name(dashed ? "TEXT" : option.name);
      break;
  }
  if (!dashed) slot.handle->option_text(option.name);
  if (option.required) slot.handle->required();
  if (!option.choices.empty()) slot.handle->check(CLI::IsMember(option.choices));
}

Values values_of(const Slots& slots) {
  Values values;
  for (const auto& slot : slots.slots) {
    values.declared.insert(slot.option->name);
    if (slot.handle->count() == 0) continue;
    auto& given = values.given[slot.option->name];
    switch (slot.option->kind) {
      case Option::Kind::flag:
        given = {""};
        break;
      case Option::Kind::integer:
        given = {std::to_string(slot.integer)};
        break;
      case Option::Kind::list:
        given = slot.list;
        break;
      case Option::Kind::text:
        given = {slot.text};
        break;
    }
  }
  return values;
}

}  // namespace

const std::vector<std::string>* Values::find(const std::string& name) const {
  base::require(declared.contains(name), "the verb does not declare {}", name);
  const auto found = given.find(name);
  return found == given.end() ? nullptr : &found->second;
}

bool Values::flag(const std::string& name) const { return find(name) != nullptr; }

std::optional<std::string> Values::text(const std::string& name) const {
  const auto* texts = find(name);
  if (texts == nullptr || texts->empty()) return std::nullopt;
  return texts->front();
}

std::string Values::text(const std::string& name, const std::string& otherwise) const {
  return text(name).value_or(otherwise);
}

std::optional<std::int64_t> Values::integer(const std::string& name) const {
  const auto value = text(name);
  if (!value) return std::nullopt;
  return std::atoll(value->c_str());
}

std::vector<std::string> Values::texts(const std::string& name) const {
  const auto* texts = find(name);
  return texts == nullptr ? std::vector<std::string>{} : *texts;
}

int run_verbs(int argc, char** argv, const std::string& program, const std::string& description,
              const std::vector<Verb>& verbs) {
  CLI::App app(description, program);
  app.formatter(std::make_shared<Help>());
  app.set_version_flag("--version", program + " " + base::version() + " (" + base::revision() + ")");
  app.require_subcommand(1);
  bool verbose = false, quiet = false;
  std::deque<Slots> all;
  std::vector<std::string> names;
  for (const auto& verb : verbs) {
    auto& slots = all.emplace_back();
    names.push_back(verb.name);
    slots.verb = &verb;
    slots.app = app.add_subcommand(verb.name, verb.help);
    for (const auto& option : verb.options) {
      auto& slot = slots.slots.emplace_back();
      slot.option = &option;
      declare(*slots.app, option, slot);
    }
    slots.app->add_flag("-v,--verbose", verbose, "more lines");
    slots.app->add_flag("-q,--quiet", quiet, "warnings only");
  }
  if (argc > 1 && argv[1][0] != '-' && std::find(names.begin(), names.end(), argv[1]) == names.end()) {
    const auto near = base::nearest_word(argv[1], names);
    std::fprintf(stderr, "error: there is no verb \"%s\"%s; the verbs are %s\n", argv[1],
                 near.empty() ? "" : (" (did you mean " + near + "?)").c_str(), base::join(names, ", ").c_str());
    return static_cast<int>(Exit::config);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    std::string said = error.what();
    if (said.starts_with("word_")) said.erase(0, 5);  // our prefix of positional names
    auto help = program;
    for (const auto& slots : all) {
      if (slots.app->parsed()) help += " " + slots.verb->name;
    }
    std::fprintf(stderr, "error: %s (%s --help shows what there is)\n", said.c_str(), help.c_str());
    return static_cast<int>(Exit::config);
  }
  base::set_verbosity(quiet ? base::Level::quiet : verbose ? base::Level::verbose : base::Level::normal);
  for (const auto& slots : all) {
    if (!slots.app->parsed()) continue;
    return run_tool([&] { return slots.verb->run(values_of(slots)); });
  }
  return static_cast<int>(Exit::config);
}

}  // namespace assay::cli
