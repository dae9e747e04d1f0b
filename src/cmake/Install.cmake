# cmake --install puts a group share together: executables, job scripts, worked configurations, the embedded data set.
get_property(_executables GLOBAL PROPERTY ASSAY_EXECUTABLES)
if(_executables)
  install(TARGETS ${_executables} RUNTIME DESTINATION bin)
endif()
install(DIRECTORY slurm configs datasets DESTINATION share/assay USE_SOURCE_PERMISSIONS)
install(FILES README.md LICENSE DESTINATION share/assay)
