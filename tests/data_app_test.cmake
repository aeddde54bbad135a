# aio_data convert, check, stats and pack as a user meets them: a public data set's layout on disk, with real videos in
# it, becomes a manifest, is checked, becomes shards and is checked again.
# cmake -DPROGRAM=path -DSCRATCH=folder -P data_app_test.cmake

include(${CMAKE_CURRENT_LIST_DIR}/expect_program.cmake)
file(REMOVE_RECURSE ${SCRATCH})
file(MAKE_DIRECTORY ${SCRATCH})

# MSVD's layout, filled with clips of the embedded data set; one video is missing, one is a text, one row is empty.
expect(0 "" synth --out ${SCRATCH}/synth --seed 3 --train 8 --val 1 --test 1 --size 32)
set(clips ${SCRATCH}/disk/msvd/YouTubeClips)
foreach(number 0 1 2 3 4)
  file(COPY_FILE ${SCRATCH}/synth/clips/train/00000${number}.mp4 ${SCRATCH}/clip.avi)
  file(COPY ${SCRATCH}/clip.avi DESTINATION ${clips})
  file(RENAME ${clips}/clip.avi ${clips}/clip_${number}.avi)
endforeach()
file(WRITE ${clips}/clip_5.avi "this is no video")
set(lists ${SCRATCH}/disk/meta_data/msvd)
file(WRITE ${lists}/MSVD_train.tsv "a man runs, a man, \tclip_0\na dog, \tclip_1\na cat, \tclip_2\nnobody, \tclip_5\n")
file(WRITE ${lists}/MSVD_test.tsv "a boat, a red boat, \tclip_3\na tree, \tclip_4\nnothing, \tclip_6\n")

set(set ${SCRATCH}/set)
expect(0 "train +4 samples.*test +3 samples.*written to" convert msvd --root ${SCRATCH}/disk --out ${set})
expect(0 "^{\"out\":.*\"splits\":{\"train\":4,\"test\":3},\"skipped\":0}\n$"
       convert msvd --root ${SCRATCH}/disk --out ${SCRATCH}/again --json)
foreach(file dataset.json train.jsonl test.jsonl)
  file(SHA256 ${set}/${file} first)
  file(SHA256 ${SCRATCH}/again/${file} second)
  if(NOT first STREQUAL second)
    message(FATAL_ERROR "${file} differs between two conversions")
  endif()
endforeach()
expect(2 "no data set \"msvb\"; the nearest is \"msvd\"" convert msvb --root ${SCRATCH}/disk --out ${SCRATCH}/x)
expect(3 "nowhere" convert msvd --root ${SCRATCH}/nowhere --out ${SCRATCH}/x)
expect(3 "found none of|msrvtt" convert msrvtt --root ${SCRATCH}/disk --out ${SCRATCH}/x)

# A quarter of train and a third of test cannot be read.
expect(3 "test.jsonl:3: .*clip_6.avi: cannot open.*train.jsonl:4: .*clip_5.avi: not a video" check ${set})
expect(0 "test +3 samples, 1 unreadable, 0 other faults\ntrain +4 samples, 1 unreadable"
       check ${set} --max-bad 0.5 --skip-list ${SCRATCH}/bad.tsv)
file(STRINGS ${SCRATCH}/bad.tsv bad)
if(NOT bad MATCHES "^clip_6\t.*;clip_5\t")
  message(FATAL_ERROR "the skip list holds\n${bad}")
endif()
expect(0 "\"train\":{\"samples\":4,\"unreadable\":1" check ${set} --max-bad 0.5 --json)
expect(0 "samples +4" stats ${set})
expect(0 "\"samples\":3" stats ${set} --json)

# Shards hold what can be read of it, and say the same.
expect(0 "train +4 samples.*skipped +1" pack ${set} --out ${SCRATCH}/shards --shard-mb 0.01)
file(GLOB shards ${SCRATCH}/shards/train-*.tar)
list(LENGTH shards count)
if(count LESS 2)
  message(FATAL_ERROR "${count} shards of train, expected several of 10 KB")
endif()
file(REMOVE_RECURSE ${SCRATCH}/disk)
expect(3 "media root" check ${set})
expect(0 "test +2 samples, 0 unreadable.*train +4 samples, 1 unreadable" check ${SCRATCH}/shards --max-bad 0.5)
expect(0 "train +4 samples" pack --index ${shards} --out ${SCRATCH}/indexed)
expect(0 "train +4 samples, 1 unreadable" check ${SCRATCH}/indexed --max-bad 0.5)
file(APPEND ${SCRATCH}/shards/test-000000.tar "more")
file(READ ${SCRATCH}/shards/test.jsonl rows)
string(REGEX REPLACE "\"offset\":[0-9]+" "\"offset\":1024" rows "${rows}")
file(WRITE ${SCRATCH}/shards/test.jsonl "${rows}")
expect(3 "test.jsonl:2: .*the shard was changed since it was indexed" check ${SCRATCH}/shards --split test)
expect(2 "give a data set's folder, or --index with shards" pack --out ${SCRATCH}/x)

# The decode worker is no program for people: it says so instead of waiting for requests.
get_filename_component(programs ${PROGRAM} DIRECTORY)
execute_process(COMMAND sh -c "exec '${programs}/aio_decode_worker' 3<&-" RESULT_VARIABLE status ERROR_VARIABLE text)
if(NOT status EQUAL 2 OR NOT text MATCHES "is started by the other programs")
  message(FATAL_ERROR "aio_decode_worker by hand: exit code ${status}, expected 2, and\n${text}")
endif()
