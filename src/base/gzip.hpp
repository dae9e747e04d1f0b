// gzip data in memory (RFC 1952), of several members as well.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace assay::base {

bool is_gzip(std::string_view text);

std::string gzip(std::string_view text);

struct Unzipped {
  enum class End { whole, cut_off, damaged } end = End::whole;
  std::vector<std::uint8_t> bytes;  ///< those before the fault, if there is one
  std::string fault;                ///< zlib's word for what is damaged
};
/// Members one after another; what follows the last one is padding. Error(defect) without memory for zlib's state.
Unzipped gunzip(std::string_view packed);

}  // namespace assay::base
