# scripts/gpu_suite.sh with programs that pass, fail, hang and print half a document: every result is in the report.
# cmake -DSUITE=path -DSCRATCH=folder -P gpu_suite_test.cmake

file(REMOVE_RECURSE ${SCRATCH})
function(program name text)
  file(WRITE ${SCRATCH}/bin/${name} "#!/usr/bin/env bash\n${text}\n")
  file(CHMOD ${SCRATCH}/bin/${name} PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
endfunction()

# suite(STATUS arguments...): runs it; its exit code is STATUS; the document is left in ${report}.
function(suite expected)
  execute_process(COMMAND ${SUITE} --bin ${SCRATCH}/bin --out ${SCRATCH}/out --python ${SCRATCH}/no_python ${ARGN}
                  RESULT_VARIABLE status OUTPUT_VARIABLE text ERROR_VARIABLE text)
  if(NOT status EQUAL expected)
    message(FATAL_ERROR "gpu_suite ${ARGN}: exit code ${status}, expected ${expected}\n${text}")
  endif()
  if(EXISTS ${SCRATCH}/out/report.json)
    file(READ ${SCRATCH}/out/report.json report)
    set(report "${report}" PARENT_SCOPE)
  endif()
endfunction()

# run_of(STAGE NAME STATUS): the entry's status matches; its result is left in ${result}.
function(run_of stage name expected)
  string(JSON count LENGTH "${report}" runs)
  math(EXPR last "${count} - 1")
  foreach(i RANGE ${last})
    string(JSON this_stage GET "${report}" runs ${i} stage)
    string(JSON this_name GET "${report}" runs ${i} name)
    if(this_stage STREQUAL stage AND this_name STREQUAL name)
      string(JSON status GET "${report}" runs ${i} status)
      if(NOT status MATCHES "${expected}")
        message(FATAL_ERROR "${stage} ${name}: status \"${status}\", expected \"${expected}\"")
      endif()
      string(JSON result GET "${report}" runs ${i} result)
      set(result "${result}" PARENT_SCOPE)
      return()
    endif()
  endforeach()
  message(FATAL_ERROR "no ${stage} ${name} in ${report}")
endfunction()

program(aio_bench [=[
case "$*" in
  *ceiling/copy*) echo '{"rows":[{"tb_per_s":3.0}]}' ;;
  *kernel/gelu*) echo 'out of "luck" \o/	' >&2; echo '{"rows":[{"ms":1'; exit 1 ;;
  *kernel/softmax*) sleep 30 ;;
  "train --size micro --image"*) echo "{\"ms_min\":$RANDOM,\"last\":1.25,\"x\":0}" ;;
  *) echo '{"ok":true}' ;;
esac]=])
program(test_gpu "echo all right")
program(aio_model "echo '{\"pass\":true}'")

suite(0 --only ceilings,parity,model,determinism)
run_of(ceilings copy "^passed$")
string(JSON speed GET "${result}" rows 0 tb_per_s)
if(NOT speed EQUAL 3)
  message(FATAL_ERROR "the ceiling was lost: ${result}")
endif()
run_of(parity kernels "^passed$")
run_of(model micro "^passed$")
run_of(determinism same_bits "^passed$")

suite(1 --only kernels --budget 10)  # the one that hangs gets what is left
run_of(kernels gemm "^passed$")
run_of(kernels gelu "^failed: exit code 1$")
run_of(kernels softmax "^timed out")
run_of(kernels adamw "^skipped: no time left$")
file(READ ${SCRATCH}/out/report.md readable)
foreach(part "out of \"luck\"" "\\| kernels \\| softmax \\| timed out" "{\"ok\":true}")
  if(NOT readable MATCHES "${part}")
    message(FATAL_ERROR "no ${part} in ${readable}")
  endif()
endforeach()
if(NOT EXISTS ${SCRATCH}/out/logs.tar.gz)
  message(FATAL_ERROR "no logs")
endif()

# The suite itself is killed while a command hangs: what ran before is there.
file(REMOVE_RECURSE ${SCRATCH}/out)
execute_process(COMMAND timeout -s KILL 6 ${SUITE} --bin ${SCRATCH}/bin --out ${SCRATCH}/out --only kernels
                OUTPUT_QUIET ERROR_QUIET)
file(READ ${SCRATCH}/out/report.json report)
run_of(kernels gemm "^passed$")
run_of(kernels gelu "^failed: exit code 1$")

# Losses that differ from run to run.
program(aio_bench "echo \"{\\\"last\\\":$RANDOM$RANDOM,\\\"x\\\":0}\"")
suite(1 --only determinism)
run_of(determinism second "^passed$")
run_of(determinism same_bits "^failed")

# No device: one sentence and exit code 6.
program(aio_bench "echo 'aio_bench: gpu: built with CUDA 13.0, but there is no device' >&2; exit 6")
suite(6)
suite(2 --what)
