#include "arch/canonical.hpp"

#include "arch/network.hpp"
#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"

namespace assay::arch {

std::string canonical(const space::Space& space, const space::Params& params, std::int64_t outputs) {
  auto values = space.instantiate(params);
  const auto itself = [&] { return space::to_json(space.normalise(params)).dump(); };
  const auto model = values.find("model");
  if (model == values.end() || !model->contains("blocks")) return itself();
  try {
    *model = canonical_hash(lower(*model, outputs));
  } catch (const base::Error&) {
    return itself();  // such a trial is infeasible, and its reason names this point's blocks
  }
  return base::sha256(values.dump());
}

}  // namespace assay::arch
