# Warnings, instruction set, floating-point rules, sanitizers. Directory-wide, so that they stay out of the package.

if((CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 12)
   OR (CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 14))
  message(FATAL_ERROR "aio needs g++ >= 12 or clang >= 14, this is ${CMAKE_CXX_COMPILER_ID} "
                      "${CMAKE_CXX_COMPILER_VERSION}; choose another with CXX=g++-12 cmake ...")
endif()

# ---- warnings --------------------------------------------------------------------------------------------------------
# Third-party headers come through imported targets and are system headers: what is printed here is ours.
add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Wpedantic;-Wconversion;-Wshadow>")
if(AIO_WERROR)
  add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:-Werror>")
endif()

# ---- floating point --------------------------------------------------------------------------------------------------
# -fno-math-errno, -fno-trapping-math: let loops with sqrt and comparisons vectorise; no result changes.
# -ffp-contract=off: a * b + c is two roundings wherever it is written that way, so an element has the same bits in the
#   vector body and in the scalar tail of a loop, inlined or not, from g++ or clang. Where one rounding is wanted the
#   kernels say fma. (Measured cost: none; products go through explicit fma, the rest is bound by memory.)
# Never -ffast-math: it may reorder sums and assumes that NaN does not exist.
add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:-fno-math-errno;-fno-trapping-math;-ffp-contract=off>")

# ---- instruction set -------------------------------------------------------------------------------------------------
if(AIO_NATIVE)
  set(isa -march=native)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set(isa -march=x86-64-v3)
else()
  set(isa "")
endif()
execute_process(COMMAND ${CMAKE_CXX_COMPILER} ${isa} -dM -E -x c++ /dev/null OUTPUT_VARIABLE macros
                RESULT_VARIABLE failed ERROR_QUIET)
if(failed)
  message(FATAL_ERROR "${CMAKE_CXX_COMPILER} does not take ${isa}; configure with -DAIO_NATIVE=OFF")
endif()
if(macros MATCHES "__AVX512F__ 1" AND macros MATCHES "__AVX512BW__ 1" AND macros MATCHES "__AVX512DQ__ 1"
   AND macros MATCHES "__AVX512VL__ 1")
  set(isa_name "AVX-512")
  # Compilers stop at 256 bits by default, for older CPUs that lowered their clock.
  list(APPEND isa -mprefer-vector-width=512)
elseif(macros MATCHES "__AVX2__ 1" AND macros MATCHES "__FMA__ 1")
  set(isa_name "AVX2 + FMA")
else()
  set(isa_name "plain loops")
endif()
add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:${isa}>")

# ---- sanitizers, coverage --------------------------------------------------------------------------------------------
if(AIO_SANITIZE STREQUAL "address")
  set(instrument -fsanitize=address,undefined -fno-sanitize-recover=all)
elseif(AIO_SANITIZE STREQUAL "thread")
  set(instrument -fsanitize=thread)
elseif(AIO_SANITIZE)
  message(FATAL_ERROR "AIO_SANITIZE is \"${AIO_SANITIZE}\", expected address, thread or nothing")
endif()
if(AIO_SANITIZE)
  # -O2: at -O1 Eigen is not inlined, and its products in gemm_test took 11 minutes on a busy machine.
  add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:${instrument};-O2;-g1;-fno-omit-frame-pointer>")
  add_link_options(${instrument})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Instrumented, g++ 12 takes the undefined vectors of its own AVX-512 headers for mistakes.
    add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:-Wno-uninitialized;-Wno-maybe-uninitialized>")
  endif()
endif()
if(AIO_COVERAGE)
  add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:--coverage;-O0;-fprofile-update=atomic>")
  add_link_options(--coverage)
endif()

aio_summary("compiler" "${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}")
if(CMAKE_BUILD_TYPE STREQUAL "Debug")
  aio_summary("build type" "Debug" "asserts on")
else()
  aio_summary("build type" "${CMAKE_BUILD_TYPE}")
endif()
if(AIO_NATIVE)
  aio_summary("vectors" "${isa_name}" "this machine's CPU; for other machines -DAIO_NATIVE=OFF")
else()
  aio_summary("vectors" "${isa_name}" "portable x86-64-v3 (AIO_NATIVE=OFF)")
endif()
if(AIO_SANITIZE STREQUAL "address")
  aio_summary("sanitizers" "on" "address, undefined behaviour")
elseif(AIO_SANITIZE STREQUAL "thread")
  aio_summary("sanitizers" "on" "thread; oneTBB itself is not instrumented (tests/tsan.supp)")
else()
  aio_summary("sanitizers" "off" "AIO_SANITIZE=address|thread turns one on")
endif()
if(AIO_COVERAGE)
  aio_summary("coverage" "on" "target `coverage` prints it")
endif()
