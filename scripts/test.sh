#!/usr/bin/env bash
# From a fresh clone to tested programs in build/release/bin: packages, configure, build, tests.
# Arguments go to the configure step:  scripts/test.sh -DAIO_NATIVE=OFF
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh
cmake --preset release "$@"
cmake --build --preset release
ctest --preset release
