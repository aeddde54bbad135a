# OpenBLAS without threads of its own: oneTBB splits the work, and two pools on the same cores would fight.
#
# Debian and Ubuntu install the variants side by side, in openblas-serial/ and openblas-pthread/, all with the SONAME
# libopenblas.so.0, and update-alternatives decides which one the loader finds under that name. (It may pick the serial
# one for the compiler and the threaded one for the loader.) So the library is named by its own folder, which CMake then
# puts into the RUNPATH of what links it.
#
# Defines OpenBLASSerial::openblas, OpenBLASSerial_VERSION and OpenBLASSerial_DESCRIPTION (what the library says of
# itself: threading and the core it picked).
find_library(OpenBLASSerial_LIBRARY NAMES openblas
             PATHS /usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/openblas-serial NO_DEFAULT_PATH)
find_library(OpenBLASSerial_LIBRARY NAMES openblas)
find_path(OpenBLASSerial_INCLUDE_DIR NAMES openblas_config.h
          PATHS /usr/include/${CMAKE_LIBRARY_ARCHITECTURE}/openblas-serial NO_DEFAULT_PATH)
find_path(OpenBLASSerial_INCLUDE_DIR NAMES openblas_config.h PATH_SUFFIXES openblas)

if(OpenBLASSerial_LIBRARY AND OpenBLASSerial_INCLUDE_DIR AND NOT DEFINED OpenBLASSerial_VERSION)
  set(probe ${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/openblas_probe)
  file(WRITE ${probe}.cpp [[
#include <cblas.h>
#include <cstdio>
int main() { std::printf("%d;%s;%s", openblas_get_parallel(), openblas_get_corename(), openblas_get_config()); }
]])
  try_run(ran compiled ${CMAKE_CURRENT_BINARY_DIR} ${probe}.cpp
          CMAKE_FLAGS -DINCLUDE_DIRECTORIES=${OpenBLASSerial_INCLUDE_DIR}
          LINK_LIBRARIES ${OpenBLASSerial_LIBRARY}
          RUN_OUTPUT_VARIABLE says)
  if(compiled AND ran EQUAL 0)
    list(POP_FRONT says parallel core config)
    string(REGEX MATCH "[0-9]+\\.[0-9]+\\.[0-9]+" version "${config}")
    if(parallel EQUAL 0)
      set(threading "serial")
    else()
      set(threading "threaded, to be held at one thread")
    endif()
    set(OpenBLASSerial_VERSION ${version} CACHE INTERNAL "")
    set(OpenBLASSerial_DESCRIPTION "${threading}, picks ${core} kernels on this CPU: ${OpenBLASSerial_LIBRARY}"
        CACHE INTERNAL "")
  endif()
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(OpenBLASSerial REQUIRED_VARS OpenBLASSerial_LIBRARY OpenBLASSerial_INCLUDE_DIR
                                  VERSION_VAR OpenBLASSerial_VERSION)
mark_as_advanced(OpenBLASSerial_LIBRARY OpenBLASSerial_INCLUDE_DIR)
if(OpenBLASSerial_FOUND AND NOT TARGET OpenBLASSerial::openblas)
  add_library(OpenBLASSerial::openblas UNKNOWN IMPORTED)
  set_target_properties(OpenBLASSerial::openblas PROPERTIES
    IMPORTED_LOCATION ${OpenBLASSerial_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${OpenBLASSerial_INCLUDE_DIR})
endif()
