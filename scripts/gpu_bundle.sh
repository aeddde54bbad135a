#!/usr/bin/env bash
# Packs what a machine with a GPU needs to run scripts/gpu_suite.sh and may not have: the programs of a CUDA build, the
# golden files, and the libraries that a bare CUDA machine lacks (oneTBB, OpenBLAS, FFmpeg ...; cuBLASLt is that
# machine's own).
#   cmake --preset cuda && cmake --build --preset cuda
#   scripts/gpu_bundle.sh [BUILD_DIR] [OUT.tar.gz]       then there: tar xf OUT.tar.gz && gpu_bundle/gpu_suite.sh OUT_DIR
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
build=$(realpath "${1:-$root/build/cuda}")
out=$(realpath -m "${2:-$root/build/gpu_bundle.tar.gz}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bundle=$work/gpu_bundle
mkdir -p "$bundle/bin" "$bundle/lib" "$bundle/golden"

for program in test_gpu aio_model; do
  [ -x "$build/bin/$program" ] || { echo "gpu_bundle: $build/bin/$program is missing; build it first" >&2; exit 2; }
  cp "$build/bin/$program" "$bundle/bin/"
done
[ -x "$build/bin/aio_bench" ] && cp "$build/bin/aio_bench" "$bundle/bin/"
strip "$bundle"/bin/* 2>/dev/null || true
cp "$root"/tests/golden/model/micro* "$bundle/golden/"
cp "$root/scripts/gpu_suite.sh" "$bundle/"
git -C "$root" rev-parse HEAD > "$bundle/commit"

# Every library but glibc's own and the driver's.
ldd "$bundle"/bin/* | awk '$2 == "=>" && $3 ~ /^\// {print $3}' | sort -u |
  grep -vE '/(libc|libm|libdl|libpthread|librt|libresolv|ld-linux[^/]*|libcuda)\.so' | xargs -I{} cp -L {} "$bundle/lib/"
tar -C "$work" -czf "$out" gpu_bundle
du -h "$out"
