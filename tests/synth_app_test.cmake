# aio_data synth and show as a user meets them: a data set made twice is the same, pages, exit codes.
# cmake -DPROGRAM=path -DSCRATCH=folder -P synth_app_test.cmake

file(REMOVE_RECURSE ${SCRATCH})
file(MAKE_DIRECTORY ${SCRATCH})

include(${CMAKE_CURRENT_LIST_DIR}/expect_program.cmake)

set(small --train 10 --val 10 --test 10 --size 32)
expect(0 "^.*/a: 94 clips, 0\\.[0-9] MB, [0-9.]+ s\n$" synth --out ${SCRATCH}/a --seed 7 ${small})
expect(0 "^{\"out\":\".*/b\",\"seed\":7,\"clips\":94,\"bytes\":[0-9]+,\"seconds\":[0-9.e-]+}\n$"
       synth --out ${SCRATCH}/b --seed 7 ${small} --threads 1 --json)
file(GLOB_RECURSE files RELATIVE ${SCRATCH}/a ${SCRATCH}/a/*)
list(LENGTH files count)
if(NOT count EQUAL 125)  # 94 clips, vocab.txt, 7 x (dataset.json and 3 splits), answers.txt, labels.txt
  message(FATAL_ERROR "${count} files, expected 125")
endif()
foreach(file ${files})
  file(SHA256 ${SCRATCH}/a/${file} a)
  file(SHA256 ${SCRATCH}/b/${file} b)
  if(NOT a STREQUAL b)
    message(FATAL_ERROR "${file} differs between two runs of one seed")
  endif()
endforeach()

expect(0 "^$" synth --preview ${SCRATCH}/preview.png)
file(READ ${SCRATCH}/preview.png magic LIMIT 8 HEX)
if(NOT magic STREQUAL "89504e470d0a1a0a")
  message(FATAL_ERROR "preview.png is no PNG file")
endif()

expect(2 "give --out DIR, --preview FILE or both" synth)
expect(2 "is there and not an empty folder" synth --out ${SCRATCH}/a)
expect(2 "got a part of 0 clips" synth --out ${SCRATCH}/c --train 0)
expect(2 "got jitter 3, expected 0 to 1" synth --out ${SCRATCH}/c --jitter 3)
expect(2 "--seed" synth --out ${SCRATCH}/c --seed x)
expect(3 "cannot make the folder" synth --out ${SCRATCH}/preview.png/c)

foreach(task pretrain retrieval choice qa action caption)
  expect(0 "moving-shapes-${task}, test: 3 samples" show ${SCRATCH}/a/${task} --split test --eval --samples 3 --size 32
         --out ${SCRATCH}/show-${task})
  file(READ ${SCRATCH}/show-${task}/index.html page)
  string(REGEX MATCHALL "<img" images "${page}")
  list(LENGTH images count)
  if(NOT count EQUAL 9 OR NOT page MATCHES "CLS" OR page MATCHES "UNK")
    message(FATAL_ERROR "${task}: ${count} frames on the page, expected 9, with known words under them")
  endif()
endforeach()
expect(2 "no split .nosuch." show ${SCRATCH}/a/qa --split nosuch --out ${SCRATCH}/d)
expect(3 "dataset.json: cannot open" show ${SCRATCH} --out ${SCRATCH}/d)
