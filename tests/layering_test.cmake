# Holds the tree to docs/design.md: which folder may include which, where third-party headers may appear, where the
# history-free interfaces (raw::, backend_for) may be used, and #pragma once.
#   cmake -DROOT=<tree> -P tests/layering_test.cmake
#   -DPLANTED=ON: <tree> holds violations, each on a line with the word "planted"; exactly those must be found.

cmake_minimum_required(VERSION 3.22)

# ---- the rules -------------------------------------------------------------------------------------------------------
set(folders tensor autograd nn models data cuda roofline apps bench tests)
set(may_include_tensor tensor)
set(may_include_autograd tensor autograd)
set(may_include_nn tensor autograd nn)
set(may_include_models tensor autograd nn models)
set(may_include_data tensor data)
set(may_include_cuda tensor cuda)
set(may_include_roofline tensor roofline)
set(may_include_apps tensor autograd nn models data apps bench)
set(may_include_bench ${may_include_apps} roofline)
set(may_include_tests ${may_include_bench} tests)
# Mains, benchmarks and tests call cuda::install(); its header alone is open to them.
# tests/cuda/ looks inside.
set(cuda_entrance "^((apps|bench|tests)/.* cuda/install\\.h|bench/gpu.cpp cuda/cudnn_attention\\.h|tests/cuda/.* cuda/.*)$")

# Pairs: the header, and the files that may include it. Any other header in angle brackets that is not the standard
# library's (its name has a dot or a slash) is refused.
set(third_party
  "^(Eigen|unsupported)/"                     "^tensor/cpu/gemm_eigen\\.cpp$"
  "^(tbb|oneapi)/"                            "^(tensor/parallel|data/loader)\\.cpp$"
  "^(cblas|openblas_config)\\.h$"             "^tensor/cpu/gemm_openblas\\.cpp$"
  "^immintrin\\.h$"                           "^tensor/cpu/"
  "^(cuda|cublas|cudnn)[A-Za-z0-9_]*\\.h$"    "^(cuda/|tests/cuda/occupancy/)"
  "^nlohmann/"                                "^((tensor/safetensors(_header)?|(data|apps|bench|tests)/.*)\\.cpp|data/datasets/json_file\\.h|tests/apps/(train_runs|eval_fixture)\\.h)$"
  "^CLI/"                                     "^apps/.*\\.cpp$"
  "^toml\\+\\+/"                              "^apps/common/config\\.cpp$"
  "^(spdlog|fmt)/"                            "^apps/common/log\\.cpp$"
  "^lib(av[a-z]+|swscale)/"                   "^data/(video_[a-z_]+\\.(h|cpp)|synthetic/[a-z_]+\\.cpp)$"
  "^utf8proc\\.h$"                            "^data/(wordpiece[a-z_]*|unicode)\\.cpp$"
  "^j(peglib|error)\\.h$"                     "^data/jpeg_reader\\.cpp$"
  "^stb/"                                     "^data/(image_[a-z_]+)\\.cpp$"
  "^benchmark/"                               "^(bench/.*|apps/aio_bench)\\.cpp$"
  "^(doctest/|rapidcheck[./])"                "^tests/"
  "^sanitizer/"                               "^(tensor/poison|cuda/emulation/fiber_sanitizer)\\.h$"
  "^(dlfcn|fcntl|math|poll|pthread|sched|signal|spawn|ucontext|unistd|sys/[a-z]+)\\.h$"  "."
  "^linux/"                                   "^data/worker_sandbox\\.cpp$")

# Layers, models and programs see only recorded operations, so that no gradient is lost by accident. Optimizers write
# parameters; init and param_store fill and load them; kv_cache and kept_casts hold what has no gradient; checkpoint
# readers and data know no gradients.
set(history_free_names "(raw::|backend_for[ (])")
set(history_free_closed "^(nn|models|apps)/")
set(history_free_open "^(nn/(optim/.*|(init|kept_casts|kv_cache|param_store)\\.cpp)|models/checkpoint/.*|apps/(data|common)/.*)$")

# ---- the walk --------------------------------------------------------------------------------------------------------
set(violations "")
set(unplanted "")
macro(violation line why)
  list(APPEND violations "${file}: ${why}")
  if(NOT "${line}" MATCHES "planted")
    list(APPEND unplanted "${file}: ${why}")
  endif()
