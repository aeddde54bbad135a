#!/usr/bin/env bash
# What the machine code of the kernels must contain, by cuobjdump: whole 16-byte accesses where a kernel is written for
# them, tensor-core instructions in attention, and nowhere local memory (arrays that did not fit into registers).
#
#   tests/cuda/sass.sh CUOBJDUMP BUILD [--list]     --list prints the counts instead of judging them
#
# nvdisasm lies beside cuobjdump. Rules are in sass.txt. Exit code 77 (skipped): there is no cuobjdump.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
[ $# -ge 2 ] || { sed -n 2,7p "$0" >&2; exit 2; }
cuobjdump=$1 build=$2
if ! command -v "$cuobjdump" >/dev/null; then
  echo "skipped: there is no cuobjdump (part of the CUDA toolkit; PyPI: nvidia-cuda-cuobjdump, nvidia-cuda-nvdisasm)"
  exit 77
fi
PATH=$(dirname "$(command -v "$cuobjdump")"):$PATH

# Lines "stem|instance|instruction=count ...", one for each instance of a kernel, for compute capability 9.0.
counts() {
  local source stem object
  for source in "$here"/../../cuda/*.cu; do
    stem=$(basename "$source" .cu)
    object=$(ls "$build"/CMakeFiles/lib_cuda*.dir/cuda/$stem.cu.o)
    "$cuobjdump" -sass -arch "$([[ $object = *hopper.dir* ]] && echo sm_90a || echo sm_90)" "$object" | awk -v stem="$stem" '
      function finish(   line, i) {
        if (kernel == "") return
        line = stem "|" kernel "|"
        for (i = 1; i <= kinds; ++i) line = line " " name[i] "=" count[i] + 0
        print line
        split("", count)
      }
      BEGIN {
        kinds = split("LOAD16 STORE16 COPY16 LDSM HMMA HGMMA BULK LOCAL", name, " ")
        split("LDG\\.E\\.([A-Z0-9_.]*\\.)?128 STG\\.E\\.([A-Z0-9_.]*\\.)?128 LDGSTS\\.E\\.([A-Z0-9_.]*\\.)?128 LDSM\\. HMMA\\.16816\\.F32\\.BF16 HGMMA\\.64x192x16\\.F32\\.BF16 UTMALDG\\.2D (LDL|STL)", pattern, " ")
      }
      /Function :/ { finish(); kernel = $3 }
      /^ *\/\*[0-9a-f]+\*\// { for (i = 1; i <= kinds; ++i) if ($0 ~ "[ \t}]" pattern[i]) ++count[i] }
      END { finish() }'
  done | c++filt
}

all=$(counts)
if [ "${3:-}" = --list ]; then
  printf '%s\n' "$all"
  exit
fi
awk -F'|' '
  function complain(text) { print "sass: " text; ++wrong }
  FNR == NR {
    if (/^#/) next
    n = split($0, word, / +/)
    key = word[1] " " word[2]
    rows[++rules] = $0
    at[rules] = key
    instances_of[rules] = word[3]
    wanted[rules] = n
    for (i = 4; i <= n; ++i) want[rules, i] = word[i]
    next
  }
  {
    ++instances
    full = $2
    gsub(/\(anonymous namespace\)::/, "", full)
    gsub(/aio::(cuda::)?/, "", full)
    name = full
    sub(/[<(].*/, "", name)
    sub(/.* /, "", name)
    arguments = substr(full, index(full, name) + length(name))
    if ($3 !~ / LOCAL=0/) complain(full " (" $1 ".cu) uses local memory")
    for (r = 1; r <= rules; ++r) {
      if (at[r] != $1 " " name || arguments !~ instances_of[r]) continue
      met[r] = 1
      for (i = 4; i <= wanted[r]; ++i)
        if ($3 ~ " " want[r, i] "=0( |$)") complain("no " want[r, i] " in " full " (" $1 ".cu)")
    }
  }
  END {
    for (r = 1; r <= rules; ++r)
      if (!(r in met)) complain("no instance of: " rows[r])
    if (!wrong) print "sass: " instances " instances of kernels, " rules " rules"
    exit wrong > 0 || instances == 0
  }' "$here/sass.txt" <(printf '%s\n' "$all")
