// What to say about a name that nothing has.
#pragma once

#include <string>
#include <vector>

namespace assay::space {

/// "; did you mean lr?", else "; there are a, b and c", else that nothing is searched: the end of a sentence.
std::string remedy_for_name(const std::string& nearest, const std::vector<std::string>& known);

}  // namespace assay::space
