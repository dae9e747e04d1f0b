# Sourced by every job script: finds the program, prepares the environment, runs one stage, forwards the warning before
# the time limit, and puts a job that was stopped early back into the queue. Not a program of its own.
# shellcheck shell=bash

say() { printf '%s %s: %s\n' "$(date -u +%H:%M:%S)" "${SLURM_JOB_ID:-}" "$*"; }

# The built executables: ASSAY_BIN (set by `assay submit`), beside this folder, where sbatch was called, or in PATH.
find_bin() {
  local place
  for place in "${ASSAY_BIN:-}" "${ASSAY_SHARE:-}/bin" "${ASSAY_SHARE:-}/../../bin" "${SLURM_SUBMIT_DIR:-.}/bin"; do
    if [[ -x $place/$1 ]]; then printf '%s\n' "$place"; return 0; fi
  done
  if place=$(command -v "$1"); then dirname "$place"; return 0; fi
  echo "error: $1 was not found; set ASSAY_BIN to the folder of the executables, or submit from the checkout" >&2
  return 64
}

# Modules that the build was made with, then the site's own settings. Neither may end the job by a careless line.
prepare_environment() {
  local bin=$1 run=$2 name
  set +eu
  if [[ -s $bin/.modules ]] && command -v module >/dev/null; then
    while read -r name; do [[ -z $name ]] || module load "$name"; done <"$bin/.modules"
  fi
  # shellcheck disable=SC1091
  if [[ -r $run/jobs/site.sh ]]; then . "$run/jobs/site.sh"; fi
  set -eu
  local cores=${SLURM_CPUS_PER_TASK:-1}
  export OMP_NUM_THREADS=${OMP_NUM_THREADS:-$cores}
  export SRUN_CPUS_PER_TASK=$cores
}

# The program's exit code; USR1, USR2 and TERM reach it as USR2, which stops it cleanly. TERM itself would kill the ranks
# of an srun at once. After TERM (scancel, preemption, the limit itself) Slurm decides what becomes of the job.
run_and_forward() {
  local pid code=0 now waited=0 interrupted
  terminated=0
  "$@" &
  pid=$!
  trap 'interrupted=1; say "warned by the scheduler, stopping cleanly"; kill -USR2 "$pid" 2>/dev/null || true' USR1 USR2
  trap 'interrupted=1; terminated=1; kill -USR2 "$pid" 2>/dev/null || true' TERM INT
  while :; do                                 # a trap interrupts wait while the program still runs
    interrupted=0 now=0
    wait "$pid" || now=$?
    if ((now != 127 || waited == 0)); then code=$now; fi
    waited=1
    ((interrupted)) || break
  done
  trap - USR1 USR2 TERM INT
  return "$code"
}

# Same job id, so that dependents go on waiting; a bounded number of times.
requeue() {
  local count=${SLURM_RESTART_COUNT:-0} most=${ASSAY_MAX_REQUEUE:-10} job=${SLURM_JOB_ID:-}
  if [[ -n ${SLURM_ARRAY_JOB_ID:-} ]]; then job=${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}; fi
  if [[ -z $job ]]; then return 0; fi
  if ((count >= most)); then
    say "stopped early after $count restarts, which is the limit (max_requeue); submit again to go on"
    return 0
  fi
  say "stopped early with work left: back into the queue (restart $((count + 1)) of at most $most)"
  scontrol requeue "$job" || say "scontrol requeue failed; submit again to go on"
}

# The folder of a stage in the run.
stage_of() {
  case $1 in
    split-data) echo split;;
    baseline-train) echo baseline;;
    proxy-select) echo proxy;;
    search-driver) echo search;;
    full-train-topk) echo full;;
    analyze) echo report;;
  esac
}

# run_stage PROGRAM RUN [OPTION...]
run_stage() {
  local program=$1 run=${2:-} bin code=0
  if [[ -z $run ]]; then echo "usage: sbatch slurm/$program.sbatch RUN [OPTION...]" >&2; exit 64; fi
  shift
  bin=$(find_bin "$program")
  prepare_environment "$bin" "$run"
  local command=("$bin/$program" "$@")
  [[ " $* " == *" --threads"[\ =]* ]] || command+=(--threads "${SLURM_CPUS_PER_TASK:-1}")
  if ((${SLURM_NTASKS:-1} > 1)); then
    # shellcheck disable=SC2206  # the launcher is several words
    command=(${ASSAY_LAUNCHER:-srun --mpi=pmix} -n "$SLURM_NTASKS" "${command[@]}")
  fi
  say "${command[*]} on $(hostname), restart ${SLURM_RESTART_COUNT:-0}"
  run_and_forward "${command[@]}" || code=$?
  if ((code == 3)) && [[ -s $run/$(stage_of "$program")/done.json ]]; then
    say "only a part of what was asked is there (exit code 3); the next stages use that part"
    code=0
  fi
  if ((code == 75)) && [[ -e $run/stop || -e $run/$(stage_of "$program")/study/stop ]]; then
    say "asked to stop (assay stop); assay submit goes on"
  elif ((code == 75 && terminated == 0)); then
    requeue
  fi
  exit "$code"
}
