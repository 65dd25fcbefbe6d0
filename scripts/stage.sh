# Sourced by the scripts: where things are kept, how an error reads, how a stage is timed and counted.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# fail MESSAGE HINT [CODE]: one line that says what is wrong, one that says what to do.
fail() {
    echo "error: $1" >&2
    echo "hint: $2" >&2
    exit "${3:-1}"
}

[[ -n ${XDG_CACHE_HOME:-${HOME-}} ]] || fail 'there is no place for the cache: HOME is not set' 'set HOME or XDG_CACHE_HOME'
cache=${XDG_CACHE_HOME:-$HOME/.cache}/williw
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$cache/target}
# In front, so that the version that setup pins wins.
export PATH=$cache/tools/bin:$PATH

# One target folder serves every clone, so that dependencies are built once. But cargo judges what is fresh by file times
# and knows our own crates by their place in the workspace, so what another clone built of them would pass for ours. Whoever
# comes after another clone throws that away. Two clones should not build at the same time.
claim_target() {
    local manifest name
    [[ $(cat "$CARGO_TARGET_DIR/.williw-root" 2>/dev/null) != "$root" ]] || return 0
    mkdir -p "$CARGO_TARGET_DIR"
    for manifest in "$root"/node/*/Cargo.toml; do
        name=$(sed -nE 's/^name = "(.*)"/\1/p;T;q' "$manifest")
        cargo clean --quiet --locked --manifest-path "$root/Cargo.toml" --package "$name"
        cargo clean --quiet --locked --manifest-path "$root/Cargo.toml" --package "$name" --release
    done
    for manifest in $(program_manifests); do
        name=$(sed -nE 's/^name = "(.*)"/\1/p;T;q' "$manifest")
        CARGO_TARGET_DIR=$CARGO_TARGET_DIR/programs cargo clean --quiet --locked --manifest-path "$manifest" --package "$name"
    done
    echo "$root" >"$CARGO_TARGET_DIR/.williw-root"
}

# The crates of programs/. They are built in a folder of their own, for other versions and features than the node's.
program_manifests() {
    program_workspaces
    # A member of the workspace of the tests.
    echo "$root/programs/localnet/Cargo.toml"
}

program_workspaces() {
    printf '%s\n' "$root"/programs/{williw,probe,idl/maker,tests}/Cargo.toml
}

# Prints the comment at the top of the calling script.
usage() {
    sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "$0"
}

# forge ARGUMENTS...: the native program; npm's launcher in front of it always says that all went well.
forge() {
    "$root"/contracts/node_modules/@foundry-rs/forge-*/bin/forge "$@"
}

# Reads what `forge test` says and puts its last line in the words that are counted here.
count_forge() {
    sed -E 's/^Ran .*: ([0-9]+) tests? passed, ([0-9]+) failed, [0-9]+ skipped.*$/\1 passed, \2 failed/'
}

stage_rows=()
passed=0
failed=0
failed_stage=
# The stage that runs now, and where its output is kept until it is counted.
stage_name=
stage_log=

# count_tests LOG STATUS: adds up what the log reports, in cargo's words or as `N passed, N failed`.
# A stage that reports nothing is one test by itself.
count_tests() {
    local ok bad
    read -r ok bad < <(sed -nE \
        -e 's/^test result: .* ([0-9]+) passed; ([0-9]+) failed;.*/\1 \2/p' \
        -e 's/^([0-9]+) passed, ([0-9]+) failed$/\1 \2/p' "$1" |
        awk '{ ok += $1; bad += $2; seen = 1 } END { if (seen) print ok + 0, bad + 0; else print "-", "-" }')
    if [[ $ok == - ]]; then
        ok=$(($2 == 0)) bad=0
    fi
    if (($2 != 0 && bad == 0)); then
        bad=1
    fi
    ran=$((ok + bad))
    passed=$((passed + ok)) failed=$((failed + bad))
    stage_tests="  $ok passed, $bad failed"
}

# stage NAME COMMAND...: runs the command, its output on stderr, and notes how long it took.
# Call it as a plain statement: inside `if` or `||` bash would ignore failures within the command.
stage() {
    local name=$1 started micros seconds status
    shift
    stage_name=$name
    stage_log=$(mktemp)
    started=${EPOCHREALTIME/[.,]/}
    echo "--- $name" >&2
    set +e
    (set -euo pipefail; "$@") 2>&1 | tee "$stage_log" >&2
    status=${PIPESTATUS[0]}
    set -e
    micros=$((${EPOCHREALTIME/[.,]/} - started))
    seconds=$(printf '%d.%02d' $((micros / 1000000)) $((micros % 1000000 / 10000)))
    if [[ $name == setup ]]; then
        # It tests nothing, so there is no count to show; only that it failed is counted.
        ran=1 failed=$((failed + (status != 0))) stage_tests=
    else
        count_tests "$stage_log" "$status"
    fi
    rm -f "$stage_log"
    stage_name=
    if ((ran == 0)); then
        echo "error: no test ran; does the filter still match any?" >&2
        status=1 failed=$((failed + 1)) stage_tests='  no test'
    fi
    if ((status == 0)); then
        stage_rows+=("$(printf '%-10s %-6s %9s s%s' "$name" ok "$seconds" "$stage_tests")")
    else
        failed_stage=$name
        stage_rows+=("$(printf '%-10s %-6s %9s s%s' "$name" FAILED "$seconds" "$stage_tests")")
    fi
    echo "--- $name: $seconds s" >&2
    return "$status"
}

# Prints the table of the stages that ran, then the line with the totals.
summary() {
    ((${#stage_rows[@]})) || return 0
    printf '%s\n' '' "${stage_rows[@]}" >&2
    if [[ -n $failed_stage ]]; then
        echo "error: stage \`$failed_stage\` failed" >&2
    fi
    echo "$passed passed, $failed failed"
}

# Whichever way the run ends, it says so: with the totals, or that it was interrupted.
report_end() {
    trap summary EXIT
    trap 'interrupted 129' HUP
    trap 'interrupted 130' INT
    trap 'interrupted 143' TERM
}

# interrupted CODE: a run that did not end has no totals. Bash comes here once the command that runs has ended; Ctrl-C and
# `timeout` tell that command too.
interrupted() {
    trap - EXIT
    rm -f "$stage_log"
    echo "error: interrupted${stage_name:+ in stage \`$stage_name\`}" >&2
    exit "$1"
}
