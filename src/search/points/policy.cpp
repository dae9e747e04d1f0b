#include "search/points/policy.hpp"

#include <algorithm>
#include <cmath>

#include "space/domain.hpp"

namespace assay::search {
namespace {

/// Domains with more values, and reals, are divided into intervals.
constexpr std::int64_t most_options = 32;
constexpr int intervals = 10;
constexpr double first_weight = 0.3;
constexpr int sample_tries = 50;

double entropy_of(const std::vector<double>& probabilities) {
  double sum = 0;
  for (const double p : probabilities) sum -= p > 0 ? p * std::log(p) : 0;
  return sum;
}

int drawn_from(const std::vector<double>& probabilities, base::Rng& rng) {
  double left = rng.uniform();
  for (std::size_t i = 0; i + 1 < probabilities.size(); ++i) {
    left -= probabilities[i];
    if (left < 0) return static_cast<int>(i);
  }
  return static_cast<int>(probabilities.size()) - 1;
}

}  // namespace

Policy::Policy(std::shared_ptr<const space::Space> space, std::size_t hidden)
    : space_(std::move(space)), hidden_(hidden) {
  const auto take = [&](std::size_t count) {
    size_ += count;
    return size_ - count;
  };
  for (const auto& parameter : space_->parameters()) {
    const auto count = space::count(parameter.domain);
    Slot slot;
    slot.values = count && (*count <= most_options || parameter.domain.kind == space::Kind::choice);
    slot.options = slot.values ? static_cast<int>(*count) : intervals;
    const auto options = static_cast<std::size_t>(slot.options);
    slot.logits = take(options);
    slot.matrix = take(options * hidden_);
    slot.bias = take(hidden_);
    slot.embedding = take(options * hidden_);
    slots_.push_back(slot);
  }
}

std::vector<double> Policy::start(base::Rng& rng) const {
  std::vector<double> weights(size_, 0.0);
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const auto& slot = slots_[i];
    for (int k = 0; slot.values && k < slot.options; ++k) {
      weights[slot.logits + static_cast<std::size_t>(k)] =
          std::log(slot.options * space::probability(space_->parameters()[i].domain, k));
    }
    const auto end = slot.embedding + static_cast<std::size_t>(slot.options) * hidden_;
    for (auto j = slot.bias; j < end; ++j) weights[j] = first_weight * rng.normal();
  }
  return weights;
}

Policy::Step Policy::step(const std::vector<double>& weights, const Slot& slot,
                          const std::vector<double>& context) const {
  Step step;
  for (std::size_t h = 0; h < hidden_; ++h) step.hidden.push_back(std::tanh(weights[slot.bias + h] + context[h]));
  for (std::size_t k = 0; k < static_cast<std::size_t>(slot.options); ++k) {
    double logit = weights[slot.logits + k];
    for (std::size_t h = 0; h < hidden_; ++h) logit += weights[slot.matrix + k * hidden_ + h] * step.hidden[h];
    step.probabilities.push_back(logit);
  }
  const double most = *std::max_element(step.probabilities.begin(), step.probabilities.end());
  double sum = 0;
  for (auto& p : step.probabilities) sum += p = std::exp(p - most);
  for (auto& p : step.probabilities) p /= sum;
  return step;
}

void Policy::remember(const std::vector<double>& weights, const Slot& slot, int option,
                      std::vector<double>& context) const {
  const auto row = slot.embedding + static_cast<std::size_t>(option) * hidden_;
  for (std::size_t h = 0; h < hidden_; ++h) context[h] += weights[row + h];
}

space::Params Policy::drawn(const std::vector<double>& weights, base::Rng& rng) const {
  space::Params params;
  std::vector<double> context(hidden_, 0.0);
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const auto& parameter = space_->parameters()[i];
    if (!space_->active(parameter, params)) continue;
    const auto& slot = slots_[i];
    const int option = drawn_from(step(weights, slot, context).probabilities, rng);
    params[parameter.name] = slot.values ? space::value_of_ordinal(parameter.domain, option)
                                         : space::from_unit(parameter.domain, (option + rng.uniform()) / slot.options);
    remember(weights, slot, option, context);
  }
  return params;
}

