#include "space/reading/names.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace assay::space {

std::string remedy_for_name(const std::string& nearest, const std::vector<std::string>& known) {
  constexpr std::size_t most = 10;
  if (!nearest.empty()) return fmt::format("; did you mean {}?", nearest);
  if (known.empty()) return "; there are no parameters, for nothing is searched";
  const auto shown = std::min(most, known.size());
  const std::vector<std::string> first(known.begin(), known.begin() + static_cast<std::ptrdiff_t>(shown));
  return fmt::format("; {} {}{}", known.size() == 1 ? "there is only" : "there are", base::join(first, ", "),
                     known.size() > shown ? fmt::format(" and {} more", known.size() - shown) : "");
}

}  // namespace assay::space
