# assay_embed(<target> <namespace> FILES file...): text files become the function
#   std::string_view <namespace>::embedded(std::string_view name)
# in <target>. Made anew when one of the files changes. As a script (cmake -P) this file writes the source itself.
if(CMAKE_SCRIPT_MODE_FILE)
  set(code "// Made by Embed.cmake.\n#include <string_view>\n\nnamespace ${NAMESPACE} {\n\n")
  string(APPEND code "std::string_view embedded(std::string_view name) {\n")
  foreach(file IN LISTS FILES)
    file(READ "${file}" text)
    get_filename_component(name "${file}" NAME)
    # A literal may be limited to 64 kB by some compilers; ours take more, and the files are smaller.
    string(APPEND code "  if (name == \"${name}\") return R\"~embed~(${text})~embed~\";\n")
  endforeach()
  string(APPEND code "  return {};\n}\n\n}  // namespace ${NAMESPACE}\n")
  file(WRITE "${OUTPUT}" "${code}")
  return()
endif()

set(ASSAY_EMBED_SCRIPT "${CMAKE_CURRENT_LIST_FILE}")
function(assay_embed target namespace)
  cmake_parse_arguments(arg "" "" "FILES" ${ARGN})
  list(TRANSFORM arg_FILES PREPEND "${CMAKE_CURRENT_SOURCE_DIR}/")
  set(output "${CMAKE_CURRENT_BINARY_DIR}/${target}_embedded.cpp")
  add_custom_command(OUTPUT "${output}"
    COMMAND "${CMAKE_COMMAND}" "-DOUTPUT=${output}" "-DNAMESPACE=${namespace}" "-DFILES=${arg_FILES}" -P "${ASSAY_EMBED_SCRIPT}"
    DEPENDS ${arg_FILES} "${ASSAY_EMBED_SCRIPT}" VERBATIM)
  target_sources(${target} PRIVATE "${output}")
endfunction()
