// assay space: what a configuration searches, before anything is trained: the tree of parameters, how many points there
// are, how many of them are valid, and how large the networks get.
#include "space/space.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>

#include "apps/assay/verbs.hpp"
#include "arch/survey.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "run/results.hpp"
#include "space/domain.hpp"

namespace assay::apps {
namespace {

using base::Json;

constexpr std::int64_t outputs_for_want_of_data = 10;
constexpr int longest_domain = 70;

struct Findings {
  space::Space space;
  arch::Survey survey;
  std::int64_t outputs = 0;
  bool outputs_known = false;

  double valid_share() const {
    const double built = survey.drawn == 0 ? 1 : 1 - static_cast<double>(survey.failed) / survey.drawn;
    return space.valid_share() * built;
  }
};

/// Of a run folder, or of a configuration as it is written: places in messages are those of the user's file.
config::Config config_of(const Target& target, const cli::Values& values) {
  if (target.config) return config::Config::load(*target.config, values.texts("--set"));
  return preview_target(values).config();
}

/// Classes: as said, as split-data found them, or ten.
void find_outputs(const cli::Values& values, const Target& target, Findings& findings) {
  const auto given = values.integer("--classes");
  if (given && (*given < 1 || *given > 1'000'000))
    base::fail(base::Exit::config, "--classes {}: a number from 1 is expected", *given);
  findings.outputs = given.value_or(0);
  if (!given && !target.config) {
    if (const auto figures = run::Run::open(target.folder).figures(run::Stage::split)) {
      findings.outputs = run::split_figures(*figures).outputs;
    }
  }
  findings.outputs_known = findings.outputs > 0;
  if (!findings.outputs_known) findings.outputs = outputs_for_want_of_data;
}

std::string shortened(std::string text) {
  if (text.size() > longest_domain) text = text.substr(0, longest_domain - 4) + " ...";
  return text;
}

/// "if s3.repeat >= 3": the last condition; the others stand further up the tree.
std::string condition_text(const space::Parameter& parameter) {
  if (parameter.conditions.empty()) return "";
  const auto& condition = parameter.conditions.back();
  if (condition.at_least) return fmt::format("if {} >= {}", condition.parent, *condition.at_least);
  std::vector<std::string> values;
  for (const auto& value : condition.values) values.push_back(space::to_text(value));
  return fmt::format("if {} = {}", condition.parent, base::join(values, " or "));
}

/// Every parameter below the one that decides about its existence.
void show_tree(const space::Space& space) {
  const auto& parameters = space.parameters();
  const auto parent_of = [&](const space::Parameter& parameter) {
    return parameter.conditions.empty() ? std::string() : parameter.conditions.back().parent;
  };
  std::size_t width = 0;
  for (const auto& parameter : parameters) width = std::max(width, parameter.name.size());
  const std::function<void(const std::string&, int)> show = [&](const std::string& parent, int depth) {
    for (const auto& parameter : parameters) {
      if (parent_of(parameter) != parent) continue;
      const auto name = std::string(static_cast<std::size_t>(2 * depth), ' ') + parameter.name;
      const auto condition = condition_text(parameter);
      std::printf("  %-*s  %s, default %s%s\n", static_cast<int>(std::min<std::size_t>(width + 4, 50)), name.c_str(),
                  shortened(space::to_text(parameter.domain)).c_str(), space::to_text(parameter.domain.initial).c_str(),
                  condition.empty() ? "" : ("  (" + condition + ")").c_str());
      show(parameter.name, depth + 1);
    }
  };
  std::vector<std::string> counts;
  for (const auto role : {space::Role::architecture, space::Role::training, space::Role::augmentation}) {
    const auto count =
        std::count_if(parameters.begin(), parameters.end(), [&](const auto& one) { return one.role == role; });
    if (count > 0) counts.push_back(fmt::format("{} of {}", count, space::to_string(role)));
  }
  std::printf("parameters: %s\n", counts.empty() ? "none, nothing is searched" : base::join(counts, ", ").c_str());
  show("", 0);
}

std::string size_text(const space::Size& size) {
  auto text = size.exact && *size.exact < 1'000'000'000'000ULL
                  ? base::with_commas(static_cast<long long>(*size.exact)) + (*size.exact == 1 ? " point" : " points")
              : size.exact ? fmt::format("{} points (10^{:.1f})", *size.exact, size.log10)
                           : fmt::format("{}10^{:.1f} points", size.bound ? "up to " : "", size.log10);
  if (size.reals) text += ", times the reals";
  return text;
}

/// Shares come from 1,000 draws and more: none of them does not say that there is nothing.
std::string percent(double share) { return share == 0 ? "under 0.1 %" : fmt::format("{:.3g} %", 100 * share); }

std::string range_text(const std::vector<double>& ascending) {
  const auto at = [&](std::size_t i) { return base::with_commas(std::llround(ascending[i])); };
  return fmt::format("{} .. {}, median {}", at(0), at(ascending.size() - 1), at(ascending.size() / 2));
}

std::vector<std::string> warnings_of(const Findings& findings) {
  auto warnings = findings.space.warnings();
  const auto& survey = findings.survey;
  if (survey.drawn > 0 && survey.failed > 0.2 * survey.drawn) {
    warnings.push_back(
        fmt::format("{} of {} networks cannot be built; above 20 %, change the space so that the variables that do not "
                    "go together depend less on each other, or add a [[constraint]]",
                    survey.failed, survey.drawn));
  }
  return warnings;
}

void show(const Findings& findings) {
  const auto& [space, survey, outputs, outputs_known] = findings;
  show_tree(space);
  const auto refused = space.refused_shares();
  for (std::size_t i = 0; i < refused.size(); ++i) {
    std::printf("constraint     %s  (refuses %s of random values)\n", space.constraints()[i].text.c_str(),
                percent(refused[i]).c_str());
  }
  const auto valid = space.valid_size();
  std::printf("size           %s%s\n", size_text(space.size()).c_str(),
              space.constraints().empty() ? ""
              : valid.exact               ? ("; " + size_text(valid) + " keep the constraints").c_str()
                                          : ", constraints not counted");
  std::printf("valid          %s", percent(findings.valid_share()).c_str());
  if (!space.constraints().empty()) std::printf("; %s keep the constraints", percent(space.valid_share()).c_str());
  if (!survey.parameters.empty() || survey.failed > 0) {
    std::printf("; %d of %d networks can be built", survey.drawn - survey.failed, survey.drawn);
  }
  std::printf("\n");
  if (survey.failed > 0) std::printf("  cannot be built, for example: %s\n", survey.reason.c_str());
  std::printf("distinct       %zu of %d random points are different trainings\n", survey.distinct, survey.drawn);
  if (!survey.parameters.empty()) {
    const auto note = outputs_known ? std::string() : fmt::format("  (with {} classes; --classes tells)", outputs);
    std::printf("parameters     %s%s\n", range_text(survey.parameters).c_str(), note.c_str());
    std::printf("multiply-adds  %s\n", range_text(survey.multiply_adds).c_str());
  }
  for (const auto& warning : warnings_of(findings)) std::printf("warning        %s\n", warning.c_str());
}

Json to_json(const Findings& findings) {
  const auto& [space, survey, outputs, outputs_known] = findings;
  const auto size = space.size();
  auto json = space.describe();
  json["size"] = {{"log10", size.log10}, {"reals", size.reals}};
  if (size.exact) json["size"]["exact"] = *size.exact;
  if (size.bound) json["size"]["bound"] = true;
  const auto valid = space.valid_size();
  if (valid.exact) json["size"]["valid"] = *valid.exact;
  json["valid_share"] = findings.valid_share();
  const auto refused = space.refused_shares();
  json["constraints"] = Json::array();
  for (std::size_t i = 0; i < refused.size(); ++i) {
    json["constraints"].push_back({{"require", space.constraints()[i].text}, {"refused", refused[i]}});
  }
  json["samples"] = {
      {"drawn", survey.drawn}, {"failed", survey.failed}, {"distinct", survey.distinct}, {"classes", outputs}};
  if (survey.failed > 0) json["samples"]["reason"] = survey.reason;
  for (const auto& [name, values] :
       {std::pair{"parameters", &survey.parameters}, std::pair{"multiply_adds", &survey.multiply_adds}}) {
    if (values->empty()) continue;
    json["samples"][name] = {
        {"least", values->front()}, {"median", (*values)[values->size() / 2]}, {"most", values->back()}};
  }
  json["warnings"] = warnings_of(findings);
  return json;
}

base::Exit show_space(const cli::Values& values) {
  const auto target = target_of(values);
  const auto points = values.integer("--samples").value_or(200);
  if (points < 1 || points > 1'000'000)
    base::fail(base::Exit::config, "--samples {}: a number from 1 is expected", points);
  Findings findings;
  const auto config = config_of(target, values);
  findings.space = space::Space::load(config);
  find_outputs(values, target, findings);
  base::Rng rng(static_cast<std::uint64_t>(values.integer("--seed").value_or(config.integer("run.seed"))), "space", 0,
                "survey");
  findings.survey = arch::survey(findings.space, findings.outputs, static_cast<int>(points), rng);
  if (values.flag("--json")) {
    std::printf("%s\n", to_json(findings).dump(2).c_str());
  } else {
    show(findings);
  }
  return base::Exit::done;
}

}  // namespace

cli::Verb space_verb() {
  using Kind = cli::Option::Kind;
  return {"space", "what is searched: parameters, number of points, share of valid ones, sizes of the networks",
          target_options({{.kind = Kind::integer, .name = "--samples", .help = "random points to build (default 200)"},
                          {.kind = Kind::integer,
                           .name = "--classes",
                           .help = "outputs of the networks, where split-data has not run yet (default 10)"},
                          {.kind = Kind::flag, .name = "--json", .help = "as JSON"}}),
          show_space};
}

}  // namespace assay::apps
