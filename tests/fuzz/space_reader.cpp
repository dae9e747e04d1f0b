#include "fuzz/targets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  assay::fuzz::space_reader({reinterpret_cast<const char*>(data), size});
  return 0;
}
