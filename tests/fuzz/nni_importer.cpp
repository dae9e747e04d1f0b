#include "fuzz/targets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  assay::fuzz::nni_importer({reinterpret_cast<const char*>(data), size});
  return 0;
}
