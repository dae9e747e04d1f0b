# One static library per folder of src/. The order of the calls in src/CMakeLists.txt is the layer table of src/README.md.
add_library(assay_flags INTERFACE)
target_compile_options(assay_flags INTERFACE -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
  -Wno-missing-field-initializers
  -Wno-restrict)  # g++ 12 reports std::string::insert (GCC bug 105651)
if(ASSAY_WERROR)
  target_compile_options(assay_flags INTERFACE -Werror)
endif()
if(ASSAY_SANITIZE)
  target_compile_options(assay_flags INTERFACE -fsanitize=${ASSAY_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(assay_flags INTERFACE -fsanitize=${ASSAY_SANITIZE})
endif()

# assay_module(<folder> [USES module...] [LINKS target...]): all .cpp files of the folder become assay_<folder>.
function(assay_module name)
  cmake_parse_arguments(arg "" "" "USES;LINKS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cpp")
  list(TRANSFORM arg_USES PREPEND assay_)
  if(sources)
    add_library(assay_${name} STATIC ${sources})
    set(scope PUBLIC)
  else()
    add_library(assay_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(assay_${name} ${scope} "${PROJECT_SOURCE_DIR}/src")
  target_link_libraries(assay_${name} ${scope} assay_flags ${arg_USES} ${arg_LINKS})
endfunction()

# The LibTorch modules share one precompiled header: a file that includes torch compiles in 9 s instead of 20-25 s.
function(assay_torch_header name)
  get_target_property(type assay_${name} TYPE)
  if(NOT type STREQUAL INTERFACE_LIBRARY)
    target_precompile_headers(assay_${name} PRIVATE "${PROJECT_SOURCE_DIR}/src/nn/torch.hpp")
  endif()
endfunction()

# assay_executable(<name> SOURCES file... USES module...)
function(assay_executable name)
  cmake_parse_arguments(arg "" "" "SOURCES;USES" ${ARGN})
  list(TRANSFORM arg_USES PREPEND assay_)
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_USES})
  set_target_properties(${name} PROPERTIES BUILD_RPATH "${ASSAY_TORCH_RPATH}"
    INSTALL_RPATH "$ORIGIN/../lib;${ASSAY_TORCH_RPATH}")
  set_property(GLOBAL APPEND PROPERTY ASSAY_EXECUTABLES ${name})
endfunction()
