#include "arch/survey.hpp"

#include <algorithm>
#include <set>

#include "arch/canonical.hpp"
#include "arch/network.hpp"
#include "base/error.hpp"
#include "base/json.hpp"

namespace assay::arch {

Survey survey(const space::Space& space, std::int64_t outputs, int points, base::Rng& rng) {
  Survey result;
  std::set<std::string> keys;
  for (; result.drawn < points; ++result.drawn) {
    const auto params = space.sample(rng);
    keys.insert(canonical(space, params, outputs));
    const auto values = space.instantiate(params);
    const auto model = values.find("model");
    if (model == values.end() || !model->contains("blocks")) continue;
    try {
      const auto counts = count(lower(*model, outputs));
      result.parameters.push_back(static_cast<double>(counts.parameters));
      result.multiply_adds.push_back(static_cast<double>(counts.multiply_adds));
    } catch (const base::Error& error) {
      if (error.code() != base::Exit::config) throw;
      if (result.failed++ == 0) result.reason = error.what();
    }
  }
  std::sort(result.parameters.begin(), result.parameters.end());
  std::sort(result.multiply_adds.begin(), result.multiply_adds.end());
  result.distinct = keys.size();
  return result;
}

}  // namespace assay::arch
