#!/usr/bin/env bash
# Packs what scripts/gpu_suite.sh needs into one folder that runs on a bare machine with an NVIDIA driver: the programs
# with CUDA in them, the few shared libraries that such a machine lacks, the goldens and the PyTorch peers; and the same
# as one archive, DIR.tar.xz. cuBLAS, compute-sanitizer, libstdc++ and libc are the GPU machine's own.
#
#   scripts/gpu_bundle.sh [--build DIR] [--out DIR] [--arch 90-real] [--cudnn FOLDER OF cudnn.h]
#   there: DIR/scripts/gpu_suite.sh
#   there, beside a checkout of this repository: only DIR/bin and DIR/lib, and scripts/gpu_suite.sh --bin DIR/bin
#
# Without --build it builds first, for any x86-64-v3 CPU: the GPU machine's need not be this one's. --arch: of the GPU
# (90 is H100 and H200; 90-real leaves out the PTX for later ones). Says how large it all is.
set -euo pipefail
cd "$(dirname "$0")/.."
build="" out=build/gpu_bundle arch=90-real cudnn=""
while [ $# -gt 1 ]; do
  case $1 in
    --build) build=$2 ;;
    --out) out=$2 ;;
    --arch) arch=$2 ;;
    --cudnn) cudnn=$2 ;;
    *) break ;;
  esac
  shift 2
done
[ $# -eq 0 ] || { sed -n 2,11p "$0" >&2; exit 2; }

programs=(aio_bench aio_model test_gpu)
if [ -z "$build" ]; then
  build=build/gpu
  # Old tags: the path goes for the libraries of libraries, too.
  cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DAIO_CUDA=ON -DAIO_NATIVE=OFF -DAIO_OPENBLAS=OFF \
    -DAIO_BENCH_VIDEO=OFF -DAIO_CUDNN_INCLUDE="$cudnn" -DCMAKE_CUDA_ARCHITECTURES="$arch" \
    -DCMAKE_BUILD_RPATH='$ORIGIN/../lib' \
    -DCMAKE_EXE_LINKER_FLAGS="-static-libstdc++ -static-libgcc -Wl,--as-needed,--disable-new-dtags"
  cmake --build "$build" --target "${programs[@]}"
fi

rm -rf "$out" "$out.tar.xz"
mkdir -p "$out"/{bin,lib,scripts,bench,tests/golden/model}
for program in "${programs[@]}"; do
  cp "$build/bin/$program" "$out/bin/"
  # libc and the compiler's libraries stay: they must fit the machine, and each other. The driver's come with the driver.
  ldd "$build/bin/$program" | awk '$2 == "=>" && $3 ~ /^\// { print $3 }' |
    { grep -Ev '/(libc|libm|libdl|librt|libpthread|ld-linux[^/]*|libstdc\+\+|libgcc_s|libcuda|libnvidia[^/]*|libcublas[^/]*)\.so' || true; } |
    xargs -r cp -Lu -t "$out/lib"
done
strip "$out"/bin/* "$out"/lib/*
cp scripts/gpu_suite.sh "$out/scripts/"
cp bench/torch_step_peer.py "$out/bench/"
for golden in $(sed -nE 's/^goldens=\((.*)\).*$/\1/p' scripts/gpu_suite.sh); do
  manifest=tests/golden/model/$golden.manifest.json
  cp "$manifest" "$out/tests/golden/model/"
  grep -oE '[A-Za-z0-9_.]+\.safetensors' "$manifest" | sort -u | sed 's|^|tests/golden/model/|' |
    xargs cp -t "$out/tests/golden/model"
done
git describe --always --dirty --abbrev=12 >"$out/COMMIT"
"$out/bin/aio_bench" --help >/dev/null  # it starts
tar -cJf "$out.tar.xz" -C "$(dirname "$out")" "$(basename "$out")"

mib() { du -sk --apparent-size "$@" | awk '{ kib += $1 } END { printf "%.1f", kib / 1024 }'; }
echo "gpu_bundle: $out has $(mib "$out") MiB, of which programs and libraries $(mib "$out/bin" "$out/lib"); $out.tar.xz has $(mib "$out.tar.xz") MiB"
