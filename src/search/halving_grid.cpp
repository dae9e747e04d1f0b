#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/json.hpp"
#include "base/text.hpp"
#include "search/algorithms.hpp"
#include "search/seen.hpp"
#include "space/domain.hpp"

namespace assay::search {
namespace {

/// So many combinations in a row that constraints refuse: the grid is at its end.
constexpr std::size_t most_refused = 1'000'000;

/// One parameter's values, coarse ones first.
struct Axis {
  std::vector<space::Value> values;
  std::size_t known = 0;  ///< those of the passes before
};

bool is_halved(const space::Domain& domain) {
  return domain.kind != space::Kind::choice && domain.kind != space::Kind::subset;
}

class HalvingGrid final : public study::Planner {
 public:
  explicit HalvingGrid(const Setup& setup) : space_(setup.space), description_(setup.description) {
    axes_.resize(space_->parameters().size());
    digits_.resize(axes_.size(), 0);
    refine();
  }

  study::Decision next(const study::StudyView& view) override {
    const auto& trials = view.trials();
    while (claimed_ < trials.size() && trials[claimed_]) ++claimed_;
    if (static_cast<std::int64_t>(claimed_) >= view.max_trials()) return study::Finished{"all trials are claimed"};
    if (reaches(claimed_)) return study::New{};
    return study::Finished{
        fmt::format("space exhausted: all {} points have been tried", base::with_commas(points_.size()))};
  }

  std::optional<study::Proposal> propose(const study::StudyView&, study::TrialId trial, base::Rng&) override {
    const auto place = static_cast<std::size_t>(trial);
    if (!reaches(place)) return std::nullopt;
    return study::Proposal{.params = points_[place], .note = "grid"};
  }

  base::Json describe() const override { return base::Json::parse(description_); }

 private:
  bool reaches(std::size_t place) {
    std::size_t refused = 0;
    while (points_.size() <= place && !exhausted_ && refused < most_refused) {
      const auto before = points_.size();
      take();
      refused = points_.size() > before ? 0 : refused + 1;
      turn();
    }
    return points_.size() > place;
  }

  /// The point that the digits stand for, if it is a new one.
  void take() {
    bool fresh = pass_ == 1;
    for (std::size_t i = 0; i < axes_.size(); ++i) fresh = fresh || digits_[i] >= axes_[i].known;
    if (!fresh) return;
    space::Params params;
    for (std::size_t i = 0; i < axes_.size(); ++i) {
      const auto& parameter = space_->parameters()[i];
      if (space_->active(parameter, params)) {
        params[parameter.name] = axes_[i].values[digits_[i]];
      } else if (digits_[i] > 0) {
        return;
      }
    }
    if (space_->satisfies_constraints(params) && seen_.insert(text_of(params)).second) points_.push_back(params);
  }

  /// To the next combination, the last parameter fastest; after the last one to the next pass.
  void turn() {
    for (auto i = axes_.size(); i-- > 0;) {
      if (++digits_[i] < axes_[i].values.size()) return;
      digits_[i] = 0;
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
          const auto known = [&](const auto& other) { return space::same(other, value); };
          if (std::none_of(values.begin(), values.end(), known)) values.push_back(value);
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
  std::vector<std::size_t> digits_;
  std::vector<space::Params> points_;
  std::unordered_set<std::string> seen_;
  bool exhausted_ = false;
  std::size_t claimed_ = 0;  ///< every number below is; numbers never become free again
};

}  // namespace

std::unique_ptr<study::Planner> make_halving_grid(const Setup& setup) { return std::make_unique<HalvingGrid>(setup); }

}  // namespace assay::search
