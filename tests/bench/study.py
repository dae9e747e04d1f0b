"""The figures of the study engine: turnaround, throughput, opening, file operations, beside Optuna's journal file.

Works with the benchmark program of the release build (bin/setup --tests) in a temporary folder; TMPDIR chooses the disk.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

from figures import Figure
from peers.environment import python_with

root = pathlib.Path(__file__).resolve().parents[2]
program = pathlib.Path(os.environ.get("ASSAY_BENCH_STUDY", root / "build/release/tests/bench_study"))
peer_script = root / "tests/bench/peers/optuna_journal.py"


def ask(*words, before=()):
    done = subprocess.run([*before, program, *map(str, words)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{program} {' '.join(map(str, words))}: exit code {done.returncode}\n{done.stderr[-2000:]}")
    return json.loads(done.stdout)


def sync_milliseconds(folder, rounds=50):
    """What the disk itself takes to make one small record durable: the bound of every figure that waits for it."""
    with open(folder / "sync", "ab") as file:
        start = time.monotonic()
        for _ in range(rounds):
            file.write(b"x" * 400)
            file.flush()
            os.fdatasync(file.fileno())
    return 1000 * (time.monotonic() - start) / rounds


def turnaround(work, sync):
    for trials, reach in ((1000, 5), (10000, 10), (100000, 20)):
        folder = work / f"made{trials}"
        ask("make", folder, trials, 10, 1)
        said = ask("turnaround", folder, 200)
        own = max(0.0, 1000 * said["wall"] - sync)
        yield Figure(f"result to next start at {trials:,} trials, own time", own, reach, "ms",
                     note=f"with one fdatasync {1000 * said['wall']:.2f} ms; CPU {1000 * said['cpu']:.2f} ms")


def opening(work):
    folder = work / "big"
    ask("make", folder, 100000, 10, 1)
    for name in ("unpacked", "packed"):
        if name == "packed":
            ask("pack", folder)
        said = min((ask("open", folder) for _ in range(3)), key=lambda one: one["seconds"])
        yield Figure(f"open 100,000 trials, {name}", said["seconds"], 1, "s")
        yield Figure(f"open 100,000 trials, {name}: memory", said["megabytes"], 500, "MB")
    yield Figure("refresh after 100 new records", 1000 * ask("refresh", folder)["seconds"], 5, "ms")


def throughput(work, sync, peer):
    for workers in (2, 4, 8):
        said = ask("work", work / f"workers{workers}", 1000, workers)
        rate = 1000 / said["seconds"]
        yield Figure(f"1,000 trivial trials, {workers} workers", rate, 1000, "1/s", True,
                     note=f"one fdatasync each: {1000 / sync:.0f}/s is what one worker could at best")
        yield Figure(f"1,000 trivial trials, {workers} workers: lost or twice", said["lost"] + said["surplus"] + said["failed_workers"], 0, "")
        if peer:
            theirs = peer("work", work / f"optuna{workers}.log", 1000, workers)["seconds"]
            yield Figure(f"the same against Optuna's journal, {workers} workers", theirs / said["seconds"], 4, "x", True,
                         note=f"Optuna {1000 / theirs:.0f}/s")


def peer_files(work, peer):
    theirs = work / "optuna.log"
    written = peer("write", theirs, 1000)["seconds"]
    ours = ask("turnaround", work / "made1000", 200)["wall"]
    yield Figure("write: Optuna's journal per trial against ours", written / 1000 / ours, 1, "x", True,
                 note=f"Optuna {written:.2f} ms a trial with 10 reports, ours {1000 * ours:.2f} ms")
    opened = peer("open", theirs, 1000)["seconds"]
    yield Figure("open: Optuna's journal per trial against ours", opened / 1000 / (ask("open", work / "made1000")["seconds"] / 1000), 1, "x", True)


METADATA = {"openat", "open", "link", "linkat", "rename", "renameat", "renameat2", "mkdir", "mkdirat", "unlink", "unlinkat", "rmdir"}
FILE_CALLS = "trace=openat,open,close,read,pread64,write,pwrite64,fsync,fdatasync,stat,lstat,newfstatat,statx,link,linkat,rename,mkdir,unlink,getdents64"


def file_operations(work):
    """Counted with strace over 400 trials, the start of the process taken off by a run of 200."""
    if not shutil.which("strace"):
        print("strace is missing: file operations are left out", file=sys.stderr)
        return
    counts = []
    for trials in (200, 400):
        folder, log = work / f"traced{trials}", work / f"strace{trials}"
        ask("make", folder, 10, 1, 0)
        ask("turnaround", folder, trials, before=("strace", "-f", "-o", log, "-e", FILE_CALLS))
        calls = changes = 0
        for line in log.read_text(errors="replace").splitlines():
            found = re.search(r"^\d+ +(\w+)\((.*)", line)
            if not found or str(folder) not in line and found[1] in METADATA | {"stat", "newfstatat", "statx"}:
                continue
            calls += 1
            name = found[1]
            changes += name in METADATA - {"openat", "open"} or (name in ("openat", "open") and "O_CREAT" in line)
        counts.append((calls, changes))
    calls, changes = ((counts[1][i] - counts[0][i]) / 200 for i in range(2))
    yield Figure("file system calls per in-process trial", calls, 20, "")
    yield Figure("metadata changes per in-process trial", changes, 3, "")


def simulation():
    assay = root / "bin/assay"
    if not assay.exists():
        print("bin/assay is not built: the simulation is left out", file=sys.stderr)
        return
    for algorithm, workers in (("random", "64,512,1000,4096"), ("evolution", "64,512")):
        command = [assay, "simulate", root / "configs/quickstart.toml", "--set", f"search.algorithm={algorithm}", "--workers", workers, "--json"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            print(f"simulation left out: {done.stderr.strip()}", file=sys.stderr)
            return
        for row in json.loads(done.stdout):
            count = row["workers"]
            how = "collector" if row["collector"] else "all logs"
            yield Figure(f"simulated {count:,} workers busy, {algorithm}, {how}", 100 * row["busy"],
                         98 if count <= 64 else 97 if count <= 512 else 95, "%", True,
                         note=f"{row['operations_per_trial']:.0f} file operations and {row['conflicts_per_trial']:.1f} lost claims a trial; "
                              f"busiest 10 s: {row['metadata_peak_per_second']:.0f} metadata operations/s")


def measure(options):
    if not program.exists():
        sys.exit(f"{program} is not built: run bin/setup --tests")
    with tempfile.TemporaryDirectory(prefix="assay-bench.") as temporary:
        work = options.keep.resolve() if options.keep else pathlib.Path(temporary)
        work.mkdir(parents=True, exist_ok=True)
        python = python_with("optuna==5.0.0")

        def peer(*words):
            done = subprocess.run([python, peer_script, *map(str, words)], capture_output=True, text=True, check=True)
            return json.loads(done.stdout.splitlines()[-1])

        sync = sync_milliseconds(work)
        yield Figure("this disk: one durable record", sync, sync, "ms", note="the bound")
        yield from turnaround(work, sync)
        yield from opening(work)
        yield from throughput(work, sync, peer if python else None)
        if python:
            yield from peer_files(work, peer)
        yield from file_operations(work)
        yield from simulation()
