#!/usr/bin/env bash
# Packs what scripts/gpu_suite.sh needs into one folder that runs on a bare machine with an NVIDIA driver: the programs
# with CUDA in them, the shared libraries that such a machine lacks, the goldens and the PyTorch peers. cuBLAS and
# compute-sanitizer are the GPU machine's own.
#
#   scripts/gpu_bundle.sh [--build DIR] [--out DIR] [--arch 90]
#   there: DIR/scripts/gpu_suite.sh
#
# Without --build it builds first, for any x86-64-v3 CPU: the GPU machine's need not be this one's.
set -euo pipefail
cd "$(dirname "$0")/.."
build="" out=build/gpu_bundle arch=90
while [ $# -gt 1 ]; do
  case $1 in
    --build) build=$2 ;;
    --out) out=$2 ;;
    --arch) arch=$2 ;;
    *) break ;;
  esac
  shift 2
done
[ $# -eq 0 ] || { sed -n 2,9p "$0" >&2; exit 2; }

programs=(aio_bench aio_model test_gpu)
if [ -z "$build" ]; then
  build=build/gpu
  cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DAIO_CUDA=ON -DAIO_NATIVE=OFF -DAIO_OPENBLAS=OFF \
    -DCMAKE_CUDA_ARCHITECTURES="$arch" -DCMAKE_EXE_LINKER_FLAGS="-static-libstdc++ -static-libgcc -Wl,--as-needed"
  cmake --build "$build" --target "${programs[@]}"
fi

rm -rf "$out"
mkdir -p "$out"/{bin,lib,scripts,bench,tests/golden/model}
for program in "${programs[@]}"; do
  cp "$build/bin/$program" "$out/bin/"
  # libc and what belongs to it stay: they must fit the kernel and each other. The driver's come with the driver.
  ldd "$build/bin/$program" | awk '$2 == "=>" && $3 ~ /^\// { print $3 }' |
    grep -Ev '/(libc|libm|libdl|librt|libpthread|ld-linux[^/]*|libcuda|libnvidia[^/]*|libcublas[^/]*)\.so' |
    xargs -r cp -Lu -t "$out/lib"
done
strip --strip-debug "$out"/bin/* "$out"/lib/*
cp scripts/gpu_suite.sh "$out/scripts/"
cp bench/*.py "$out/bench/"
cp tests/golden/model/micro*.manifest.json tests/golden/model/micro*.safetensors "$out/tests/golden/model/"
git describe --always --dirty --abbrev=12 >"$out/COMMIT"
LD_LIBRARY_PATH=$out/lib "$out/bin/aio_bench" --help >/dev/null  # it starts
du -sh "$out"
