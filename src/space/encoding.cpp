#include "space/encoding.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "space/domain.hpp"

namespace assay::space {
namespace {

/// Without an order: unordered choices and all subsets.
bool categorical(const Domain& domain) { return !domain.items.empty() && !domain.ordered; }

/// Subsets whose order counts have flags for each position, others for each item.
int positions(const Domain& domain) { return domain.kind == Kind::subset && !domain.sorted ? domain.pick : 1; }

}  // namespace

Encoder::Encoder(const Space& space, Encoding encoding) : parameters_(space.parameters()), encoding_(encoding) {
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const auto& [name, domain, role, conditions, where] = parameters_[i];
    first_.push_back(columns_.size());
    if (encoding == Encoding::one_hot && categorical(domain)) {
      add_flags(i, parameters_[i]);
    } else {
      const bool index = encoding == Encoding::mixed && categorical(domain);
      columns_.push_back({i, name, index ? static_cast<int>(std::min<std::int64_t>(*count(domain), 1 << 30)) : 0});
    }
    if (encoding == Encoding::one_hot && !conditions.empty()) columns_.push_back({i, name + " exists", 2});
  }
}

void Encoder::add_flags(std::size_t place, const Parameter& parameter) {
  const auto& domain = parameter.domain;
  for (int position = 0; position < positions(domain); ++position) {
    for (const auto& item : domain.items) {
      const auto at = positions(domain) > 1 ? fmt::format("[{}]", position) : std::string();
      columns_.push_back({place, fmt::format("{}{}={}", parameter.name, at, to_text(item)), 2});
    }
  }
}

void Encoder::put_flags(const Domain& domain, const Value& value, double* into) const {
  const auto place_of = [&](const Value& item) {
    return std::find_if(domain.items.begin(), domain.items.end(),
                        [&](const auto& other) { return same(other, item); }) -
           domain.items.begin();
  };
  const auto* labels = std::get_if<std::vector<std::string>>(&value);
  if (labels == nullptr) {
    into[place_of(value)] = 1;
    return;
  }
  const auto items = static_cast<std::ptrdiff_t>(domain.items.size());
  for (std::size_t i = 0; i < labels->size(); ++i) {
    const auto position = positions(domain) > 1 ? static_cast<std::ptrdiff_t>(i) : 0;
    into[position * items + place_of((*labels)[i])] += 1;  // an item that is drawn twice counts twice
  }
}

std::vector<double> Encoder::operator()(const Params& params) const {
  std::vector<double> result(columns_.size(), encoding_ == Encoding::one_hot ? 0 : -1);
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const auto& domain = parameters_[i].domain;
    const auto found = params.find(parameters_[i].name);
    if (found == params.end()) continue;
    const auto& value = found->second;
    auto* const into = &result[first_[i]];
    if (encoding_ == Encoding::one_hot) {
      if (categorical(domain)) {
        put_flags(domain, value, into);
      } else {
        *into = to_unit(domain, value);
      }
      if (!parameters_[i].conditions.empty()) {
        const auto next = i + 1 < first_.size() ? first_[i + 1] : columns_.size();
        result[next - 1] = 1;
      }
    } else if (encoding_ == Encoding::rank ? count(domain).has_value() : categorical(domain)) {
      *into = static_cast<double>(ordinal(domain, value));
    } else {
      *into = to_unit(domain, value);
    }
  }
  return result;
}

}  // namespace assay::space
