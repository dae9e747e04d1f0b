# Every library from outside, as an imported target. Header libraries may come from the system or from
# ${ASSAY_DEPS}/include (bin/setup without root puts them there).
set(ASSAY_DEPS "" CACHE PATH "Folder of libraries that bin/setup fetched")
if(ASSAY_DEPS)
  list(PREPEND CMAKE_PREFIX_PATH "${ASSAY_DEPS}")
endif()

find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)
set(MPI_CXX_SKIP_MPICXX ON)  # the C interface only; the C++ bindings left the standard
find_package(MPI REQUIRED COMPONENTS CXX)
find_package(LibTorch REQUIRED)

# assay_header_library(<target> <header that must exist>)
function(assay_header_library name header)
  string(MAKE_C_IDENTIFIER "ASSAY_${name}_INCLUDE" variable)
  find_path(${variable} ${header} REQUIRED)
  add_library(assay_dep_${name} INTERFACE)
  target_include_directories(assay_dep_${name} SYSTEM INTERFACE ${${variable}})
endfunction()

assay_header_library(json nlohmann/json.hpp)
assay_header_library(cli11 CLI/CLI.hpp)
assay_header_library(toml toml++/toml.h)
assay_header_library(boost boost/math/distributions/chi_squared.hpp)
assay_header_library(stb stb/stb_image.h)
assay_header_library(fmt fmt/format.h)
target_compile_definitions(assay_dep_fmt INTERFACE FMT_HEADER_ONLY=1)

find_package(simdjson REQUIRED)
