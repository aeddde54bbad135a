#!/usr/bin/env bash
# Line coverage by folder, from the counters that the tests of an AIO_COVERAGE build left behind.
#   cmake --preset coverage && cmake --build --preset coverage && ctest --preset coverage
#   cmake --build --preset coverage --target coverage
set -euo pipefail
source=$(cd "$(dirname "$0")/.." && pwd)
cd "${1:?the build folder}"
find . -name '*.gcda' -print0 | xargs -0 -r gcov -t 2>/dev/null | awk -F: -v source="$source/" '
  # gcov -t prints "count:line:text" per translation unit; a line counts as run if any unit ran it.
  $2 + 0 == 0 && $3 == "Source" {
    file = $4
    sub(/^(\.\.\/)+/, source, file)  # ccache makes paths relative
    ours = index(file, source) == 1 && file !~ /\/(build|tests)\//
    next
  }
  !ours || $1 ~ /^ *-$/ || $2 + 0 == 0 { next }
  { key = file ":" $2; seen[key] = file; if ($1 !~ /#####|=====/) ran[key] = 1 }
  END {
    for (key in seen) {
      folder = substr(seen[key], length(source) + 1)
      sub(/\/[^\/]*$/, "", folder)
      lines[folder]++; covered[folder] += (key in ran)
      all++; all_covered += (key in ran)
    }
    if (!all) { print "no counters: build with AIO_COVERAGE=ON and run the tests first" > "/dev/stderr"; exit 1 }
    for (folder in lines)
      printf "%-24s %6d lines %6.1f %%\n", folder, lines[folder], 100 * covered[folder] / lines[folder] | "sort"
    close("sort")
    printf "%-24s %6d lines %6.1f %%\n", "all", all, 100 * all_covered / all
  }'
