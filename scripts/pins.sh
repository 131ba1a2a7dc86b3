#!/usr/bin/env bash
# Writes the pins: constraints.txt from what is installed in .venv (the CPU engine), and constraints-gpu.txt, resolved
# for the GPU engine with as many of the same versions as it allows. Plain name==version lines: nothing of this machine.
set -euo pipefail
cd "$(dirname "$0")/.."

HEADER="# The versions that belong together, from \"make pins\"; what is wanted is said in pyproject.toml."
UV=.venv/bin/uv

# Left out: what the set-up script pins itself, what nothing imports, and triton, whose version torch's build decides.
installed() {
    $UV pip freeze --python .venv/bin/python | grep -E '^[A-Za-z0-9._-]+==' |
        grep -vE '^(r1data|pip|uv|wheel|llm|llama-cpp-python|triton|nvidia-[a-z0-9-]+)==' | sed -E 's/\+[A-Za-z0-9.]+$//'
}

with_header() { printf '%s\n' "$HEADER" && cat; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
installed >"$work/cpu"
cp "$work/cpu" "$work/gpu" # the resolver prefers the versions that its output file names
extras=(--extra engine-gpu)
for extra in $(sed -n 's/^EXTRAS=(\(.*\))$/\1/p' scripts/setup.sh); do extras+=(--extra "$extra"); done
$UV pip compile --quiet --no-config --python-version 3.11 pyproject.toml "${extras[@]}" \
    --overrides scripts/overrides-gpu.txt --no-annotate --no-header --no-emit-index-url --no-emit-find-links \
    -o "$work/gpu" >/dev/null
with_header <"$work/cpu" >constraints.txt
with_header <"$work/gpu" >constraints-gpu.txt
