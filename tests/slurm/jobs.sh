#!/usr/bin/env bash
# jobs.sh SOURCE WORK: the job scripts in a real Slurm, with a stand-in for the executables: exit codes reach the queue, a
# warning signal stops and requeues, a failed stage cancels what depends on it, arrays work, scripts are found from anywhere.
set -euo pipefail
source=$1 work=$2
here=$(dirname "$(realpath "$0")")
# shellcheck source=tests/slurm/testbed.sh
. "$here/testbed.sh"
start_cluster "$work" --nodes 2 --cpus 2 --gpus 0

mkdir -p "$work/bin" "$work/shared"
for program in split-data baseline-train proxy-select search-driver full-train-topk analyze; do
  install -m 755 "$here/fake-stage" "$work/bin/$program"
done
export ASSAY_BIN=$work/bin ASSAY_SHARE=$source
cd "$work/shared"

# submit RUN MODE SCRIPT [SBATCH-OPTION...] -> job id
submit() {
  local run=$work/shared/$1 mode=$2 script=$3; shift 3
  mkdir -p "$run"; echo "$mode" >"$run/mode"
  sbatch --parsable --output="$run/%x-%j.log" "$@" "$source/slurm/$script.sbatch" "$run"
}

job=$(submit ok ok split-data);             wait_job "$job" COMPLETED
expect_line "$work/shared/ok/calls" "split-data .*ok --threads 1"
job=$(submit partial partial full-train-topk); wait_job "$job" COMPLETED
job=$(submit useless partial search-driver); wait_job "$job" FAILED
[[ $(job_field "$job" ExitCode) == 3:0 ]] || fail "exit code 3 without a result became $(job_field "$job" ExitCode)"
job=$(submit broken broken baseline-train); wait_job "$job" FAILED
[[ $(job_field "$job" ExitCode) == 64:0 ]] || fail "exit code 64 became $(job_field "$job" ExitCode)"

job=$(submit array ok search-driver --array=0-2 -c 2)
for task in 0 1 2; do wait_job "${job}_$task" COMPLETED; done
[[ $(grep -c 'search-driver .*--threads 2' "$work/shared/array/calls") == 3 ]] || fail "the array did not run three workers"

job=$(submit first broken split-data --hold)
next=$(submit second ok baseline-train --dependency=afterok:"$job" --kill-on-invalid-dep=yes)
scontrol release "$job"
wait_job "$job" FAILED
wait_job "$next" CANCELLED
[[ ! -e $work/shared/second/calls ]] || fail "a stage ran although the one before it had failed"

job=$(submit threads ok split-data -c 2); wait_job "$job" COMPLETED
job=$(sbatch --parsable -c 2 --output="$work/shared/threads/%j.log" "$source/slurm/split-data.sbatch" "$work/shared/threads" --threads 1)
wait_job "$job" COMPLETED
[[ $(tail -1 "$work/shared/threads/calls") == *"threads --threads 1 restart"* ]] || fail "--threads by hand: $(tail -1 "$work/shared/threads/calls")"

# One dead worker of an array: what waits for all to have ended starts, what waits for their success never does.
job=$(submit dead worker search-driver --array=0-2 --hold)
any=$(submit any ok full-train-topk --dependency=afterany:"$job" --kill-on-invalid-dep=yes)
every=$(submit every ok full-train-topk --dependency=afterok:"$job" --kill-on-invalid-dep=yes)
scontrol release "$job"
wait_job "$any" COMPLETED
wait_job "$every" CANCELLED
wait_job "${job}_1" FAILED

# An array that is requeued has not ended.
job=$(submit again slow search-driver --array=0-1)
wait_file "$work/shared/again/warned"
after=$(submit later ok full-train-topk --dependency=afterany:"$job")
for task in 0 1; do scancel --signal=USR2 --batch "${job}_$task" 2>/dev/null || true; done
wait_job "$after" COMPLETED
grep -q 'restart=1' "$work/shared/again/calls" || fail "the next stage started before a requeued worker had"

# --no-requeue by assay submit overrules the #SBATCH --requeue of the scripts.
job=$(submit norequeue ok split-data --no-requeue --hold)
[[ $(job_field "$job" Requeue) == 0 ]] || fail "--no-requeue has no effect"
scancel "$job"

job=$(submit slow slow search-driver)
wait_file "$work/shared/slow/warned"
after=$(submit after ok full-train-topk --dependency=afterok:"$job")
scancel --signal=USR2 --batch "$job"
wait_job "$job" COMPLETED
wait_job "$after" COMPLETED
expect_line "$work/shared/slow/calls" warned
expect_line "$work/shared/slow/calls" "search-driver .*restart=1"
expect_line "$work/shared/slow/search-driver-$job.log" "back into the queue (restart 1 of at most 10)"

mkdir -p "$work/shared/bounded/jobs"; echo 'ASSAY_MAX_REQUEUE=0' >"$work/shared/bounded/jobs/site.sh"
job=$(submit bounded slow search-driver)
wait_file "$work/shared/bounded/warned"
scancel --signal=USR2 --batch "$job"
wait_job "$job" FAILED
[[ $(job_field "$job" ExitCode) == 75:0 ]] || fail "exit code 75 became $(job_field "$job" ExitCode)"
echo "job scripts: ok"
