#!/usr/bin/env bash
# Everything that needs a GPU in one command: how fast the device is, whether every kernel and the model are right on
# it, how fast they are, and PyTorch beside them.
#
#   scripts/gpu_suite.sh [--bin DIR] [--out DIR] [--budget SECONDS] [--only STAGE[,STAGE...]] [--python PYTHON] [--quick]
#
# Stages: ceilings, parity, model, determinism, sanitizer, kernels, predictions, steps, torch. Each runs commands with a time limit of
# their own. After each command DIR/report.json, DIR/report.md and DIR/logs.tar.gz are written anew, so a command that
# fails, hangs or is killed loses nothing of what was measured before it; the next one runs all the same. --quick is for
# the emulation: small sizes, once each. Exit code: 0 all passed (or were skipped), 1 some did not, 2 usage, 6 no device.
set -uo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
bin=$root/bin out=gpu_report budget=560 only="" python=python3 quick=""
for build in cuda release; do [ -d "$bin" ] || bin=$root/build/$build/bin; done
while [ $# -gt 0 ]; do
  case $1 in
    --bin) bin=$2; shift ;;
    --out) out=$2; shift ;;
    --budget) budget=$2; shift ;;
    --only) only=,$2,; shift ;;
    --python) python=$2; shift ;;
    --quick) quick=1 ;;
    *) sed -n 2,12p "$0" >&2; exit 2 ;;
  esac
  shift || { sed -n 2,12p "$0" >&2; exit 2; }
done
mkdir -p "$out" || exit 2
logs=$(mktemp -d) && trap 'rm -rf "$logs"' EXIT
start=$SECONDS
goldens=(micro micro_cotrain micro_distilled micro_f8 micro_image micro_padimg)  # gpu_bundle.sh packs them
count=0 failed=0 rc=0  # commands run, those that failed; the last one's exit code

# PyTorch's cuBLAS and cuDNN where there are no others. (The bundle's programs find its libraries themselves: PyTorch must
# not find them.)
libraries=$("$python" -c 'import nvidia,glob; print(":".join(p + d for p in nvidia.__path__ for d in ("/cu13/lib", "/cublas/lib", "/cudnn/lib")))' 2>/dev/null)
[ -z "$libraries" ] || export LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$libraries

# ---- reports ---------------------------------------------------------------------------------------------------------

# Standard input as a JSON string.
json_string() {
  tr '\t' ' ' | tr -d '\000-\011\013-\037' | sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' | awk '{printf "%s%s", sep, $0; sep="\\n"}' |
    sed -e 's/^/"/' -e 's/$/"/' | grep . || printf '""'
}

# The document that a command printed, if its last line is one.
json_of() {
  local last
  last=$(tail -n 1 "$1" 2>/dev/null)
  case $last in "{"*"}") printf '%s' "$last" ;; *) printf 'null' ;; esac
}

# Adds a command's fate to the reports: STAGE NAME STATUS SECONDS COMMAND.
entries="" table="" sections=""
record() {
  local stage=$1 name=$2 status=$3 seconds=$4 command=$5 printed=$logs/$1.$2.out complaints=$logs/$1.$2.err
  entries+=${entries:+,}$'\n'$(printf '{"stage":"%s","name":"%s","status":"%s","seconds":%d,"command":%s,"result":%s,"tail":%s}' \
    "$stage" "$name" "$status" "$seconds" "$(printf '%s' "$command" | json_string)" "$(json_of "$printed")" \
    "$(tail -n 5 "$complaints" 2>/dev/null | json_string)")
  table+="| $stage | $name | $status | $seconds |"$'\n'
  sections+=$'\n'"## $stage, $name: $status"$'\n\n```\n'"$command"$'\n'"$(tail -n 40 "$printed" 2>/dev/null)"$'\n'
  [ "$status" = passed ] || sections+=$(tail -n 15 "$complaints" 2>/dev/null)$'\n'
  sections+='```'$'\n'
  case $status in failed* | timed*) failed=$((failed + 1)) ;; esac
  count=$((count + 1))
  write_reports
}

write_reports() {
  printf '{"device":%s,"commit":%s,"seconds":%d,"runs":[%s\n]}\n' "$device_json" "$commit_json" $((SECONDS - start)) \
    "$entries" >"$out/report.json.new" && mv "$out/report.json.new" "$out/report.json"
  printf '# GPU report\n\n%s\n\nCommit %s, %d s.\n\n| stage | command | status | s |\n| --- | --- | --- | --- |\n%s%s' \
    "$device" "$commit" $((SECONDS - start)) "$table" "$sections" >"$out/report.md.new" &&
    mv "$out/report.md.new" "$out/report.md"
  tar -czf "$out/logs.tar.gz.new" -C "$logs" . && mv "$out/logs.tar.gz.new" "$out/logs.tar.gz"
}

# ---- running ---------------------------------------------------------------------------------------------------------

wanted() { [ -z "$only" ] || [[ $only == *,$1,* ]]; }

