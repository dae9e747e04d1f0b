# Version and git revision in one generated .cpp: looked up at every build, compiled anew only when they changed.
# Included by the build it defines assay_version(); run as a script (cmake -P) it writes the file.
if(CMAKE_SCRIPT_MODE_FILE)
  set(ASSAY_REVISION unknown)
  execute_process(COMMAND git rev-parse --short=12 HEAD WORKING_DIRECTORY "${ASSAY_SOURCE}"
    OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  if(failed EQUAL 0)
    set(ASSAY_REVISION "${commit}")
    execute_process(COMMAND git diff-index --quiet HEAD -- WORKING_DIRECTORY "${ASSAY_SOURCE}"
      OUTPUT_QUIET ERROR_QUIET RESULT_VARIABLE changed)
    if(changed EQUAL 1)
      string(APPEND ASSAY_REVISION "-dirty")
    endif()
  endif()
  configure_file("${INPUT}" "${OUTPUT}" @ONLY)
  return()
endif()

# assay_version(<module>): adds the generated file to assay_<module>.
function(assay_version module)
  set(output "${PROJECT_BINARY_DIR}/generated/version.cpp")
  add_custom_target(assay_revision BYPRODUCTS "${output}" COMMENT "git revision"
    COMMAND "${CMAKE_COMMAND}" "-DASSAY_SOURCE=${PROJECT_SOURCE_DIR}" "-DASSAY_VERSION=${PROJECT_VERSION}"
      "-DASSAY_PYTHON=${ASSAY_PYTHON}" "-DINPUT=${PROJECT_SOURCE_DIR}/src/base/version.cpp.in" "-DOUTPUT=${output}"
      -P "${PROJECT_SOURCE_DIR}/src/cmake/Version.cmake")
  target_sources(assay_${module} PRIVATE "${output}")
  add_dependencies(assay_${module} assay_revision)
endfunction()
