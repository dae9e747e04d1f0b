# Sourced by the Slurm tests: a cluster for the test's lifetime, and how to wait for jobs without guessing.
# shellcheck shell=bash

skip() { echo "SKIPPED: $*"; exit 77; }
fail() { echo "FAILED: $*" >&2; exit 1; }

# start_cluster WORK [cluster.sh option...]: fresh, on a port of its own, down again when the test ends.
start_cluster() {
  local work=$1 tools; shift
  tools=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
  [[ $(id -u) == 0 ]] || skip "a Slurm test bed needs root"
  rm -rf "$work"; mkdir -p "$work"
  export STATE=$work/cluster PORT=$((18000 + $$ % 1000 * 40))
  # shellcheck disable=SC2064  # the paths of now
  trap "'$tools/cluster.sh' down --state '$STATE' >'$work/down.log' 2>&1 || true" EXIT
  "$tools/cluster.sh" up "$@" >"$work/up.log" 2>&1 || { tail -5 "$work/up.log"; skip "no Slurm cluster could be started here"; }
  # shellcheck disable=SC1091
  . "$STATE/env.sh"
}

job_field() { scontrol show job "$1" | tr ' ' '\n' | sed -n "s/^ *$2=//p" | head -1; }

# wait_job ID STATE [SECONDS]
wait_job() {
  local state='' end=$((SECONDS + ${3:-120}))
  while ((SECONDS < end)); do
    state=$(job_field "$1" JobState)
    [[ $state == "$2" ]] && return 0
    [[ $2 != "$state" && $state =~ ^(FAILED|CANCELLED|TIMEOUT|NODE_FAIL|COMPLETED)$ ]] && break
    sleep 0.5
  done
  fail "job $1 ($(job_field "$1" JobName)) is $state, $2 was expected: $(job_field "$1" Reason)"
}

wait_file() {
  local end=$((SECONDS + 60))
  until [[ -e $1 ]]; do ((SECONDS < end)) || fail "$1 did not appear"; sleep 0.2; done
}

expect_line() { grep -q -- "$2" "$1" || fail "no line \"$2\" in $1: $(cat "$1")"; }
