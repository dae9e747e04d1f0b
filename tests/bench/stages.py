"""The figures of set-up, build and the whole pipeline on this machine.

Works on a clone of the committed state in a temporary folder with LibTorch from the cache, so that neither the checkout nor ccache's hits
are in the way. With --long also configs/fashion-mnist.toml; its data comes from ASSAY_DATA or the network.
"""

import glob
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from figures import Figure

root = pathlib.Path(__file__).resolve().parents[2]


def run(command, folder, **environment):
    """(seconds, peak gigabytes of any process below); the end of <folder>/bench.log is shown when the command fails."""
    log = folder / "bench.log"
    started = time.monotonic()
    with open(log, "a") as out:
        child = subprocess.Popen(command, cwd=folder, stdout=out, stderr=subprocess.STDOUT, env=os.environ | environment)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        tail = "".join(log.read_text(errors="replace").splitlines(keepends=True)[-15:])
        sys.exit(f"{' '.join(map(str, command))}: exit code {child.returncode}\n{tail}")
    return time.monotonic() - started, usage.ru_maxrss / 1048576


def seconds(command, folder, **environment):
    return run(command, folder, **environment)[0]


def figures_of(run_folder, stage):
    return json.loads((run_folder / stage / "done.json").read_text())["figures"]


def turnarounds(run_folder):
    """Seconds from the end of one search trial to the start of the same worker's next, from the logs."""
    gaps = []
    for name in glob.glob(str(run_folder / "search/study/log/*")):
        ended = None
        for line in open(name, errors="replace"):
            try:
                record = json.loads(line.split(" ", 2)[2])
            except (IndexError, ValueError):
                continue
            if record.get("is") == "end":
                ended = record["time"]
            elif record.get("is") == "start" and ended is not None:
                gaps.append(record["time"] - ended)
                ended = None
    return gaps


def pipeline(config, run_folder, clone):
    return run(["bin/assay", "run", str(run_folder), "--config", config], clone)


def best_finalist(run_folder):
    full = figures_of(run_folder, "full")
    return next(f for f in full["finalists"] if f["trial"] == full["winner"]), full


def quickstart(clone, work):
    folder = work / "quickstart"
    spent, memory = pipeline("configs/quickstart.toml", folder, clone)
    yield Figure("quickstart after set-up", spent, 180, "s")
    yield Figure("quickstart: peak memory of any process", memory, 1.5, "GB")
    search, proxy = figures_of(folder, "search"), figures_of(folder, "proxy")
    best, full = best_finalist(folder)
    yield Figure("quickstart: search trials done", search["counts"]["done"], 60, "", True)
    yield Figure("quickstart: reference networks", max(c["networks"] for c in proxy["candidates"]), 8, "", True)
    yield Figure("quickstart: finalists", sum(f["trial"] >= 0 for f in full["finalists"]), 3, "", True)
    yield Figure("quickstart: winner on the untouched test set", 100 * best["score"]["estimate"], 97, "%", True)
    gaps = turnarounds(folder)
    yield Figure("one finished trial to the next start, median", 1000 * statistics.median(gaps) if gaps else None, 50, "ms",
                 note=f"longest {1000 * max(gaps):.0f} ms" if gaps else "no gaps in the logs")


def fashion_mnist(clone, work):
    run(["datasets/fetch", "fashion-mnist"], clone)
    folder = work / "fashion-mnist"
    spent, memory = pipeline("configs/fashion-mnist.toml", folder, clone)
    yield Figure("fashion-mnist, whole pipeline", spent / 60, 40, "min")
    yield Figure("fashion-mnist: peak memory of any process", memory, 1.5, "GB")
    best, _ = best_finalist(folder)
    yield Figure("fashion-mnist: winner on the test set", 100 * best["score"]["estimate"], 90, "%", True,
                 note=f"{best['parameters']:,} parameters; the reach is ours")


def measure(options):
    with tempfile.TemporaryDirectory(prefix="assay-bench.") as temporary:
        work = options.keep.resolve() if options.keep else pathlib.Path(temporary)
        work.mkdir(parents=True, exist_ok=True)
        clone = work / "clone"
        if not clone.exists():
            run(["git", "clone", "-q", str(root), str(clone)], work)
        cold = {"CCACHE_DISABLE": "1"}
        yield Figure("bin/setup on a bare machine, 2 cores", None, 12, "min", note="needs a bare machine: tests/bench/README.md")
        yield Figure("full build (configuration, programs), no ccache", seconds(["bin/setup"], clone, **cold) / 60, 6, "min")
        tests = seconds(["cmake", "--build", "--preset", "release"], clone, **cold) / 60
        yield Figure("the tests' build besides, no ccache", tests, 6, "min", note="the reach is ours")
        yield Figure("bin/setup again, nothing missing", seconds(["bin/setup"], clone), 5, "s")
        (clone / "src/train/loop.cpp").touch()
        yield Figure("rebuild after touching src/train/loop.cpp", seconds(["bin/setup"], clone, **cold), 40, "s")
        yield from quickstart(clone, work)
        if options.long:
            yield from fashion_mnist(clone, work)
