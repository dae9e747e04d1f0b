// Proposals that are known beforehand: lists, and grids as shuffled lists.
#include <fmt/format.h>

#include <cmath>
#include <map>
#include <unordered_set>

#include "base/json.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "search/algorithms.hpp"
#include "search/planners.hpp"
#include "search/points/list_positions.hpp"
#include "search/seen.hpp"
#include "space/domain.hpp"
#include "space/reading/names.hpp"

namespace assay::search {
namespace {

constexpr std::size_t largest_grid = 1'000'000;
constexpr int points_of_a_real = 5;

class List final : public trial::Planner {
 public:
  List(std::string name, std::vector<trial::Proposal> proposals, std::string done, std::string description = {})
      : name_(std::move(name)),
        proposals_(std::move(proposals)),
        done_(std::move(done)),
        description_(std::move(description)) {}

  trial::Decision next(const trial::StudyView& view) override {
    places_.update(view);
    if (places_.claimed() >= view.max_trials()) return trial::Finished{"all trials are claimed"};
    if (places_.of(places_.claimed(), proposals_.size())) return trial::New{};
    return places_.end(done_);
  }

  std::optional<trial::Proposal> propose(const trial::StudyView& view, trial::TrialId trial, base::Rng&) override {
    places_.update(view);
    const auto place = places_.of(trial, proposals_.size());
    if (!place) return std::nullopt;
    return ListPositions::marked(proposals_[*place], trial, *place);
  }

  base::Json describe() const override {
    return description_.empty() ? base::Json{{"algorithm", name_}, {"proposals", proposals_.size()}}
                                : base::Json::parse(description_);
  }

 private:
  std::string name_;
  std::vector<trial::Proposal> proposals_;
  std::string done_;  ///< why the study ends with the last of them
  std::string description_;
  ListPositions places_;
};

/// {"training": {"lr": 0.1}} and {"training.lr": 0.1} both name training.lr.
void flatten(const config::Node& node, const std::string& prefix, std::map<std::string, config::Node>& values) {
  for (const auto& [key, child] : node.items()) {
    const auto name = prefix.empty() ? key : prefix + "." + key;
    if (child.is_table()) {
      flatten(child, name, values);
    } else {
      values[name] = child;
    }
  }
}

std::string full_name(const std::string& written, const config::Node& node, const space::Space& space) {
  if (space.find(written) != nullptr) return written;
  std::vector<std::string> ends, all;
  for (const auto& parameter : space.parameters()) {
    all.push_back(parameter.name);
    if (parameter.name.ends_with("." + written)) ends.push_back(parameter.name);
  }
  if (ends.size() == 1) return ends.front();
  if (ends.size() > 1) node.fail(fmt::format("{} may mean {}; write the full name", written, base::join(ends, " or ")));
  const auto nearest = base::nearest_word(written, all);
  node.fail(fmt::format("the space has no parameter {}{}", written, space::remedy_for_name(nearest, all)), nearest);
}

space::Params read_point(const config::Node& node, const space::Space& space) {
  std::map<std::string, config::Node> values;
  flatten(node, "", values);
  auto json = base::Json::object();
  for (const auto& [name, value] : values) json[full_name(name, value, space)] = value.json();
  const auto written = space::params_from_json(json);
  const auto params = space.with_defaults(written);
  for (const auto& [name, value] : written) {
    if (!params.contains(name)) node.fail(fmt::format("{} does not exist with the other values of this point", name));
  }
  try {
    space.check(params);
  } catch (const base::Error& error) {
    node.fail(error.what());
  }
  return params;
}

}  // namespace

std::unique_ptr<trial::Planner> make_list_planner(std::string name, std::vector<trial::Proposal> proposals) {
  return std::make_unique<List>(std::move(name), std::move(proposals), "the list is done");
}

std::unique_ptr<trial::Planner> make_grid(const Setup& setup) {
  if (setup.config.text("search.grid.order") == "halving") return make_halving_grid(setup);
  const auto& space = setup.space;
  auto points = space->enumerate(largest_grid, points_of_a_real);
  if (!points) {
    double size = space->log10_size();
    for (const auto& parameter : space->parameters()) {
      if (!space::count(parameter.domain)) size += std::log10(points_of_a_real);
    }
    const auto text = fmt::format(
        "the grid has about 10^{:.1f} points ({} of each real parameter); a grid search takes at most {}: use "
        "random or evolution, or grid.order = \"halving\", which begins coarse",
        size, points_of_a_real, base::with_commas(largest_grid));
    if (const auto node = setup.config.node("search.algorithm")) node.fail(text);
    base::fail(base::Exit::config, "{}", text);
  }
  base::Rng rng(setup.seed, "search", 0, "grid");
  rng.shuffle(*points);
  std::vector<trial::Proposal> proposals;
  // Quantiles of a normal with wide steps fall together.
  std::unordered_set<std::string> known;
  for (auto& point : *points) {
    if (known.insert(text_of(point)).second) proposals.push_back({.params = std::move(point), .note = "grid"});
  }
  for (const auto& parameter : space->parameters()) {
    if (space::count(parameter.domain)) continue;
    base::log_info("grid: {} takes {} values of {}", parameter.name, points_of_a_real,
                   space::to_text(parameter.domain));
  }
  auto done = fmt::format("space exhausted: all {} points have been tried", base::with_commas(proposals.size()));
  return std::make_unique<List>("grid", std::move(proposals), std::move(done), setup.description);
}

std::vector<trial::Proposal> listed_points(const config::Config& config, const space::Space& space) {
  std::vector<trial::Proposal> proposals;
  for (const auto& [key, node] : config.node("search.points").items()) {
    if (!node.is_table()) node.fail("a point is a table of parameters and values, such as { lr = 0.1 }");
    proposals.push_back({.params = read_point(node, space), .note = "listed"});
  }
  return proposals;
}

std::unique_ptr<trial::Planner> make_list(const Setup& setup) {
  auto points = listed_points(setup.config, *setup.space);
  if (points.empty()) base::fail(base::Exit::config, "search.algorithm = \"list\" needs search.points");
  return std::make_unique<List>("list", std::move(points), "the list is done", setup.description);
}

}  // namespace assay::search
