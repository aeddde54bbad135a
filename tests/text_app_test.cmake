# aio_data tokenize and aio_data vocab as a user meets them: ids of lines, back to text, a vocabulary learned, exit codes.
# cmake -DPROGRAM=path -DVOCAB=vocab.txt -DSCRATCH=folder -P text_app_test.cmake

file(MAKE_DIRECTORY ${SCRATCH})

# expect(STATUS INPUT OUTPUT arguments...): with INPUT on standard input the exit code is STATUS; standard output is
# OUTPUT, or if STATUS is not 0, standard error matches OUTPUT.
function(expect status_expected input output)
  file(WRITE ${SCRATCH}/input "${input}")
  execute_process(COMMAND ${PROGRAM} ${ARGN} INPUT_FILE ${SCRATCH}/input RESULT_VARIABLE status OUTPUT_VARIABLE out
                  ERROR_VARIABLE err)
  if(NOT status EQUAL status_expected)
    message(FATAL_ERROR "aio_data ${ARGN}: exit code ${status}, expected ${status_expected}\n${out}${err}")
  elseif(status EQUAL 0 AND NOT "${out}" STREQUAL "${output}")
    message(FATAL_ERROR "aio_data ${ARGN}: got\n${out}expected\n${output}")
  elseif(NOT status EQUAL 0 AND NOT "${err}" MATCHES "${output}")
    message(FATAL_ERROR "aio_data ${ARGN}: expected \"${output}\" in\n${err}")
  endif()
endfunction()

expect(0 "A man is [MASK].\n\nunaffable" "101 1037 2158 2003 103 1012 102\n101 102\n101 14477 20961 3468 102\n"
       tokenize --vocab ${VOCAB})
expect(0 "A man is [MASK].\nunaffable" "101 1037 2158 102\n101 14477 20961 102\n" tokenize --vocab ${VOCAB} --max-len 4)
expect(0 "a Man" "101 1037 100 102\n" tokenize --vocab ${VOCAB} --cased)
expect(0 "101 7592 1010 2088 999 102\n\n14477 20961 3468" "[CLS] hello, world! [SEP]\n\nunaffable\n"
       tokenize --vocab ${VOCAB} --decode)
expect(0 "" "" tokenize --vocab ${VOCAB})
expect(3 "101 x" "line 1 holds something else than ids" tokenize --vocab ${VOCAB} --decode)
expect(3 "30522" "id 30522 is not in the vocabulary" tokenize --vocab ${VOCAB} --decode)
expect(3 "99999999999999999999" "line 1 holds something else than ids" tokenize --vocab ${VOCAB} --decode)
expect(3 "a" "has no .PAD." tokenize --vocab ${CMAKE_CURRENT_LIST_FILE})
expect(2 "a" "--vocab" tokenize)
expect(2 "a" "--max-len" tokenize --vocab ${VOCAB} --max-len 1)
expect(2 "a" "excludes" tokenize --vocab ${VOCAB} --max-len 4 --decode)

set(captions ${SCRATCH}/captions.txt)
set(learned ${SCRATCH}/vocab.txt)
file(WRITE ${captions} "red red red\nred box\nbox\nblue\n")
expect(0 "" "{\"vocab\":\"${learned}\",\"tokens\":23,\"words\":3,\"captions\":4}\n"
       vocab --captions ${captions} --size 100 --out ${learned} --json)
expect(0 "Red BOX blue" "2 20 22 5 15 17 14 3\n" tokenize --vocab ${learned})
expect(2 "" "expected at least 19" vocab --captions ${captions} --size 18 --out ${learned})
file(WRITE ${captions} "\n \n")
expect(3 "" "no words in the 2 lines" vocab --captions ${captions} --out ${learned})
expect(2 "" "--out" vocab --captions ${captions})
