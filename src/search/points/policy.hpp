// A policy that makes the decisions of a space one after the other, each seeing those before it: a small network, its
// derivatives by hand. What reinforcement learning changes.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "base/random.hpp"
#include "space/space.hpp"

namespace assay::search {

/// By parameter of the space; -1: it does not exist at this point.
using Decisions = std::vector<int>;

/// Decision i among `options` i: logits c_i + V_i tanh(b_i + sum of e_j over the decisions j made before). The weights
/// (c, V, b, e) lie in one vector of the caller's.
class Policy {
 public:
  Policy(std::shared_ptr<const space::Space> space, std::size_t hidden);

  /// Draws as Space::sample does: V is 0, b and e are small random numbers.
  std::vector<double> start(base::Rng& rng) const;

  /// A point; decisions that stand for an interval draw from it evenly. Where it breaks a constraint, it is drawn
  /// again; after 50 of them: an even draw from the space.
  space::Params sample(const std::vector<double>& weights, base::Rng& rng) const;

  Decisions decisions(const space::Params& params) const;

  /// Natural logarithm of the probability of these decisions.
  double log_probability(const std::vector<double>& weights, const Decisions& decisions) const;

  /// Adds to `gradient` that of factor * log_probability + bonus * (sum of the entropies of the decisions, given those
  /// before them).
  void add_gradient(const std::vector<double>& weights, const Decisions& decisions, double factor, double bonus,
                    std::vector<double>& gradient) const;

  /// Sum of the entropies of the decisions, each given those before it.
  double entropy(const std::vector<double>& weights, const Decisions& decisions) const;

 private:
  struct Slot {
    int options = 1;
    bool values = false;  ///< each option is one value; else an interval of [0, 1]
    std::size_t logits = 0, matrix = 0, bias = 0, embedding = 0;  ///< places in the weights
  };
  struct Step {
    std::vector<double> hidden, probabilities;
  };

  Step step(const std::vector<double>& weights, const Slot& slot, const std::vector<double>& context) const;
  void remember(const std::vector<double>& weights, const Slot& slot, int option, std::vector<double>& context) const;
  space::Params drawn(const std::vector<double>& weights, base::Rng& rng) const;
  /// Calls visit(slot, option, step) for each decision that was made.
  template <class Visit>
  void walk(const std::vector<double>& weights, const Decisions& decisions, const Visit& visit) const;

  std::shared_ptr<const space::Space> space_;
  std::size_t hidden_, size_ = 0;
  std::vector<Slot> slots_;
};

/// Adam (Kingma, Ba, ICLR 2015), uphill.
class Ascent {
 public:
  void step(std::vector<double>& weights, const std::vector<double>& gradient, double rate);

 private:
  std::vector<double> first_, second_;
  double decay1_ = 1, decay2_ = 1;
};

}  // namespace assay::search
