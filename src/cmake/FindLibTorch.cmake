# LibTorch without a CUDA toolkit: the libraries of the PyPI wheel (or of any LibTorch >= 2.7) linked by name, because
# PyTorch's own package file asks for nvcc. Input: ASSAY_TORCH, the folder that holds include/ and lib/.
# Output: target assay_torch; ASSAY_WITH_CUDA says whether the GPU path (c10_cuda, NCCL) is compiled in.
set(ASSAY_TORCH "" CACHE PATH "Folder of LibTorch: .../site-packages/torch, or an unpacked libtorch")
if(NOT ASSAY_TORCH)
  # What bin/setup installed, CUDA 13.0 before 12.8 before 12.6 before the build without CUDA.
  file(GLOB _installed "${ASSAY_DEPS}/torch-*/lib/python3*/site-packages/torch")
  list(SORT _installed ORDER DESCENDING)
  if(_installed)
    list(GET _installed 0 _installed)
    set(ASSAY_TORCH "${_installed}" CACHE PATH "" FORCE)
  endif()
endif()
if(NOT ASSAY_TORCH)
  message(FATAL_ERROR "ASSAY_TORCH is not set. bin/setup installs LibTorch and sets it; or pass -DASSAY_TORCH=PATH.")
endif()

find_library(ASSAY_TORCH_CPU torch_cpu PATHS "${ASSAY_TORCH}/lib" NO_DEFAULT_PATH REQUIRED)
find_library(ASSAY_TORCH_C10 c10 PATHS "${ASSAY_TORCH}/lib" NO_DEFAULT_PATH REQUIRED)
find_library(ASSAY_TORCH_MAIN torch PATHS "${ASSAY_TORCH}/lib" NO_DEFAULT_PATH REQUIRED)
find_library(ASSAY_TORCH_CUDA torch_cuda PATHS "${ASSAY_TORCH}/lib" NO_DEFAULT_PATH)
find_library(ASSAY_TORCH_C10_CUDA c10_cuda PATHS "${ASSAY_TORCH}/lib" NO_DEFAULT_PATH)

foreach(_header torch/headeronly/version.h torch/csrc/api/include/torch/version.h)
  if(NOT _version AND EXISTS "${ASSAY_TORCH}/include/${_header}")
    file(STRINGS "${ASSAY_TORCH}/include/${_header}" _version REGEX "define TORCH_VERSION_M(AJOR|INOR)")
  endif()
endforeach()
string(REGEX REPLACE ".*MAJOR ([0-9]+).*MINOR ([0-9]+).*" "\\1.\\2" ASSAY_TORCH_VERSION "${_version}")
if(NOT ASSAY_TORCH_VERSION VERSION_GREATER_EQUAL 2.7)
  message(FATAL_ERROR "LibTorch '${ASSAY_TORCH_VERSION}' in ${ASSAY_TORCH} is too old: 2.7 or newer is needed.")
endif()

# The wheel's neighbours: nvidia/<package>/{include,lib} beside torch/ in site-packages. Zips carry the libraries inside lib/ under names with
# a hash; headers of CUDA and NCCL then come from a toolkit or a module.
get_filename_component(_site "${ASSAY_TORCH}" DIRECTORY)
file(GLOB _cuda_includes "${_site}/nvidia/cu1*/include" "${_site}/nvidia/cuda_runtime/include")
file(GLOB _nvidia_libs "${_site}/nvidia/*/lib")
find_path(ASSAY_CUDA_INCLUDE cuda_runtime_api.h PATHS ${_cuda_includes} NO_DEFAULT_PATH)
find_path(ASSAY_CUDA_INCLUDE cuda_runtime_api.h HINTS ENV CUDA_HOME ENV CUDA_PATH PATHS /usr/local/cuda PATH_SUFFIXES include)
find_path(ASSAY_NCCL_INCLUDE nccl.h PATHS "${_site}/nvidia/nccl/include" NO_DEFAULT_PATH)
find_path(ASSAY_NCCL_INCLUDE nccl.h HINTS ENV NCCL_HOME ENV EBROOTNCCL PATH_SUFFIXES include)
# CUDA 13's runtime wheel leaves out crt/ and nv/: bin/setup adds their wheels; else a toolkit has them.
find_path(ASSAY_CUDA_CRT_INCLUDE crt/host_defines.h PATHS "${ASSAY_CUDA_INCLUDE}" NO_DEFAULT_PATH)
find_path(ASSAY_CUDA_CRT_INCLUDE crt/host_defines.h HINTS ENV CUDA_HOME ENV CUDA_PATH PATHS /usr/local/cuda PATH_SUFFIXES include)
find_path(ASSAY_CUDA_NV_INCLUDE nv/target PATHS "${ASSAY_CUDA_INCLUDE}" "${ASSAY_CUDA_INCLUDE}/cccl" NO_DEFAULT_PATH)
find_path(ASSAY_CUDA_NV_INCLUDE nv/target HINTS ENV CUDA_HOME ENV CUDA_PATH PATHS /usr/local/cuda
          PATH_SUFFIXES include include/cccl)
