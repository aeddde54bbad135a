# The git revision, looked up at every build and written to generated/aio_revision.h only when it changed, so that a
# commit recompiles tensor/version.cpp and nothing else. As a script (cmake -P) this file does the look-up.
if(CMAKE_SCRIPT_MODE_FILE)
  execute_process(COMMAND git --no-optional-locks describe --always --dirty --abbrev=10 WORKING_DIRECTORY ${SOURCE_DIR}
                  OUTPUT_VARIABLE revision RESULT_VARIABLE failed OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(failed)
    set(revision "unknown")  # an unpacked archive, or no git
  endif()
  file(CONFIGURE OUTPUT ${OUTPUT} CONTENT
    "#pragma once\n#define AIO_VERSION \"${VERSION}\"\n#define AIO_REVISION \"${revision}\"\n")
  return()
endif()

set(revision_header ${PROJECT_BINARY_DIR}/generated/aio_revision.h)
add_custom_target(aio_revision BYPRODUCTS ${revision_header} COMMENT "" VERBATIM
  COMMAND ${CMAKE_COMMAND} -DSOURCE_DIR=${PROJECT_SOURCE_DIR} -DVERSION=${PROJECT_VERSION} -DOUTPUT=${revision_header}
          -P ${CMAKE_CURRENT_LIST_FILE})
