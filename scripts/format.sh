#!/usr/bin/env bash
# Formats the tracked C++ and CUDA files with clang-format 14; --check only names those that differ.
set -euo pipefail
cd "$(dirname "$0")/.."
case ${1:-} in
  --check) mode=(--dry-run --Werror) ;;
  "") mode=(-i) ;;
  *) sed -n 2p "$0" >&2; exit 2 ;;
esac
git ls-files -z '*.h' '*.cpp' '*.cu' '*.cuh' | xargs -0 -r -n 50 clang-format-14 "${mode[@]}"
