// One list of fields per type serves writing and reading. Unknown fields are passed over and missing ones keep their
// defaults, so that a report also reads run folders of other versions.
#include "run/results.hpp"

#include <concepts>
#include <limits>

#include "base/error.hpp"

namespace assay::run {
namespace {

using base::Json;

template <class T, class U>
concept Is = std::same_as<std::remove_const_t<T>, U>;

// ---- the fields of each type: T is const when writing ----

template <class V, Is<Interval> T>
void fields(V& visit, T& x) {
  visit("estimate", x.estimate);
  visit("lo", x.lo);
  visit("hi", x.hi);
}

template <class V, Is<trial::Report> T>
void fields(V& visit, T& x) {
  visit("step", x.step);
  visit("seconds", x.seconds);
  visit("metrics", x.metrics);
}

template <class V, Is<trial::Counts> T>
void fields(V& visit, T& x) {
  visit("claimed", x.claimed);
  visit("running", x.running);
  visit("done", x.done);
  visit("stopped", x.stopped);
  visit("failed", x.failed);
  visit("infeasible", x.infeasible);
  visit("voided", x.voided);
}

template <class V, Is<SplitFigures> T>
void fields(V& visit, T& x) {
  visit("train", x.train);
  visit("valid", x.valid);
  visit("untouched", x.untouched);
  visit("data_hash", x.data_hash);
  visit("p_value", x.p_value);
  visit("verdict", x.verdict);
  visit("task", x.task);
  visit("outputs", x.outputs);
}

template <class V, Is<BatchPoint> T>
void fields(V& visit, T& x) {
  visit("batch", x.batch);
  visit("examples_per_second", x.examples_per_second);
  visit("seconds_per_step", x.seconds_per_step);
  visit("out_of_memory", x.out_of_memory);
}

template <class V, Is<BaselineFigures> T>
void fields(V& visit, T& x) {
  visit("metrics", x.metrics);
  visit("score", x.score);
  visit("parameters", x.parameters);
  visit("multiply_adds", x.multiply_adds);
  visit("training_seconds", x.training_seconds);
  visit("device_seconds", x.device_seconds);
  visit("best_batch", x.best_batch);
  visit("sweep", x.sweep);
  visit("curve", x.curve);
}

template <class V, Is<CandidateFigures> T>
void fields(V& visit, T& x) {
  visit("name", x.name);
  visit("fidelity", x.fidelity);
  visit("spearman", x.spearman);
  visit("kendall", x.kendall);
  visit("seconds", x.seconds);
  visit("speed_up", x.speed_up);
  visit("chance", x.chance);
  visit("networks", x.networks);
  visit("passes", x.passes);
}

template <class V, Is<ProxyFigures> T>
void fields(V& visit, T& x) {
  visit("candidates", x.candidates);
  visit("chosen", x.chosen);
  visit("verdict", x.verdict);
  visit("full_seconds", x.full_seconds);
  visit("agreement_wanted", x.agreement_wanted);
  visit("scatter", x.scatter);
}

template <class V, Is<SearchFigures> T>
void fields(V& visit, T& x) {
  visit("counts", x.counts);
  visit("fidelity", x.fidelity);
  visit("best", x.best);
  visit("best_score", x.best_score);
  visit("pareto", x.pareto);
  visit("reached", x.reached);
  visit("comparable", x.comparable);
  visit("feasible", x.feasible);
  visit("least", x.least);
  visit("least_text", x.least_text);
  visit("device_seconds", x.device_seconds);
  visit("mean_trial_seconds", x.mean_trial_seconds);
  visit("reason", x.reason);
  visit("finalists", x.finalists);
}

template <class V, Is<FinalistFigures> T>
void fields(V& visit, T& x) {
  visit("trial", x.trial);
  visit("params", x.params);
  visit("scores", x.scores);
  visit("score", x.score);
  visit("search_score", x.search_score);
  visit("parameters", x.parameters);
  visit("multiply_adds", x.multiply_adds);
  visit("metrics", x.metrics);
  visit("feasible", x.feasible);
  visit("violation", x.violation);
  visit("defaults", x.defaults);
  visit("seeds", x.seeds);
  visit("trainings", x.trainings);
  visit("measured", x.measured);
}

template <class V, Is<FullFigures> T>
void fields(V& visit, T& x) {
  visit("finalists", x.finalists);
  visit("winner", x.winner);
  visit("device_seconds", x.device_seconds);
  visit("missing", x.missing);
  visit("untouched", x.untouched);
}

// ---- one value to JSON and back: chosen by the overload that fits ----

struct Writer {
  Json json = Json::object();

