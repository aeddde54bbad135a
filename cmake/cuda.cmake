# CUDA: the language when it is wanted and nvcc is there, else the stand-in cuda/no_cuda.cpp. And, with or without nvcc,
# the emulation: the same .cu files as C++ for the tests.
#
# AUTO asks for no device: what a build has shall not depend on what is plugged in, and all but the kernels' own tests
# runs without one. It asks for everything that a build needs, so that half a toolkit turns CUDA off instead of
# stopping the build.

# aio_find_cuda(WHY): sets CUDAToolkit_* and empties WHY, or says in it what is missing.
macro(aio_find_cuda why)
  find_package(CUDAToolkit 12 QUIET)
  if(NOT CUDAToolkit_FOUND OR NOT CUDAToolkit_NVCC_EXECUTABLE)
    set(${why} "no nvcc >= 12 found")
  elseif(NOT TARGET CUDA::cudart_static OR NOT TARGET CUDA::cublasLt)
    set(${why} "nvcc ${CUDAToolkit_VERSION} found, but not libcudart_static or libcublasLt")
  else()
    # An nvcc takes only the host compilers that were there when it was made, and says so while it preprocesses.
    execute_process(COMMAND ${CUDAToolkit_NVCC_EXECUTABLE} -ccbin ${CMAKE_CXX_COMPILER} -std=c++20 -x cu -E /dev/null
                    RESULT_VARIABLE failed OUTPUT_QUIET ERROR_QUIET)
    if(failed)
      set(${why} "nvcc ${CUDAToolkit_VERSION} found, but it does not take ${CMAKE_CXX_COMPILER_ID} \
${CMAKE_CXX_COMPILER_VERSION} in C++20")
    else()
      set(${why} "")
    endif()
  endif()
endmacro()

set(AIO_HAVE_CUDA OFF)
if(AIO_CUDA STREQUAL "OFF")
  set(why "AIO_CUDA=OFF")
else()
  aio_find_cuda(why)
  if(NOT why)
    set(AIO_HAVE_CUDA ON)
  elseif(AIO_CUDA STREQUAL "ON")
    message(FATAL_ERROR "AIO_CUDA=ON, but ${why}")
  endif()
endif()

if(AIO_HAVE_CUDA)
  # A100, H100 and, through PTX, what comes after them.
  set(CMAKE_CUDA_ARCHITECTURES 80-real 90 CACHE STRING "CUDA architectures")
  set(CMAKE_CUDA_COMPILER ${CUDAToolkit_NVCC_EXECUTABLE} CACHE FILEPATH "")
  set(CMAKE_CUDA_HOST_COMPILER ${CMAKE_CXX_COMPILER} CACHE FILEPATH "")
  if(CMAKE_CXX_COMPILER_LAUNCHER)  # ccache keeps what nvcc makes, too, and what ptxas says
    set(CMAKE_CUDA_COMPILER_LAUNCHER ${CMAKE_CXX_COMPILER_LAUNCHER} CACHE STRING "")
  endif()
  enable_language(CUDA)
  if(NOT DEFINED CMAKE_CUDA20_STANDARD_COMPILE_OPTION)  # CMake 3.25.1 does not know that nvcc 12 has C++20
    set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION -std=c++20)
    set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION -std=c++20)
  endif()
  set(CMAKE_CUDA_STANDARD 20)
  set(CMAKE_CUDA_STANDARD_REQUIRED ON)
  list(JOIN CMAKE_CUDA_ARCHITECTURES ", " architectures)
  aio_summary("CUDA" "${CMAKE_CUDA_COMPILER_VERSION}" "architectures ${architectures}")
else()
  aio_summary("CUDA" "off" "${why}")
endif()

# The library lib_cuda: everything in cuda/ but its emulation, or the stand-in.
function(aio_add_cuda)
  if(AIO_HAVE_CUDA)
    file(GLOB sources CONFIGURE_DEPENDS cuda/*.cpp cuda/*.cu)
    list(FILTER sources EXCLUDE REGEX "/no_cuda\\.cpp$")
    if(AIO_CUDNN_INCLUDE)
      list(FILTER sources EXCLUDE REGEX "/no_cudnn\\.cpp$")
    else()
      list(FILTER sources EXCLUDE REGEX "/cudnn_attention\\.cpp$")
    endif()
    # Instructions of an H100 that no later GPU has: their file is compiled for it alone, and used on it alone.
    list(FILTER sources EXCLUDE REGEX "/gemm_hopper\\.cu$")
    add_library(lib_cuda_hopper OBJECT cuda/gemm_hopper.cu)
    set_target_properties(lib_cuda_hopper PROPERTIES CUDA_ARCHITECTURES 90a-real)
    target_link_libraries(lib_cuda_hopper PRIVATE lib_tensor)
    add_library(lib_cuda STATIC ${sources} $<TARGET_OBJECTS:lib_cuda_hopper>)
    foreach(target lib_cuda lib_cuda_hopper)
      target_compile_options(${target} PRIVATE "$<$<COMPILE_LANGUAGE:CUDA>:-lineinfo;--expt-relaxed-constexpr;-Werror=all-warnings;-Xcompiler=-Wall,-Wextra,-Wshadow;-Xcompiler=-Wno-unknown-pragmas>")
      # A kernel whose registers do not suffice is an error: spilling would show only as lost time. What ptxas says of the
      # others (-v) goes to a file beside the object, for the tests of registers and occupancy.
      target_compile_options(${target} PRIVATE "$<$<COMPILE_LANGUAGE:CUDA>:-Xptxas=-warn-spills,-Werror,-v>")
      set_target_properties(${target} PROPERTIES
        RULE_LAUNCH_COMPILE "${PROJECT_SOURCE_DIR}/cmake/ptxas_report.sh <OBJECT>")
    endforeach()
    target_link_libraries(lib_cuda PRIVATE CUDA::cudart_static ${CMAKE_DL_LIBS})
    target_include_directories(lib_cuda SYSTEM PRIVATE ${CUDAToolkit_INCLUDE_DIRS} ${AIO_CUDNN_INCLUDE})
    target_compile_definitions(lib_cuda PRIVATE AIO_CUDA_LIBRARY_DIR="${CUDAToolkit_LIBRARY_DIR}")
  else()
    add_library(lib_cuda STATIC cuda/no_cuda.cpp cuda/no_cudnn.cpp)
  endif()
  add_library(aio::cuda ALIAS lib_cuda)
  set_target_properties(lib_cuda PROPERTIES EXPORT_NAME cuda OUTPUT_NAME aio_cuda)
  target_link_libraries(lib_cuda PUBLIC lib_tensor)
endfunction()

# The library lib_cuda_emulated: the same backend and kernels as C++, on the host (cuda/emulation). Called from tests/,
# where the language of the .cu files may then differ from what it is for lib_cuda.
function(aio_add_cuda_emulation)
  file(GLOB kernels CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/cuda/*.cu)
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/cuda/*.cpp ${PROJECT_SOURCE_DIR}/cuda/emulation/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/(no_cuda|runtime_cuda|gemm_cublas|cudnn_attention|tensor_map)\\.cpp$")
  set_source_files_properties(${kernels} PROPERTIES LANGUAGE CXX)
  add_library(lib_cuda_emulated STATIC ${sources} ${kernels})
  target_compile_options(lib_cuda_emulated PUBLIC -Wno-unknown-pragmas)  # unroll
  target_link_libraries(lib_cuda_emulated PUBLIC lib_tensor)
endfunction()
