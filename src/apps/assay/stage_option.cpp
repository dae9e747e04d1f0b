#include "apps/assay/stage_option.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

namespace assay::apps {

using base::Exit;
using run::Stage;

cli::Option stage_option() { return {.name = "--stage", .help = "baseline, proxy, search (default) or full"}; }

Stage stage_of(const cli::Values& values) {
  const auto stage = run::stage_from(values.text("--stage", "search"));
  if (stage == Stage::split || stage == Stage::report) {
    base::fail(Exit::config, "the {} stage has no trials; baseline, proxy, search and full have", to_string(stage));
  }
  return stage;
}

Stage search_only(const cli::Values& values, const std::string& why) {
  const auto stage = stage_of(values);
  if (stage != Stage::search) base::fail(Exit::config, "the {} stage measures a fixed list: {}", to_string(stage), why);
  return stage;
}

std::vector<std::string> stage_words(Stage stage) {
  if (stage == Stage::search) return {};
  return {"--stage", to_string(stage)};
}

trial::TrialId number_of(const std::string& word) {
  const auto number = base::integer_in(word);
  if (!number || *number < 0) base::fail(Exit::config, "\"{}\" is no number of a trial", word);
  return *number;
}

}  // namespace assay::apps