  static Json value(const trial::Fidelity& x) { return trial::to_json(x); }
  static Json value(const space::Params& x) { return space::to_json(x); }
  template <class T>
  static Json value(const std::optional<T>& x) {
    return x ? value(*x) : Json(nullptr);
  }
  template <class T>
  static Json value(const std::vector<T>& items) {
    Json array = Json::array();
    for (const T& item : items) array.push_back(value(item));
    return array;
  }
  template <class T>
  static Json value(const T& x) {
    if constexpr (requires(Writer w) { fields(w, x); }) {
      Writer inner;
      fields(inner, x);
      return inner.json;
    } else {
      return x;  // numbers, texts, maps of numbers
    }
  }
  template <class T>
  void operator()(const char* name, const T& x) {
    json[name] = value(x);
  }
};

struct Reader {
  const Json& json;

  /// null stands for not-a-number: JSON has no other way to say it.
  static void value(const Json& from, double& x) {
    x = from.is_null() ? std::numeric_limits<double>::quiet_NaN() : from.get<double>();
  }
  static void value(const Json& from, trial::Metrics& x) {
    for (const auto& [key, item] : from.items()) value(item, x[key]);
  }
  static void value(const Json& from, trial::Fidelity& x) { x = trial::fidelity_from_json(from); }
  static void value(const Json& from, space::Params& x) { x = space::params_from_json(from); }
  template <class T>
  static void value(const Json& from, std::optional<T>& x) {
    if (!from.is_null()) value(from, x.emplace());
  }
  template <class T>
  static void value(const Json& from, std::vector<T>& items) {
    for (const Json& item : from) value(item, items.emplace_back());
  }
  template <class T>
  static void value(const Json& from, T& x) {
    if constexpr (requires(Reader r) { fields(r, x); }) {
      if (!from.is_object()) base::fail(base::Exit::data, "an object was expected, found {}", from.dump());
      Reader inner{from};
      fields(inner, x);
    } else {
      from.get_to(x);
    }
  }
  template <class T>
  void operator()(const char* name, T& x) {
    const auto found = json.find(name);
    if (found == json.end()) return;
    try {
      value(*found, x);
    } catch (const Json::exception& error) {
      base::fail(base::Exit::data, "\"{}\" in a stage's figures holds {}, which does not fit ({})", name, found->dump(),
                 error.what());
    }
  }
};

template <class T>
T read(const Json& json) {
  T figures;
  Reader::value(json, figures);
  return figures;
}

}  // namespace

Json to_json(const SplitFigures& figures) { return Writer::value(figures); }
Json to_json(const BaselineFigures& figures) { return Writer::value(figures); }
Json to_json(const ProxyFigures& figures) { return Writer::value(figures); }
Json to_json(const SearchFigures& figures) { return Writer::value(figures); }
Json to_json(const FullFigures& figures) { return Writer::value(figures); }

SplitFigures split_figures(const Json& json) { return read<SplitFigures>(json); }
BaselineFigures baseline_figures(const Json& json) { return read<BaselineFigures>(json); }
ProxyFigures proxy_figures(const Json& json) { return read<ProxyFigures>(json); }
SearchFigures search_figures(const Json& json) { return read<SearchFigures>(json); }
FullFigures full_figures(const Json& json) { return read<FullFigures>(json); }

}  // namespace assay::run
