#!/usr/bin/env bash
# pipeline.sh SOURCE BIN WORK: the whole digits pipeline through a real Slurm of three nodes: submitted once, all stages by
# dependency, report made; submitted again it does nothing; one stage is made again by hand.
set -euo pipefail
source=$1 bin=$2 work=$3
here=$(dirname "$(realpath "$0")")
# shellcheck source=tests/slurm/testbed.sh
. "$here/testbed.sh"
for program in assay split-data baseline-train proxy-select search-driver full-train-topk analyze; do
  [[ -x $bin/$program ]] || skip "$bin/$program is not built"
done
start_cluster "$work" --nodes 3 --cpus 2 --gpus 0

run=$work/shared/digits
export ASSAY_BIN=$bin ASSAY_SITE=$work/site.toml
printf 'cpus = 1\n[time]\nsearch = "00:30:00"\n' >"$ASSAY_SITE"
mkdir -p "$work/elsewhere"
cd "$source"                                   # data paths of the shipped configuration start here
tiny=(--set training.epochs=2 --set proxy.reference=3 --set "proxy.candidate=[{ epochs = 1 }]" --set proxy.agreement=0
      --set search.max_trials=6 --set search.parallel=2 --set full.top_k=1 --set full.seeds=1 --set full.baseline=false
      --set baseline.batch_sweep=false)

"$bin/assay" submit configs/quickstart.toml --run "$run" "${tiny[@]}" --dry-run >"$work/dry-run"
[[ $(grep -c '^sbatch ' "$work/dry-run") == 6 ]] || fail "the dry run shows $(grep -c '^sbatch ' "$work/dry-run") commands"
[[ -z $(squeue -h) ]] || fail "the dry run submitted jobs"

[[ ! -e $run ]] || fail "the dry run founded the run"

# A run that is cancelled leaves the queue, and the next submit resumes it.
cancelled=$work/shared/cancelled
"$bin/assay" submit configs/quickstart.toml --run "$cancelled" "${tiny[@]}" >"$work/cancelled.submitted"
"$bin/assay" cancel "$cancelled" | tee "$work/cancelled"
expect_line "$work/cancelled" "search: cancelled job [0-9]* (2 workers)"
[[ -z $(squeue -h) ]] || fail "assay cancel left jobs in the queue: $(squeue -h)"
"$bin/assay" submit "$cancelled" >"$work/cancelled.resumed"
grep -q 'search *job [0-9]' "$work/cancelled.resumed" || fail "a cancelled run was not submitted again"
"$bin/assay" cancel "$cancelled" search full report | tee "$work/cancelled"
expect_line "$work/cancelled" "report: cancelled job"
"$bin/assay" cancel "$cancelled" >"$work/cancelled"
[[ -z $(squeue -h) ]] || fail "assay cancel left jobs in the queue: $(squeue -h)"

"$bin/assay" submit configs/quickstart.toml --run "$run" "${tiny[@]}" | tee "$work/submitted"
[[ $(grep -c ' job [0-9]' "$work/submitted") == 6 ]] || fail "not all six stages were submitted"
cd "$work/elsewhere"
"$bin/assay" submit "$run" | tee "$work/queued"
if grep -qE '^[a-z]+ +job ' "$work/queued"; then fail "submitted the same work twice"; fi

"$bin/assay" site >"$work/site.proposed"
expect_line "$work/site.proposed" "partition batch (default): 3 nodes"
"$bin/assay" scale "$run" search=3 | tee "$work/scaled"
expect_line "$work/scaled" "adds 1"

end=$((SECONDS + ${ASSAY_TEST_SECONDS:-600}))
while [[ -n $(squeue -h) ]]; do
  ((SECONDS < end)) || { squeue; "$bin/assay" status "$run"; fail "the pipeline did not end"; }
  sleep 1
done
"$bin/assay" status "$run"
for stage in split baseline proxy search full report; do
  [[ -s $run/$stage/done.json ]] || { tail -n 20 "$run"/jobs/logs/*; fail "$stage is not done"; }
done
compgen -G "$run/report/*.html" >/dev/null || fail "there is no report"
trials=$("$bin/assay" trials "$run" --csv | tail -n +2 | wc -l)
[[ $trials == 6 ]] || fail "the search has $trials trials, 6 were asked for"

"$bin/assay" submit "$run" | tee "$work/again"
if grep -q ' job ' "$work/again"; then fail "a finished run was submitted again"; fi
[[ -z $(squeue -h) ]] || fail "a finished run left jobs in the queue"

cd "$source"
export ASSAY_SHARE=$source
job=$(sbatch --parsable --output="$run/jobs/logs/%x-%j.log" slurm/analyze.sbatch "$run" --force)
wait_job "$job" COMPLETED
[[ -s $run/report/done.json && -d $run/report.1 ]] || fail "the report was not made again by hand"
echo "pipeline: ok"
