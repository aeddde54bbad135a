# The table at the end of the configure step: what is on, what is off, and why.

# aio_summary("name" "value" ["why"]): one line of the table.
function(aio_summary name value)
  string(SUBSTRING "${name}              " 0 14 name)
  if(ARGC GREATER 2)
    string(SUBSTRING "${value}              " 0 14 value)
  endif()
  set_property(GLOBAL APPEND_STRING PROPERTY AIO_SUMMARY "  ${name}${value}${ARGN}\n")
endfunction()

function(aio_print_summary)
  list(JOIN AIO_PROGRAMS " " programs)
  if(programs)
    aio_summary("programs" "${programs}")
  endif()
  get_property(summary GLOBAL PROPERTY AIO_SUMMARY)
  message(STATUS "aio ${PROJECT_VERSION}\n\n${summary}")
endfunction()
