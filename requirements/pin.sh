#!/bin/sh
# Write run.txt and test.txt again from pyproject.toml: names, versions, hashes, and no host.
#
#   sh requirements/pin.sh             keeps what is pinned, adds and removes what pyproject.toml asks for
#   sh requirements/pin.sh --upgrade   takes the newest of everything
#
# test.txt holds everything that run.txt does, at the same versions, so that one .venv serves both.
set -eu
cd -- "$(dirname -- "$0")/.."

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch"
"$scratch/bin/pip" --disable-pip-version-check --quiet install uv

pin() { # OUTPUT OPTIONS…
  output=$1
  shift
  "$scratch/bin/uv" pip compile pyproject.toml --no-config --quiet --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-emit-find-links --no-header --no-annotate --output-file "$output" "$@"
}

pin requirements/run.txt --extra ffmpeg --extra s3 --extra paper --group build "$@"
pin requirements/test.txt --all-extras --group build --group dev --constraint requirements/run.txt "$@"