# run STAGE NAME LIMIT COMMAND...: one command, its outputs in the logs, its fate in the reports.
run() {
  local stage=$1 name=$2 limit=$3 status left began=$SECONDS
  shift 3
  wanted "$stage" || return 0
  left=$((budget - (SECONDS - start)))
  [ "$limit" -le "$left" ] || limit=$left
  if [ "$limit" -le 0 ]; then
    status="skipped: no time left"
  elif ! command -v "$1" >/dev/null; then
    status="skipped: there is no $(basename "$1")"
  else
    printf '%4d s  %s %s ... ' $((SECONDS - start)) "$stage" "$name" >&2
    timeout -k 5 "$limit" "$@" >"$logs/$stage.$name.out" 2>"$logs/$stage.$name.err" </dev/null
    rc=$?
    case $rc in
      0) status=passed ;;
      124 | 137) status="timed out after $limit s" ;;
      *) status="failed: exit code $rc" ;;
    esac
    # doctest: a file whose cases found no device.
    if grep -q '^ *logged: *skipped:\|skipped: built' "$logs/$stage.$name.out"; then status="skipped: no device"; fi
    printf '%s\n' "$status" >&2
  fi
  record "$stage" "$name" "$status" $((SECONDS - began)) "$*"
  [ "$status" = passed ]
}

# ---- the stages ------------------------------------------------------------------------------------------------------

device=$(nvidia-smi --query-gpu=name,driver_version,memory.total,power.limit,clocks.sm,clocks.mem --format=csv,noheader \
  2>/dev/null || echo "no nvidia-smi")
commit=$(git -C "$root" rev-parse --short=12 HEAD 2>/dev/null || cat "$root/COMMIT" 2>/dev/null || echo unknown)
device_json=$(printf '%s' "$device" | json_string) commit_json=$(printf '%s' "$commit" | json_string)

bench=$bin/aio_bench gpu_size="" step_size="--steps 20 --warmup 5"
if [ -n "$quick" ]; then gpu_size=--small; fi

# The first command tells whether there is a device at all.
if ! run ceilings copy 60 "$bench" gpu $gpu_size --json --filter ceiling/copy && [ "$rc" = 6 ]; then
  cat "$logs/ceilings.copy.err" >&2
  exit 6
fi
run ceilings product 60 "$bench" gpu $gpu_size --json --filter ceiling/product

# If products by an H100's own instructions are wrong on this device, everything after this does without them.
rc=0
run parity products 60 "$bin/test_gpu" '--source-file=*/gemm_test.cpp' || [ "$rc" = 0 ] || export AIO_HOPPER_PRODUCTS=0
run parity kernels 180 "$bin/test_gpu"

for golden in "${goldens[@]}"; do
  run model "$golden" 60 "$bin/aio_model" verify --device cuda --json "$root/tests/golden/model/$golden.manifest.json"
done

# Two runs of three training steps with dropout must end with the same loss, digit by digit; so must replays of a step.
micro="--size micro --image 32 --patch 16 --text 16 --words 8 --vocab 1000 --batch 4 --device cuda --json --no-peak"
for attempt in first second; do
  # shellcheck disable=SC2086
  run determinism $attempt 60 "$bench" train $micro --steps 3 --warmup 0
done
# shellcheck disable=SC2086
run determinism graph 60 "$bench" train $micro --graph --steps 1 --warmup 2
if wanted determinism; then
  printf 'last=%s\n' "$(grep -ho '"last":[^,]*' "$logs"/determinism.{first,second,graph}.out 2>/dev/null | sort -u | tr '\n' ' ')" >"$logs/losses"
  # shellcheck disable=SC2016
  run determinism same_bits 5 bash -c '[ "$(grep -o "\"last\"" "$1" | wc -l)" = 1 ] && cat "$1"' same_bits "$logs/losses"
fi

for tool in memcheck racecheck synccheck initcheck; do
  run sanitizer $tool 90 compute-sanitizer --tool $tool --error-exitcode 1 "$bin/test_gpu"
done

for family in gemm layer_norm gelu softmax attention cross_entropy dropout adamw gather; do
  run kernels $family 40 "$bench" gpu $gpu_size --json --filter kernel/$family
done

# The same shapes for both: a command line of aio_bench's is one of the peer's.
shapes=("ti train 8" "ti train 64" "s train 64" "b train 32" "b train 64" "ti infer 64" "s infer 64" "b infer 64")
if [ -n "$quick" ]; then shapes=("micro train 2" "micro infer 2") step_size="--steps 1 --warmup 2 --image 32 --patch 16 --vocab 100 --no-peak"; fi
# What the counts of bytes and FLOPs promise, to put the measured steps beside; needs no device.
for shape in "${shapes[@]}"; do
  read -r size mode batch <<<"$shape"
  vtm=$([ "$mode" = train ] && echo --vtm)
  # shellcheck disable=SC2086
  run predictions "$size-$mode-$batch" 60 "$bench" roofline --json --mode "$mode" --size "$size" --batch "$batch" --words 14 $vtm
done
for ours in 1 ""; do
  for shape in "${shapes[@]}"; do
    read -r size mode batch <<<"$shape"
    # shellcheck disable=SC2206
    words=(--size "$size" --batch "$batch" --frames 3 --text 40 --words 14 --dtype bf16 --device cuda $step_size)
    if [ -n "$ours" ]; then
      run steps "$size-$mode-$batch" 60 "$bench" "$mode" --json "${words[@]}"
      run steps "$size-$mode-$batch-graph" 60 "$bench" "$mode" --json "${words[@]}" --graph
    else
      run torch "$size-$mode-$batch" 60 "$python" "$root/bench/torch_step_peer.py" --mode "$mode" "${words[@]}"
      run torch "$size-$mode-$batch-compile" 120 "$python" "$root/bench/torch_step_peer.py" --mode "$mode" "${words[@]}" --compile
    fi
  done
done

nvidia-smi -q -d PERFORMANCE,CLOCK,POWER,TEMPERATURE >"$logs/device_after" 2>&1
write_reports
echo "gpu_suite: $count commands, $failed failed; $out/report.md" >&2
[ "$failed" = 0 ]