space::Params Policy::sample(const std::vector<double>& weights, base::Rng& rng) const {
  for (int attempt = 0; attempt < sample_tries; ++attempt) {
    auto params = drawn(weights, rng);
    if (space_->satisfies_constraints(params)) return params;
  }
  return space_->sample(rng);
}

Decisions Policy::decisions(const space::Params& params) const {
  Decisions decisions(slots_.size(), -1);
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const auto& parameter = space_->parameters()[i];
    const auto found = params.find(parameter.name);
    if (found == params.end()) continue;
    const int options = slots_[i].options;
    decisions[i] =
        slots_[i].values
            ? static_cast<int>(space::ordinal(parameter.domain, found->second))
            : std::clamp(static_cast<int>(space::to_unit(parameter.domain, found->second) * options), 0, options - 1);
  }
  return decisions;
}

template <class Visit>
void Policy::walk(const std::vector<double>& weights, const Decisions& decisions, const Visit& visit) const {
  std::vector<double> context(hidden_, 0.0);
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (decisions[i] < 0) continue;
    visit(slots_[i], decisions[i], step(weights, slots_[i], context));
    remember(weights, slots_[i], decisions[i], context);
  }
}

double Policy::log_probability(const std::vector<double>& weights, const Decisions& decisions) const {
  double sum = 0;
  walk(weights, decisions, [&](const Slot&, int option, const Step& step) {
    sum += std::log(std::max(step.probabilities[static_cast<std::size_t>(option)], 1e-300));
  });
  return sum;
}

double Policy::entropy(const std::vector<double>& weights, const Decisions& decisions) const {
  double sum = 0;
  walk(weights, decisions, [&](const Slot&, int, const Step& step) { sum += entropy_of(step.probabilities); });
  return sum;
}

void Policy::add_gradient(const std::vector<double>& weights, const Decisions& decisions, double factor, double bonus,
                          std::vector<double>& gradient) const {
  std::vector<std::vector<double>> inside;  // of the hidden units before tanh, decision by decision
  std::vector<std::pair<const Slot*, int>> made;
  walk(weights, decisions, [&](const Slot& slot, int option, const Step& step) {
    const double entropy = entropy_of(step.probabilities);
    std::vector<double> hidden(hidden_, 0.0);
    for (std::size_t k = 0; k < step.probabilities.size(); ++k) {
      const double p = step.probabilities[k];
      const double chosen = static_cast<int>(k) == option ? 1 : 0;
      const double logit = factor * (chosen - p) - (p > 0 ? bonus * p * (std::log(p) + entropy) : 0);
      gradient[slot.logits + k] += logit;
      for (std::size_t h = 0; h < hidden_; ++h) {
        gradient[slot.matrix + k * hidden_ + h] += logit * step.hidden[h];
        hidden[h] += logit * weights[slot.matrix + k * hidden_ + h];
      }
    }
    for (std::size_t h = 0; h < hidden_; ++h) {
      hidden[h] *= 1 - step.hidden[h] * step.hidden[h];
      gradient[slot.bias + h] += hidden[h];
    }
    inside.push_back(std::move(hidden));
    made.emplace_back(&slot, option);
  });
  // An embedding enters all later decisions.
  std::vector<double> later(hidden_, 0.0);
  for (auto i = made.size(); i-- > 0;) {
    const auto& [slot, option] = made[i];
    const auto row = slot->embedding + static_cast<std::size_t>(option) * hidden_;
    for (std::size_t h = 0; h < hidden_; ++h) {
      gradient[row + h] += later[h];
      later[h] += inside[i][h];
    }
  }
}

void Ascent::step(std::vector<double>& weights, const std::vector<double>& gradient, double rate) {
  constexpr double keep1 = 0.9, keep2 = 0.999, tiny = 1e-8;
  first_.resize(weights.size(), 0.0);
  second_.resize(weights.size(), 0.0);
  decay1_ *= keep1;
  decay2_ *= keep2;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    first_[i] = keep1 * first_[i] + (1 - keep1) * gradient[i];
    second_[i] = keep2 * second_[i] + (1 - keep2) * gradient[i] * gradient[i];
    weights[i] += rate * (first_[i] / (1 - decay1_)) / (std::sqrt(second_[i] / (1 - decay2_)) + tiny);
  }
}

}  // namespace assay::search
