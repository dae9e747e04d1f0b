#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/json.hpp"
#include "base/text.hpp"
#include "search/algorithms.hpp"
#include "search/points/list_positions.hpp"
#include "space/domain.hpp"

namespace assay::search {
namespace {

/// So many combinations in a row that constraints refuse, and the search for the next point is given up.
constexpr std::size_t most_refused = 1'000'000;

/// One parameter's values, coarse ones first.
struct Axis {
  std::vector<space::Value> values;
  std::unordered_set<std::string> texts;  ///< of the values
  std::size_t known = 0;                  ///< those of the passes before
  std::size_t digit = 0;                  ///< place of its value in the combination at hand
  bool active = true;                     ///< in that combination
};

bool is_halved(const space::Domain& domain) {
  return domain.kind != space::Kind::choice && domain.kind != space::Kind::subset;
}

class HalvingGrid final : public trial::Planner {
 public:
  explicit HalvingGrid(const Setup& setup) : space_(setup.space), description_(setup.description) {
    axes_.resize(space_->parameters().size());
    refine();
  }

  trial::Decision next(const trial::StudyView& view) override {
    places_.update(view);
    if (places_.claimed() >= view.max_trials()) return trial::Finished{"all trials are claimed"};
    if (reaches(*places_.of(places_.claimed()))) return trial::New{};
    return places_.end(end());
  }

  std::optional<trial::Proposal> propose(const trial::StudyView& view, trial::TrialId trial, base::Rng&) override {
    places_.update(view);
    const auto place = *places_.of(trial);
    if (!reaches(place)) return std::nullopt;
    return ListPositions::marked({.params = points_[place], .note = "grid"}, trial, place);
  }

  base::Json describe() const override { return base::Json::parse(description_); }

 private:
  bool reaches(std::size_t place) {
    while (points_.size() <= place && !exhausted_ && refused_ < most_refused) {
      take();
      turn();
    }
    return points_.size() > place;
  }

  std::string end() const {
    const auto points = base::with_commas(points_.size());
    if (exhausted_) return fmt::format("space exhausted: all {} points have been tried", points);
    return fmt::format("the grid ends after {} points: constraints refuse the next {} combinations", points,
                       base::with_commas(most_refused));
  }

  /// The point that the digits stand for, if it is a new one.
  void take() {
    space::Params params;
    bool fresh = pass_ == 1;
    for (std::size_t i = 0; i < axes_.size(); ++i) {
      auto& axis = axes_[i];
      const auto& parameter = space_->parameters()[i];
      axis.active = space_->active(parameter, params);
      if (!axis.active) continue;
      params[parameter.name] = axis.values[axis.digit];
      fresh = fresh || axis.digit >= axis.known;
    }
    if (!fresh) return;
    const bool valid = space_->satisfies_constraints(params);
    refused_ = valid ? 0 : refused_ + 1;
    if (valid) points_.push_back(std::move(params));
  }

  /// To the next combination of what is active, the last parameter fastest; after the last one to the next pass.
  void turn() {
    for (auto axis = axes_.rbegin(); axis != axes_.rend(); ++axis) {
      if (axis->active && ++axis->digit < axis->values.size()) return;
      axis->digit = 0;
    }
    exhausted_ = !refine();
  }

  /// Halves the steps of all numbers; false if that gives no value more.
  bool refine() {
    ++pass_;
    bool grown = false;
    const auto cells = std::int64_t{1} << std::min(pass_, 40);
    for (std::size_t i = 0; i < axes_.size(); ++i) {
      const auto& domain = space_->parameters()[i].domain;
      auto& values = axes_[i].values;
      axes_[i].known = values.size();
      const auto all = space::count(domain);
      if (is_halved(domain)) {
        for (std::int64_t cell = 1; cell < cells && (!all || static_cast<std::int64_t>(values.size()) < *all);
             cell += 2) {
          const auto value = space::from_unit(domain, static_cast<double>(cell) / static_cast<double>(cells));
          if (axes_[i].texts.insert(space::to_text(value)).second) values.push_back(value);
        }
      } else if (values.empty()) {
        for (std::int64_t place = 0; place < *all; ++place) values.push_back(space::value_at(domain, place));
      }
      grown = grown || values.size() > axes_[i].known;
    }
    // The cells of a step may be narrower than this pass looks: a finer one finds them.
    return grown || (pass_ < finest_pass && std::any_of(axes_.begin(), axes_.end(), [&](const Axis& axis) {
                       const auto& domain = space_->parameters()[static_cast<std::size_t>(&axis - axes_.data())].domain;
                       const auto all = space::count(domain);
                       return is_halved(domain) && all && static_cast<std::int64_t>(axis.values.size()) < *all;
                     }));
  }

  static constexpr int finest_pass = 20;
  std::shared_ptr<const space::Space> space_;
  std::string description_;
  int pass_ = 0;
  std::vector<Axis> axes_;
  std::vector<space::Params> points_;
  std::size_t refused_ = 0;  ///< combinations in a row
  bool exhausted_ = false;
  ListPositions places_;
};

}  // namespace

std::unique_ptr<trial::Planner> make_halving_grid(const Setup& setup) { return std::make_unique<HalvingGrid>(setup); }

}  // namespace assay::search
