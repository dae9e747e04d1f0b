#!/usr/bin/env bash
# stale.sh WORKER WORK: two and three workers on "hosts" of their own, each of which sees the run folder through a mount that caches names, absent names
# and attributes for 10 s, as an NFS client does (the mounts of cluster.sh --stale 10, without Slurm). 500 trials: none lost, none committed twice.
# Needs root, unshare, bindfs and /dev/fuse; exit 77 without them.
set -euo pipefail
worker=$1 work=$2 trials=500 stale=10
[[ $(id -u) == 0 && -e /dev/fuse ]] || { echo "SKIPPED: needs root and /dev/fuse"; exit 77; }
command -v bindfs >/dev/null || { echo "SKIPPED: bindfs is not installed (bin/setup --dev)"; exit 77; }
rm -rf "$work"
mkdir -p "$work"

on_host() {  # on_host NAME FOLDER COMMAND...: the caching mount goes with the command
  # shellcheck disable=SC2016  # meant for the inner shell
  unshare --mount --uts --propagation private bash -c '
    set -euo pipefail
    hostname "$1"
    cache=attr_timeout=$3,entry_timeout=$3,negative_timeout=$3
    bindfs -o "$cache" "$2" "$2"
    trap "umount -l \"$2\"" EXIT
    "${@:4}"' on_host "$1" "$2" "$stale" "${@:3}"
}

on_host n0 "$work" true 2>/dev/null || { echo "SKIPPED: this machine allows no mounts"; exit 77; }

# Does the mount cache? A name that was looked for in vain stays absent for the one who looked.
# shellcheck disable=SC2016
on_host n0 "$work" bash -c '[[ ! -e $1/probe ]]; touch "$1/asked"; sleep 2; [[ ! -e $1/probe ]]' sh "$work" &
until [[ -e $work/asked ]]; do sleep 0.05; done
touch "$work/probe"
wait $! || { echo "FAILED: the mount caches nothing, so the test would prove nothing"; exit 1; }

for count in 2 3; do
  run=$work/$count started=$SECONDS pids=() result=0
  mkdir "$run"
  for ((i = 1; i <= count; i++)); do
    on_host "n$i" "$run" "$worker" "$run" "$trials" lease=120 heartbeat=1 pack &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid" || result=$?; done
  ((result == 0)) || { echo "FAILED: a worker ended with $result"; exit 1; }
  "$worker" "$run" "$trials" check || { echo "FAILED: $count workers"; exit 1; }
  echo "$count workers: $((SECONDS - started)) s"
done
