# The OpenBLAS that the loader finds is the one that was chosen when configuring: the variants share a SONAME, and the
# loader's own choice may be the threaded one (cmake/FindOpenBLASSerial.cmake).
cmake_minimum_required(VERSION 3.22)
file(GET_RUNTIME_DEPENDENCIES EXECUTABLES ${PROGRAM} RESOLVED_DEPENDENCIES_VAR found POST_INCLUDE_REGEXES openblas
     POST_EXCLUDE_REGEXES ".*" UNRESOLVED_DEPENDENCIES_VAR unresolved)
file(REAL_PATH ${EXPECTED} expected)
foreach(library ${found})
  file(REAL_PATH ${library} library)
  if(NOT library STREQUAL expected)
    message(FATAL_ERROR "${PROGRAM} loads ${library}, expected ${expected}")
  endif()
endforeach()
message("openblas: ${found}")
