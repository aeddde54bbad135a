#!/usr/bin/env bash
# All that can be asked of a GPU in one call of ten minutes: does the build start, are the kernels right, is the model
# right, are results the same twice, does compute-sanitizer complain, how fast is it. Every stage has a time limit and a
# file of its own, so that none can lose an earlier one's results; the report is rewritten after each.
#   scripts/gpu_suite.sh OUT_DIR [BIN_DIR] [GOLDEN_DIR]    (in a bundle the last two are found beside this file)
# Writes OUT_DIR/report.json, report.md and a log for each stage. Exits 1 if a stage failed, 6 without a device.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=${1:?usage: gpu_suite.sh OUT_DIR [BIN_DIR] [GOLDEN_DIR]}
if [ -d "$here/bin" ]; then
  bin=${2:-$here/bin} golden=${3:-$here/golden}
else
  bin=${2:-$here/../build/cuda/bin} golden=${3:-$here/../tests/golden/model}
fi
test=$bin/${GPU_SUITE_TEST:-test_gpu} model=$bin/${GPU_SUITE_MODEL:-aio_model}
[ -d "$here/lib" ] && export LD_LIBRARY_PATH="$here/lib:${LD_LIBRARY_PATH:-}"
mkdir -p "$out"
commit=$(cat "$here/commit" 2>/dev/null || git -C "$here" rev-parse HEAD 2>/dev/null || echo unknown)
gpu=$(nvidia-smi --query-gpu=name,driver_version --format=csv,noheader 2>/dev/null | head -1)
names=() states=() seconds=()

report() {
  local i
  {
    printf '{"commit": "%s", "gpu": "%s", "stages": [' "$commit" "${gpu:-none}"
    for i in "${!names[@]}"; do
      [ "$i" -gt 0 ] && printf ', '
      printf '{"name": "%s", "state": "%s", "seconds": %d}' "${names[i]}" "${states[i]}" "${seconds[i]}"
    done
    printf ']}\n'
  } > "$out/report.json"
  {
    printf '# GPU suite\n\n%s, commit %s\n\n| stage | state | s |\n| --- | --- | --- |\n' "${gpu:-no GPU}" "$commit"
    for i in "${!names[@]}"; do printf '| %s | %s | %d |\n' "${names[i]}" "${states[i]}" "${seconds[i]}"; done
  } > "$out/report.md"
}

# stage NAME SECONDS COMMAND...: its output goes to OUT_DIR/NAME.log.
stage() {
  local name=$1 limit=$2 start=$SECONDS state
  shift 2
  timeout --kill-after=5 "$limit" "$@" > "$out/$name.log" 2>&1
  case $? in
    0) if grep -q 'skipped:' "$out/$name.log"; then state=skipped; else state=passed; fi ;;
    124 | 137) state="timed out" ;;
    *) state=failed ;;
  esac
  names+=("$name") states+=("$state") seconds+=($((SECONDS - start)))
  report
}
skip() {
  names+=("$1") states+=(skipped) seconds+=(0)
  echo "$2" > "$out/$1.log"
  report
}

verify() { "$model" verify "$golden"/micro.manifest.json "$golden"/micro_{cotrain,f8,image,mpp,padimg}.manifest.json --device cuda --json; }
twice() {
  verify > "$out/first.json" && verify > "$out/second.json" && cmp "$out/first.json" "$out/second.json"
}
export -f verify twice
export model golden out

stage starts 20 "$test" --list-test-cases
stage device 20 nvidia-smi
stage kernels 120 "$test"
stage model 90 bash -c verify
stage same_bits 120 bash -c twice
if command -v compute-sanitizer > /dev/null; then
  stage memcheck 120 compute-sanitizer --error-exitcode 1 "$test" --source-file='*layer_norm*,*gather*,*attention*'
  stage racecheck 90 compute-sanitizer --tool racecheck --error-exitcode 1 "$test" --source-file='*attention*,*reduce*'
else
  skip memcheck "no compute-sanitizer on this machine"
fi
if [ -x "$bin/aio_bench" ]; then
  stage bench 120 "$bin/aio_bench" --benchmark_filter=cuda --benchmark_min_time=0.2
else
  skip bench "no aio_bench in $bin"
fi
cat "$out/report.md"
grep -q 'skipped: .*CUDA' "$out/kernels.log" && exit 6
for state in "${states[@]}"; do [[ $state == passed || $state == skipped ]] || exit 1; done
exit 0
