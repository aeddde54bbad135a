#!/usr/bin/env bash
# What ptxas gave each kernel (registers, static shared memory, spills), from the reports that cmake/ptxas_report.sh left
# in a build, against the table of that nvcc's version, registers-<version>.txt.
#
#   tests/cuda/registers.sh BUILD            fails where a kernel spills, takes more than the table says or is not in it
#   tests/cuda/registers.sh --update BUILD   writes the table
#
# More registers are not wrong, but they may halve the warps that a multiprocessor holds: whoever writes the new table
# looks at its diff. A row is a kernel; its numbers are the largest of its instances. Exit code 77 (skipped): no table for
# this version, no kernel spills.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
update=""
[ "${1:-}" != --update ] || { update=1; shift; }
[ $# -eq 1 ] || { sed -n 2,10p "$0" >&2; exit 2; }
build=$1
version=$(sed -nE 's/^set\(CMAKE_CUDA_COMPILER_VERSION "([0-9]+\.[0-9]+).*/\1/p' "$build"/CMakeFiles/*/CMakeCUDACompiler.cmake)
table=$here/registers-$version.txt

# Lines "file|architecture|registers|shared bytes|spilled bytes|demangled kernel", one for each instance.
instances() {
  local source stem report
  for source in "$here"/../../cuda/*.cu; do
    stem=$(basename "$source" .cu)
    report=$(ls "$build"/CMakeFiles/lib_cuda*.dir/cuda/$stem.cu.o.ptxas 2>/dev/null) || { echo "registers: $report is missing: build lib_cuda" >&2; return 1; }
    awk -v stem="$stem" '
      function field(pattern,   text) {  # the number before the words
        if (!match($0, "[0-9]+ " pattern)) return 0
        text = substr($0, RSTART, RLENGTH)
        return text + 0
      }
      /Compiling entry function/ { split($0, part, "\047"); kernel = part[2]; arch = part[4] }
      /bytes stack frame/ { spilled = field("bytes spill stores") + field("bytes spill loads") }
      /Used [0-9]+ registers/ && kernel != "" {
        print stem "|" arch "|" field("registers") "|" field("bytes smem") "|" spilled "|" kernel
        kernel = ""
      }' "$report"
  done | c++filt
}

# Lines "stem kernel architecture registers shared spilled", the largest of a kernel's instances, in order.
kernels() {
  instances | awk -F'|' '
    {
      name = $6
      gsub(/\(anonymous namespace\)::/, "", name)
      sub(/[<(].*/, "", name)   # template arguments, parameters
      sub(/.*[ :]/, "", name)   # type of the result, namespaces
      key = $1 " " name " " $2
      seen[key] = 1
      if ($3 + 0 > registers[key] + 0) registers[key] = $3
      if ($4 + 0 > shared[key] + 0) shared[key] = $4
      spilled[key] += $5
    }
    END { for (key in seen) print key, registers[key], shared[key] + 0, spilled[key] + 0 }' | LC_ALL=C sort
}

now=$(kernels)
if [ -n "$update" ]; then
  {
    echo "# Registers a thread and bytes of static shared memory a block, by nvcc $version: the most of a kernel's instances."
    echo "# Written by tests/cuda/registers.sh --update BUILD."
    echo "# file kernel architecture registers shared"
    awk '{ print $1, $2, $3, $4, $5 }' <<<"$now"
  } >"$table"
  echo "registers: $(grep -vc '^#' "$table") rows in $table"
fi

if [ ! -f "$table" ]; then
  awk '$6 > 0 { print "registers: " $2 " (" $1 ".cu, " $3 ") spills " $6 " bytes"; wrong = 1 } END { exit wrong }' <<<"$now"
  echo "skipped: no kernel spills, but there is no $(basename "$table") (tests/cuda/registers.sh --update $build writes it)"
  exit 77
fi
awk -v again="if that is meant, tests/cuda/registers.sh --update $build" '
  function complain(text) { print "registers: " text; ++wrong }
  /^#/ { next }
  FNR == NR { allowed[$1, $2, $3] = $4; shared[$1, $2, $3] = $5; architectures[$3] = 1; row[$1, $2, $3] = $0; next }
  { ++count; at = $2 " (" $1 ".cu, " $3 ")"; built[$3] = 1; seen[$1, $2, $3] = 1 }
  $6 > 0 { complain(at " spills " $6 " bytes") }
  !($3 in architectures) { next }
  !(($1, $2, $3) in allowed) { complain(at " is not in the table"); next }
  $4 > allowed[$1, $2, $3] { complain(at " takes " $4 " registers, the table says " allowed[$1, $2, $3]) }
  $5 > shared[$1, $2, $3] { complain(at " takes " $5 " bytes of shared memory, the table says " shared[$1, $2, $3]) }
  END {
    for (key in row) {
      split(row[key], part)
      if (part[3] in built && !(key in seen)) complain(part[2] " (" part[1] ".cu, " part[3] ") is no longer there")
    }
    if (wrong) print again
    else print "registers: " count " kernels as in the table, none spills"
    exit wrong > 0 || count == 0
  }' "$table" <(echo "$now")
