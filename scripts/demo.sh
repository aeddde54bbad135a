#!/usr/bin/env bash
# From a fresh clone to a trained and evaluated model, on a bare Debian 12 with two cores and no GPU, in 20 minutes:
# makes a small set of videos, pre-trains, fine-tunes and evaluates every task, trains with and without token rolling,
# and draws runs/demo/report.html. A second call goes on where the first was stopped.
#   scripts/demo.sh               set up, build, run what is not done yet
#   scripts/demo.sh --fresh       begin anew: removes runs/demo
#   scripts/demo.sh --smoke       the same way in a few steps each: does every part work? Learns nothing
#   scripts/demo.sh --dir DIR     work in DIR/runs/demo instead of the repository's
#   scripts/demo.sh --bin DIR     programs that are built already; no set-up, no build
set -euo pipefail

repository=$(cd "$(dirname "$0")/.." && pwd)
place=$repository bin='' fresh='' smoke=''
while [ $# -gt 0 ]; do
  case $1 in
    --fresh) fresh=yes ;;
    --smoke) smoke=yes ;;
    --dir) place=${2:?--dir needs a folder}; shift ;;
    --bin) bin=$(cd "${2:?--bin needs a folder}" && pwd); shift ;;
    --help | -h) sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0"; exit 0 ;;
    *) echo "demo: unknown argument $1 (--help lists all)" >&2; exit 2 ;;
  esac
  shift
done
mkdir -p "$place"
cd "$place" # paths in configs/demo_*.toml begin here
configs=$repository/configs
run=runs/demo logs=runs/demo/logs stages=runs/demo/stages
[ -z "$fresh" ] || rm -rf "$run"
mkdir -p "$logs"
touch "$stages"

# ---- a stage: a command whose output goes to a log, done once ----------------------------------------------------------
done_before() { cut -f1 "$stages" | grep -qxF "$1"; }

# stage NAME TITLE COMMAND...: a lane calls it; what it is at lies in $logs/LANE.now for the screen.
stage() {
  local name=$1 title=$2 start=$SECONDS code=0
  shift 2
  if done_before "$name"; then
    printf '  %-10s %s: done before\n' "$name" "$title"
    return
  fi
  echo "$name" >"$logs/$lane.now"
  set -m # a process group of its own, so that stopping it reaches the programs that functions start
  "$@" >"$logs/$name.log" 2>&1 &
  child=$!
  set +m
  wait "$child" || code=$?
  child=''
  : >"$logs/$lane.now"
  if [ $code -ne 0 ]; then
    clear_line
    { echo "demo: $name failed with exit code $code:"; tail -n 5 "$logs/$name.log" | sed 's/^/    /'
      echo "  all of it: $place/$logs/$name.log; once that is mended, scripts/demo.sh goes on from here"; } >&2
    exit $code
  fi
  printf '%s\t%d\n' "$name" $((SECONDS - start)) >>"$stages"
  clear_line
  printf '  %-10s %s: %d s\n' "$name" "$title" $((SECONDS - start))
}

clock() { printf '%d:%02d min' $((SECONDS / 60)) $((SECONDS % 60)); }
clear_line() { [ ! -t 1 ] || printf '\r\033[K'; }

