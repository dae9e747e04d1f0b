# cmake --install puts a group share together: executables, job scripts, worked configurations, the embedded data set.
get_property(_executables GLOBAL PROPERTY ASSAY_EXECUTABLES)
if(_executables)
  install(TARGETS ${_executables} RUNTIME DESTINATION bin)
endif()
install(FILES bin/.modules DESTINATION bin OPTIONAL)  # environment modules that every job loads
add_custom_target(programs DEPENDS ${_executables})  # all but the tests
install(DIRECTORY slurm configs DESTINATION share/assay USE_SOURCE_PERMISSIONS)
install(DIRECTORY datasets/optdigits DESTINATION share/assay/datasets)
install(PROGRAMS datasets/fetch DESTINATION share/assay/datasets)
install(FILES datasets/README.md datasets/checksums.txt DESTINATION share/assay/datasets)
install(FILES README.md LICENSE DESTINATION share/assay)
if(ASSAY_PLOTLY)
  install(FILES "${ASSAY_PLOTLY}" DESTINATION share/assay)
endif()
