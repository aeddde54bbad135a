#!/usr/bin/env bash
# Installs the Debian/Ubuntu packages that are missing, as root or through sudo; does nothing when all are there.
#   scripts/setup.sh           what building and testing needs
#   scripts/setup.sh --dev     also clang 14 and clang-format 14
#   scripts/setup.sh --print   lists the packages and installs nothing
set -euo pipefail

packages=(
  g++ cmake ninja-build git pkg-config
  libtbb-dev              # threads
  libeigen3-dev           # GEMM provider
  libopenblas-serial-dev  # GEMM provider; serial, because oneTBB owns the threads
  nlohmann-json3-dev libtomlplusplus-dev libcli11-dev  # files, configuration, command line
  libspdlog-dev libfmt-dev                             # logs
  libavformat-dev libavcodec-dev libavutil-dev libswscale-dev  # video
  libstb-dev libjpeg-dev                                       # still images
  libutf8proc-dev                                              # text
  ffmpeg                                                       # tests hold our frames to its own
  doctest-dev librapidcheck-dev libbenchmark-dev       # tests, property tests, benchmarks
)
developer_packages=(clang-14 clang-format-14)

for argument in "$@"; do
  case $argument in
    --dev) packages+=("${developer_packages[@]}") ;;
    --print) print=yes ;;
    *) sed -n 's/^# \{0,1\}//; 2,5p' "$0" >&2; exit 2 ;;
  esac
done
if [ "${print:-}" ]; then
  printf '%s\n' "${packages[@]}"
  exit 0
fi

# stop MESSAGE: what to do by hand, and no further.
stop() {
  { echo "setup: $1"; echo "These packages (Debian's names) are needed:"; printf '  %s\n' "${missing[@]}"; } >&2
  exit 1
}

missing=("${packages[@]}")
if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  stop "this is not Debian or Ubuntu; install the equivalents with your package manager."
fi
# dpkg-query fails when it has never heard of a package, which is the case we are here for.
installed=$({ dpkg-query -W -f '${Package} ${db:Status-Status}\n' "${packages[@]}" 2>/dev/null || true; } |
  sed -n 's/ installed$//p')
missing=()
for package in "${packages[@]}"; do
  grep -qxF "$package" <<<"$installed" || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || stop "not root, and there is no sudo; ask an administrator."
  as_root=(sudo)
fi
echo "setup: installing ${missing[*]}"
apt_get() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get -q -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@"
}
apt_get update
apt_get install -y --no-install-recommends "${missing[@]}"