# The last "step 350/600" of each lane's log, in one line that is written over.
show_progress() {
  local now line text=''
  for now in "$logs"/*.now; do
    [ -s "$now" ] || continue
    line=$(tail -c 400 "$logs/$(<"$now").log" 2>/dev/null | tr '\r' '\n' | grep -aoE 'step +[0-9]+/[0-9]+|\[[0-9]+/[0-9]+\]' | tail -n 1 || true)
    text+="  $(<"$now") $line"
  done
  printf '\r\033[K%.*s' "$(($(tput cols 2>/dev/null || echo 80) - 1))" "$text  $(clock)"
}

# in_lanes FUNCTION...: each in a process of its own, at the same time; the first failure ends all.
lanes=()
in_lanes() {
  local code=0 lane
  for lane in "$@"; do
    ( trap '[ -z "${child:-}" ] || kill -- "-$child" 2>/dev/null; wait; exit 143' TERM INT
      child=''
      "$lane" ) &
    lanes+=($!)
  done
  while [ ${#lanes[@]} -gt 0 ]; do
    local running=()
    for process in "${lanes[@]}"; do
      if kill -0 "$process" 2>/dev/null; then running+=("$process"); else wait "$process" || code=$?; fi
    done
    lanes=("${running[@]}")
    [ $code -eq 0 ] || stop_lanes $code
    [ ! -t 1 ] || show_progress
    [ ${#lanes[@]} -eq 0 ] || sleep 1
  done
  clear_line
}
stop_lanes() {
  [ ${#lanes[@]} -eq 0 ] || kill "${lanes[@]}" 2>/dev/null || true
  wait
  exit "$1"
}
trap 'clear_line; [ -z "${child:-}" ] || kill -- "-$child"; echo "demo: stopped; scripts/demo.sh goes on from here" >&2; stop_lanes 130' INT TERM

# ---- what the stages do ------------------------------------------------------------------------------------------------
cores=$(nproc)
lane_threads=$((cores > 1 ? cores / 2 : 1))
seeds=3
train_options=(--resume auto --set run.threads="$lane_threads" --set data.workers=1)
data_options=(--seed 1)
if [ -n "$smoke" ]; then
  seeds=1
  train_options+=(--set train.max_steps=3 --set train.batch=8 --set eval.every=0 --set eval.batches=1 --set optim.warmup=1)
  data_options+=(--train 48 --val 16 --test 16)
fi

# Encoded anew if it was stopped half way.
make_data() { rm -rf "$run/data" && aio_data synth --out "$run/data" --preview "$run/preview.png" "${data_options[@]}"; }
train() { aio_train --config "$configs/demo_$1.toml" "${train_options[@]}"; }
ablate() { # VARIANTS
  aio_train --config "$configs/demo_direction.toml" "${train_options[@]}" --ablate "model.roll=$1" --seeds $seeds
}
evaluate() { # FOLDER TASK RUN [options...]
  local folder=$1 task=$2 weights=$3
  shift 3
  aio_eval "$task" --checkpoint "$run/$weights" --data "$run/data/$task" --split test --out "$run/eval/$folder" \
    --threads "$lane_threads" "$@"
}
train_and_evaluate() { # TASK [options of aio_eval...]
  train "$1" && evaluate "$1" "$1" "$@"
}
pretrain() { train pretrain && evaluate pretrain pretrain pretrain && evaluate zero-shot retrieval pretrain; }

tasks_lane() {
  stage pretrain "masked words, matching and contrast, all at once" pretrain
  stage motion "which way things move, from those weights" train motion
  stage qa "questions of four kinds" train_and_evaluate qa
  stage action "ten motions as classes" train_and_evaluate action
  stage choice "one of five captions" train_and_evaluate choice
  stage retrieval "captions and clips find each other" train_and_evaluate retrieval --by vtm
  stage caption "captions word by word" train_and_evaluate caption
}
ablation_lane() {
  stage direction "which way things move, from nothing, with and without rolling" ablate roll,none,time_average,flatten
}

# ---- the demo ----------------------------------------------------------------------------------------------------------
lane=main child=''
if [ -z "$bin" ]; then
  echo "set-up and build"
  "$repository/scripts/setup.sh"
  build() {
    cd "$repository" && cmake --preset release &&
      cmake --build --preset release --target aio_data aio_train aio_eval aio_report aio_decode_worker
  }
  rm -f "$stages.build"
  stages=$stages.build # of no interest to the report, and always made sure of
  touch "$stages"
  stage build "programs in build/release/bin" build
  stages=$run/stages
  bin=$repository/build/release/bin
fi
PATH=$bin:$PATH

echo "demo: logs in $place/$logs"
stage data "moving shapes as videos, with text for every task" make_data
in_lanes tasks_lane ablation_lane
echo
aio_report "$run" --title "All-in-one on moving shapes" --chance 0.5 --summary "$run/summary.json" --stages "$stages"
echo "scores: $place/$run/summary.json; clips: $place/$run/preview.png; $(clock)"
