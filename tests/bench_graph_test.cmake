# aio_bench train|infer --graph: the same steps as without, to the last digit of the loss.
# cmake -DPROGRAM=path -P bench_graph_test.cmake

set(shape --size micro --image 32 --patch 16 --text 8 --words 4 --vocab 50 --batch 2 --no-peak --warmup 2 --steps 1)
foreach(mode train infer)
  foreach(graph "" --graph)
    execute_process(COMMAND ${PROGRAM} ${mode} --device cuda --json ${shape} ${graph}
                    RESULT_VARIABLE status OUTPUT_VARIABLE json)
    if(NOT status EQUAL 0)
      message(FATAL_ERROR "aio_bench ${mode} ${graph}: exit code ${status}, expected 0")
    endif()
    string(JSON last${graph} GET "${json}" last)
    string(JSON replayed GET "${json}" graph)
    string(JSON bytes GET "${json}" graph_bytes)
  endforeach()
  if(NOT last STREQUAL "${last--graph}" OR NOT replayed OR NOT bytes GREATER 0)
    message(FATAL_ERROR "aio_bench ${mode}: last is ${last}, with --graph ${last--graph} (${replayed}, ${bytes} bytes)")
  endif()
endforeach()

execute_process(COMMAND ${PROGRAM} train --graph ${shape} RESULT_VARIABLE status ERROR_VARIABLE text)
if(NOT status EQUAL 2 OR NOT text MATCHES "--graph: cpu replays no steps")
  message(FATAL_ERROR "aio_bench train --graph on the CPU: exit code ${status}, ${text}")
endif()
