#!/usr/bin/env bash
# Puts the trainers that `r1data export` writes for into .venv/handoff, without what they need for training: enough to
# load a dataset with each one's own loader, in tests/handoff. Safe to repeat. Without a network nothing is lost but that.
set -euo pipefail
cd "$(dirname "$0")/.."

TARGET=.venv/handoff
TRAINERS=(verl==0.9.1 openrlhf==0.11.2 llamafactory==0.9.5 ms-swift==4.6.0)
# What their loaders import beyond what is here already.
NEEDED=(
    pylatexenc==2.11 ray==2.60.0 msgpack==1.2.4 omegaconf==2.4.0 antlr4-python3-runtime==4.13.2 tensordict==0.15.3
    pyvers==0.2.3 orjson==3.13.0 codetiming==1.4.0 hydra-core==1.3.8 fire==0.7.1 modelscope==1.40.2
    modelscope-hub==0.5.1 json-repair addict oss2==2.19.1 attrdict dacite
)

unset PYTHONDONTWRITEBYTECODE PYTHONPATH
[ ! -f $TARGET/.done ] || [ scripts/handoff.sh -nt $TARGET/.done ] || exit 0
[ -n "${UV_DEFAULT_INDEX:-}" ] || { index=$(.venv/bin/python -m pip config get global.index-url 2>/dev/null || true)
    [ -z "${PIP_INDEX_URL:-$index}" ] || export UV_DEFAULT_INDEX="${PIP_INDEX_URL:-$index}"; }

put() { .venv/bin/uv pip install --quiet --no-progress --python .venv/bin/python --no-deps --target "$@"; }

rm -rf $TARGET
for trainer in "${TRAINERS[@]}"; do put "$TARGET/${trainer%%==*}" "$trainer"; done
put $TARGET/needed "${NEEDED[@]}"
# LLaMA-Factory imports torchaudio for sounds, of which there are none here; its builds are for CUDA.
mkdir -p $TARGET/needed/torchaudio && : >$TARGET/needed/torchaudio/__init__.py
touch $TARGET/.done
