#include <algorithm>
#include <cmath>
#include <iterator>

#include "search/algorithms.hpp"
#include "search/points/point_search.hpp"
#include "space/domain.hpp"

namespace assay::search {
namespace {

constexpr int draw_tries = 50;

class Anneal final : public PointSearch {
 public:
  explicit Anneal(const Setup& setup)
      : PointSearch(setup),
        mean_place_(setup.config.number("search.anneal.mean_place")),
        shrinkage_(setup.config.number("search.anneal.shrinkage")) {}

 private:
  trial::Proposal draw(trial::TrialId, base::Rng& rng) override {
    rank();
    if (order_.empty()) return {.params = space().sample(rng), .note = "random"};
    // The neighbourhood grows while all that it has was proposed before.
    double widening = 1;
    for (int attempt = 0; attempt < draw_tries; ++attempt, widening *= 1.1) {
      space::Params params;
      for (std::size_t i = 0; i < space().parameters().size(); ++i) {
        const auto& parameter = space().parameters()[i];
        if (space().active(parameter, params)) params[parameter.name] = near(i, widening, rng);
      }
      if (space().satisfies_constraints(params) && !proposed_before(params))
        return {.params = std::move(params), .note = "anneal"};
    }
    return {.params = space().sample(rng), .note = "random"};
  }

  void rank() {
    if (version_ == history().version()) return;
    version_ = history().version();
    std::vector<trial::Scored> trials;
    for (const auto id : history().scored()) trials.push_back({history().at(id).trial.get(), *history().at(id).score});
    const auto count = trials.size();
    best_.clear();
    order_.clear();
    if (count == 0) return;
    for (const auto& trial : trial::ranked(std::move(trials), count)) order_.push_back(trial.trial->id);
    best_.resize(space().parameters().size());
    for (std::size_t i = 0; i < best_.size(); ++i) {
      const auto& parameter = space().parameters()[i];
      if (parameter.conditions.empty()) continue;
      std::copy_if(order_.begin(), order_.end(), std::back_inserter(best_[i]),
                   [&](auto id) { return history().at(id).trial->first.params.contains(parameter.name); });
    }
  }

  space::Value near(std::size_t place, double widening, base::Rng& rng) const {
    const auto& domain = space().parameters()[place].domain;
    const auto& trials = space().parameters()[place].conditions.empty() ? order_ : best_[place];
    if (trials.empty()) return space::from_unit(domain, rng.uniform());
    // The place of the model trial is geometric: 1 is the best.
    std::size_t rank = 0;
    while (rank + 1 < trials.size() && rng.uniform() >= 1 / mean_place_) ++rank;
    const auto& model = history().at(trials[rank]);
    const double temperature = std::min(1.0, widening / (1 + static_cast<double>(trials.size()) * shrinkage_));
    const auto& value = model.trial->first.params.at(space().parameters()[place].name);
    if (!domain.items.empty() && !domain.ordered)
      return rng.uniform() < temperature ? space::from_unit(domain, rng.uniform()) : value;
    if (domain.kind == space::Kind::normal) {
      const double number = *space::as_number(value);
      const double plain = domain.log ? std::log(std::max(number, 1e-300)) : number;
      const double moved = plain + domain.hi * temperature * rng.normal();
      return space::from_unit(domain, space::to_unit(domain, domain.log ? std::exp(moved) : moved));
    }
    const double half = temperature / 2;
    const double middle = std::clamp(model.point[place], half, 1 - half);
    return space::from_unit(domain, rng.uniform(middle - half, middle + half));
  }

  double mean_place_, shrinkage_;
  std::vector<trial::TrialId> order_;              ///< best first
  std::vector<std::vector<trial::TrialId>> best_;  ///< by parameter with conditions: those that have it
  std::uint64_t version_ = 0;
};

}  // namespace

std::unique_ptr<trial::Planner> make_anneal(const Setup& setup) { return std::make_unique<Anneal>(setup); }

}  // namespace assay::search
