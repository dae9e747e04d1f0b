#include "trial/signature.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/hash.hpp"

namespace assay::trial {
namespace {

bool committed(const Measurement& rung) { return rung.state != State::waiting && rung.state != State::running; }

/// -0 is 0, and a NaN has no sign.
std::string digits(double value) {
  if (std::isnan(value)) return "nan";
  return fmt::format("{:.6g}", value == 0 ? 0.0 : value);
}

std::string value_text(const space::Value& value) {
  if (const auto* number = std::get_if<double>(&value)) return digits(*number);
  return space::to_text(value);
}

std::string line_of(const Trial& trial, const Measurement& rung, const SignatureScope& scope, const Judge& judge) {
  auto text = fmt::format("{}.{} {} {}", trial.id, rung.item.rung, to_string(rung.state), rung.at.epochs);
  for (const auto& [name, value] : trial.what_of(rung).params) text += fmt::format(" {}={}", name, value_text(value));
  text += " :";
  auto raw = rung.metrics;
  judge.strip(raw);
  for (const auto& [name, value] : raw) {
    if (!scope.unsigned_metrics.contains(name)) text += fmt::format(" {}={}", name, digits(value));
  }
  return text + "\n";
}

template <class Visit>
void visit_signed(const StudyView& view, const SignatureScope& scope, const Visit& visit) {
  for (const auto& trial : view.trials()) {
    if (!trial || (scope.trials > 0 && trial->id >= scope.trials)) continue;
    for (const auto& rung : trial->rungs) {
      if (committed(rung) && (scope.trials == 0 || rung.item.rung == 0)) visit(*trial, rung);
    }
  }
}

}  // namespace

std::string signed_text(const StudyView& view, const SignatureScope& scope) {
  std::string text;
  visit_signed(view, scope,
               [&](const Trial& trial, const Measurement& rung) { text += line_of(trial, rung, scope, view.judge()); });
  return text;
}

std::vector<std::string> sequence(const StudyView& view) {
  std::vector<const Measurement*> measured;
  visit_signed(view, {}, [&](const Trial& trial, const Measurement& rung) {
    if (!imported(trial.first, rung.item.rung)) measured.push_back(&rung);
  });
  std::stable_sort(measured.begin(), measured.end(), [](auto* a, auto* b) { return a->started < b->started; });
  std::vector<std::string> names;
  for (const auto* rung : measured) names.push_back(fmt::format("{}.{}", rung->item.trial, rung->item.rung));
  return names;
}

Signature sign(const StudyView& view, const SignatureScope& scope) {
  Signature signature{.hash = base::short_hash(signed_text(view, scope))};
  visit_signed(view, scope, [&](const Trial&, const Measurement& rung) {
    ++signature.measurements;
    signature.trials += rung.item.rung == 0 ? 1 : 0;
  });
  return signature;
}

}  // namespace assay::trial
