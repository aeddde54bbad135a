# cmake --install, and the package that find_package(aio) finds: targets aio::tensor, aio::autograd, aio::nn, ...
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/aio)
set(folders tensor autograd nn models data)
foreach(folder ${folders} cuda)
  install(TARGETS lib_${folder} EXPORT aio)
endforeach()
foreach(folder ${folders})
  install(DIRECTORY ${folder} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/aio FILES_MATCHING PATTERN "*.h")
endforeach()
install(FILES cuda/install.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/aio/cuda)
if(AIO_PROGRAMS)
  install(TARGETS ${AIO_PROGRAMS})
endif()

install(EXPORT aio NAMESPACE aio:: DESTINATION ${package_dir} FILE aioTargets.cmake)
configure_package_config_file(cmake/aioConfig.cmake.in ${PROJECT_BINARY_DIR}/aioConfig.cmake
                              INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/aioConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/aioConfig.cmake ${PROJECT_BINARY_DIR}/aioConfigVersion.cmake
              cmake/FindOpenBLASSerial.cmake DESTINATION ${package_dir})