# It must be the copy that libtorch_cuda itself loads: two NCCLs in one process take each other's calls.
find_library(ASSAY_NCCL NAMES libnccl.so.2 nccl PATHS "${_site}/nvidia/nccl/lib" "${ASSAY_TORCH}/lib" NO_DEFAULT_PATH)
find_library(ASSAY_NCCL NAMES libnccl.so.2 nccl PATHS ENV NCCL_HOME ENV LD_LIBRARY_PATH PATH_SUFFIXES lib)
file(GLOB _cudart "${ASSAY_TORCH}/lib/libcudart-*.so.*")
if(_cudart)
  set(ASSAY_CUDART "${_cudart}" CACHE FILEPATH "The CUDA runtime that LibTorch loads")
endif()
set(_cudart_names libcudart.so.13 libcudart.so.12 cudart)
find_library(ASSAY_CUDART NAMES ${_cudart_names} PATHS ${_nvidia_libs} "${ASSAY_TORCH}/lib" NO_DEFAULT_PATH)
find_library(ASSAY_CUDART NAMES ${_cudart_names} PATHS ENV CUDA_HOME ENV LD_LIBRARY_PATH PATH_SUFFIXES lib64 lib)

set(ASSAY_WITH_CUDA ON)
set(_why "")
foreach(_need "ASSAY_TORCH_CUDA:LibTorch was built without CUDA" "ASSAY_TORCH_C10_CUDA:LibTorch was built without CUDA"
    "ASSAY_CUDA_INCLUDE:cuda_runtime_api.h was not found, set CUDA_HOME"
    "ASSAY_CUDA_CRT_INCLUDE:crt/host_defines.h was not found, set CUDA_HOME"
    "ASSAY_CUDA_NV_INCLUDE:nv/target was not found, set CUDA_HOME" "ASSAY_NCCL_INCLUDE:nccl.h was not found, set NCCL_HOME"
    "ASSAY_NCCL:libnccl.so.2 was not found, set NCCL_HOME" "ASSAY_CUDART:libcudart was not found")
  string(REGEX MATCH "^[^:]+" _variable "${_need}")
  if(ASSAY_WITH_CUDA AND NOT ${_variable})
    set(ASSAY_WITH_CUDA OFF)
    string(REGEX REPLACE "^[^:]+:" " (" _why "${_need})")
  endif()
endforeach()
message(STATUS "LibTorch ${ASSAY_TORCH_VERSION} in ${ASSAY_TORCH}; GPU path: ${ASSAY_WITH_CUDA}${_why}")

add_library(assay_torch INTERFACE)
target_include_directories(assay_torch SYSTEM INTERFACE
  "${ASSAY_TORCH}/include" "${ASSAY_TORCH}/include/torch/csrc/api/include")
# The wheel's libraries export a std::filesystem of their own, whose remove_all crashes outside Python. The C++ library
# must come before them, so that the program finds its own first.
target_link_libraries(assay_torch INTERFACE -Wl,--push-state,--no-as-needed,-lstdc++,--pop-state)
target_link_libraries(assay_torch INTERFACE ${ASSAY_TORCH_MAIN} ${ASSAY_TORCH_CPU} ${ASSAY_TORCH_C10} Threads::Threads)
set(_rpath "${ASSAY_TORCH}/lib")
if(ASSAY_WITH_CUDA)
  target_compile_definitions(assay_torch INTERFACE ASSAY_WITH_CUDA=1)
  target_include_directories(assay_torch SYSTEM INTERFACE ${ASSAY_CUDA_INCLUDE} ${ASSAY_NCCL_INCLUDE}
    ${ASSAY_CUDA_CRT_INCLUDE} ${ASSAY_CUDA_NV_INCLUDE})
  # Nothing refers to torch_cuda by symbol, so the linker would drop it and the program would see no GPU.
  target_link_libraries(assay_torch INTERFACE
    -Wl,--no-as-needed ${ASSAY_TORCH_CUDA} -Wl,--as-needed ${ASSAY_TORCH_C10_CUDA} ${ASSAY_NCCL} ${ASSAY_CUDART})
  list(APPEND _rpath ${_nvidia_libs})
endif()
set(ASSAY_TORCH_RPATH "${_rpath}" CACHE INTERNAL "Folders in which executables look for LibTorch at run time")

# The wheel's own Python has torch: it checks exported networks and runs the Python examples.
find_program(ASSAY_PYTHON python3 HINTS "${_site}/../../../bin" NO_DEFAULT_PATH)
find_program(ASSAY_PYTHON python3)