endmacro()

macro(check_own_header line header)
  string(REGEX REPLACE "/.*" "" target ${header})
  get_filename_component(beside ${ROOT}/${file} DIRECTORY)
  if("${file} ${header}" MATCHES "${cuda_entrance}" OR "${header}" STREQUAL "aio_revision.h")
    # allowed
  elseif(folder STREQUAL "tests" AND EXISTS ${beside}/${header})
    # test helpers may lie beside the tests of their area
  elseif(NOT target IN_LIST folders)
    violation("${line}" "includes \"${header}\": give the path from the top of the tree")
  elseif(NOT target IN_LIST may_include_${folder})
    list(JOIN may_include_${folder} ", " allowed)
    violation("${line}" "includes \"${header}\", but ${folder}/ may include only ${allowed}")
  endif()
endmacro()

macro(check_foreign_header line header)
  set(rules ${third_party})
  set(known OFF)
  while(rules)
    list(POP_FRONT rules header_rule file_rule)
    if("${header}" MATCHES "${header_rule}")
      set(known ON)
      if(NOT file MATCHES "${file_rule}")
        violation("${line}" "includes <${header}>, which is confined to ${file_rule}")
      endif()
    endif()
  endwhile()
  if(NOT known)
    violation("${line}" "includes <${header}>, which no rule of layering_test.cmake knows")
  endif()
endmacro()

set(count 0)
set(planted 0)
foreach(folder ${folders})
  file(GLOB_RECURSE files RELATIVE ${ROOT} ${ROOT}/${folder}/*.h ${ROOT}/${folder}/*.cpp ${ROOT}/${folder}/*.cu
       ${ROOT}/${folder}/*.cuh)
  foreach(file ${files})
    if(file MATCHES "^tests/(layering|install)/")
      continue()  # the planted tree, and a user's program
    endif()
    math(EXPR count "${count} + 1")
    # Brackets and semicolons would break CMake's lists.
    file(READ ${ROOT}/${file} text)
    string(REGEX REPLACE "[][;\\]" " " text "${text}")
    if(PLANTED)
      string(REGEX MATCHALL "planted" marks "${text}")
      list(LENGTH marks marks)
      math(EXPR planted "${planted} + ${marks}")
    endif()
    string(REGEX MATCHALL "[^\n]+" lines "${text}")
    if(file MATCHES "\\.(h|cuh)$" AND NOT text MATCHES "(^|\n)#pragma once")
      list(GET lines 0 line)
      violation("${line}" "has no #pragma once")
    endif()
    set(closed OFF)
    if(file MATCHES "${history_free_closed}" AND NOT file MATCHES "${history_free_open}")
      set(closed ON)
    endif()
    foreach(line ${lines})
      if("${line}" MATCHES "^ *# *include *\"([^\"]+)\"")
        check_own_header("${line}" ${CMAKE_MATCH_1})
      elseif("${line}" MATCHES "^ *# *include *<([^>]+[./][^>]+)>")
        check_foreign_header("${line}" ${CMAKE_MATCH_1})
      elseif(closed AND "${line}" MATCHES "${history_free_names}")
        set(name ${CMAKE_MATCH_1})
        string(REGEX REPLACE "//.*" "" code "${line}")
        if("${code}" MATCHES "${history_free_names}")
          violation("${line}" "uses ${name}, which records no history")
        endif()
      endif()
    endforeach()
  endforeach()
endforeach()

# ---- the verdict -----------------------------------------------------------------------------------------------------
list(LENGTH violations found)
list(JOIN violations "\n" violations)
message("${violations}\n${count} files, ${found} violations")
if(count EQUAL 0)
  message(FATAL_ERROR "no files under ${ROOT}")
elseif(PLANTED AND (unplanted OR NOT found EQUAL planted))
  message(FATAL_ERROR "${planted} violations are planted; not planted, but found: ${unplanted}")
elseif(NOT PLANTED AND found GREATER 0)
  message(FATAL_ERROR "the rules are at the top of tests/layering_test.cmake, the reasons in docs/design.md")
endif()
