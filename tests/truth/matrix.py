#!/usr/bin/env python3
"""The matrix test: a small run per cell, and every surface of it against the oracle.

    matrix.py [--bin FOLDER] [--keep FOLDER] [--only TEXT] table|others|impossible|killed

Where a surface disagrees: one line each (cell, surface, what, expected, got), the run folder is kept, exit code 1.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import cells
import oracle
import surfaces
import world


class Failed(Exception):
    """A program ended otherwise than it should."""


# What must occur among the trials, or the comparison says little.
WANTED = {"done", "stopped", "failed", "infeasible", "imported", "breaks a limit", "not at the top",
          "measured with other parameters", "equal values"}  # fmt: skip
KINDS = set()  # what occurred


def kinds_of(truth):
    for each in truth.trials.values():
        yield each.state
        kinds = {
            "imported": each.imported,
            "reused": each.reused,
            "breaks a limit": each.shown.state == "done" and each.violation > 0,
            "not at the top": each.value is not None and not each.comparable,
            "measured with other parameters": each.params != each.first,
        }
        yield from (name for name, holds in kinds.items() if holds)
    values = [each.value for each in truth.ranked]
    if values and values.count(values[0]) > 1:
        yield "equal values"


class Driver:
    """Makes the run of one cell with the programs of `bin`."""

    def __init__(self, bin_folder, cell, folder):
        self.bin, self.cell, self.folder = bin_folder, cell, folder
        self.run = folder / "run"
        self.config = folder / "run.toml"

    def call(self, program, *words, codes=(0,)):
        # One thread each: the machine's cores are busy with other cells.
        command = [str(self.bin / program), *map(str, words)]
        ran = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if ran.returncode not in codes:
            said = "\n    ".join((ran.stderr or ran.stdout).strip().splitlines()[-4:])
            raise Failed(f"{' '.join(command)}: ends with {ran.returncode}\n    {said}")
        return ran

    def before_search(self):
        cells.write_files(self.cell, self.folder)
        if self.cell.evaluator == "ask":
            return
        for stage in ("split-data", "baseline-train", "proxy-select"):
            self.call(stage, self.run, "--config", self.config, "--threads", 1)

    def hand_in(self):
        """Results from elsewhere and points by hand, before a worker comes."""
        config = ["--config", self.config] if self.cell.evaluator == "ask" else []
        self.call("assay", "import", self.run, "import.json", *config)
        self.call("assay", "add", self.run, "points.json")

    def search(self):
        if self.cell.evaluator == "ask":
            return self.by_hand()
        command = [self.bin / "search-driver", self.run, "--threads", "1", "-q"]
        others = [
            subprocess.Popen(command, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for _ in range(self.cell.workers - 1)
        ]
        self.call("search-driver", self.run, "--threads", 1, codes=(0, 3))
        for each in others:
            each.wait()
        return None

    def by_hand(self):
        """Asks, measures and tells until the search has no further trial."""
        while True:
            asked = self.call("assay", "ask", self.run, "--json", codes=(0, 3))
            if asked.returncode == 3:
                break
            work = json.loads(asked.stdout)
            number = work["trial"]
            values = {name: value for part in work["params"].values() for name, value in part.items()}
            point = values["depth"], values["width"], values["lr"]
            if world.broken(*point):
                self.call("assay", "tell", self.run, number, "--failed", "the loss is gone")
                continue
            metrics = world.measure(*point, work["fidelity"]["epochs"])
            words = [f"{name}={value}" for name, value in metrics.items()]
            stopped = ["--stopped"] if world.missing(*point) else []
            self.call("assay", "tell", self.run, number, *words, *stopped)

    def commands(self, only=""):
        """The stages in order, or just one; by hand the stages are `assay ask` alone."""
        if only:
            if self.cell.evaluator == "ask":
                return [("assay", ["ask", self.run, "--config", self.config]), (only, [self.run])]
            return [(only, [self.run, "--config", self.config])]
        if self.cell.evaluator == "ask":
            return [("assay", ["ask", self.run, "--config", self.config, "--json"])]
        stages = ("split-data", "baseline-train", "proxy-select", "search-driver")
        return [(stage, [self.run, "--config", self.config, "--threads", 1]) for stage in stages]

    def wait_for(self, ended, seconds=60):
        """Until so many trials have ended and one more is at work."""
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up:
            if (self.run / "search/study/study.json").exists():
                try:
                    counts = oracle.Truth(self.run).counts
                except AssertionError:
                    continue  # a commit was seen before its record
                if sum(counts.values()) - counts["running"] >= ended and counts["running"]:
                    return
            time.sleep(0.02)
        raise Failed(f"{ended} trials did not end within {seconds} s")

    def full(self):
        if self.cell.evaluator in ("table", "ask"):
            return None
        self.call("full-train-topk", self.run, "--threads", 1, codes=(0, 3))
        return oracle.FullTruth(self.run) if (self.run / "full/study").exists() else None

    def finish(self):
        full = self.full()
        self.call("analyze", self.run)
        truth = oracle.Truth(self.run)
        KINDS.update(kinds_of(truth))
        return surfaces.Surfaces(self.bin, self.run, truth, full).all()

    def more(self):
        """Ends the search a second time, with further trials: looked at while nobody works, and at the end."""
        most = cells.search_keys(self.cell)["max_trials"] + 5
        said = self.call("assay", "set", self.run, f"search.max_trials={most}").stdout
        if "open again, generation 2" not in said:
            return [f"{self.cell.name}: set does not say that the search is open again: {said}"]
        open_again = surfaces.Surfaces(self.bin, self.run, oracle.Truth(self.run)).of_running()
        self.search()
        return [f"{self.cell.name}, reopened, while nobody works: {each}" for each in open_again] + [
            f"{self.cell.name}, reopened: {each}" for each in self.finish()
        ]


def in_parallel(work, items):
    """Two at a time; yields (item, what went wrong) as they end."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        futures = {pool.submit(work, item): item for item in items}
        for future in concurrent.futures.as_completed(futures):
            try:
                wrong = future.result()
            except (Failed, AssertionError, KeyError, OSError, ValueError) as error:
                wrong = [f"{type(error).__name__}: {error}"]
            yield futures[future], wrong


def run_table(bin_folder, root, only):
    """All cells. The stages before the search are made once for those that differ in the search alone."""
    chosen = [each for each in cells.table_cells() if only in each.name]
    bases = {}
    for cell in chosen:
        bases.setdefault(cell.base, []).append(cell)

    def family(base):
        wrong = []
        members = bases[base]
        first = Driver(bin_folder, members[0], root / members[0].name)
        first.before_search()
        drivers = [first]
        for cell in members[1:]:
            driver = Driver(bin_folder, cell, root / cell.name)
            shutil.copytree(first.folder, driver.folder)
            cells.write_files(cell, driver.folder)
            keys = [f"search.{key}={value}" for key, value in cells.search_keys(cell).items()]
            driver.call("assay", "set", driver.run, *keys)
            drivers.append(driver)
        for driver in drivers:
            driver.hand_in()
            driver.search()
            wrong += [f"{driver.cell.name}: {each}" for each in driver.finish()]
        return wrong

    return in_parallel(family, bases)


def run_others(bin_folder, root, only):
    """One search by each evaluator takes more trials after its end."""
    taking_more = {each.evaluator: each for each in cells.other_cells()}.values()

    def one(cell):
        driver = Driver(bin_folder, cell, root / cell.name)
        driver.before_search()
        driver.hand_in()
        driver.search()
        wrong = [f"{cell.name}: {each}" for each in driver.finish()]
        return wrong + (driver.more() if cell in taking_more else [])

    return in_parallel(one, [each for each in cells.other_cells() if only in each.name])


def run_impossible(bin_folder, root, only):
    """Cells that cannot exist: the error they must give."""

    def one(cell):
        driver = Driver(bin_folder, cell.cell, root / re.sub(r"\W+", "-", cell.name))
        cells.write_files(cell.cell, driver.folder)
        text = driver.config.read_text()
        for old, new in cell.edits:
            if old not in text:
                raise Failed(f"the configuration does not hold {old!r}")
            text = text.replace(old, new)
        driver.config.write_text(text)
        for program, words in driver.commands(cell.program):
            ran = driver.call(program, *words, codes=range(256))
            if ran.returncode == 0 and "--json" in words:  # asked for: told without what is named
                told = ["accuracy=0.5", "parameters=5000", "latency_ms=1"]
                program, words = "assay", ["tell", driver.run, json.loads(ran.stdout)["trial"], *told]
                ran = driver.call(program, *words, codes=range(256))
            if ran.returncode:
                break
        said = " ".join((ran.stdout + ran.stderr).split())
        if ran.returncode not in cell.codes or cell.says not in said or cell.program not in ("", program):
            wanted = f"one of {cell.codes} and a message with \"{cell.says}\""
            return [f"{cell.name}: expected {wanted}, got {ran.returncode} from {program}: {said[-300:]}"]
        return []

    return in_parallel(one, [each for each in cells.impossible_cells() if only in each.name])


def run_killed(bin_folder, root, only):
    """Two workers; one is killed, then the other; looked at in between; two others end the search, also after it was opened again."""

    def one(cell):
        driver = Driver(bin_folder, cell, root / f"killed-{cell.name}")
        driver.before_search()
        driver.call("assay", "set", driver.run, "trial.table.wait=0.02")
        driver.hand_in()
        command = [driver.bin / "search-driver", driver.run, "--threads", "1", "-q"]
        workers = [
            subprocess.Popen(command, cwd=driver.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for _ in range(2)
        ]
        for worker, ended in zip(workers, (5, 8)):
            driver.wait_for(ended)
            worker.kill()
            worker.wait()
        wrong = surfaces.Surfaces(driver.bin, driver.run, oracle.Truth(driver.run)).of_running()
        wrong = [f"killed {cell.name}, while nobody works: {each}" for each in wrong]
        driver.call("assay", "set", driver.run, "trial.table.wait=0")
        driver.search()
        return wrong + [f"killed {cell.name}: {each}" for each in driver.finish()] + driver.more()

    chosen = [cells.Cell("two", "hard", fidelity, "table", cells.TASKS[0], 2) for fidelity in cells.FIDELITY]
    return in_parallel(one, [each for each in chosen if only in each.name])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=["table", "others", "impossible", "killed"])
    parser.add_argument("--bin", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parents[2] / "bin")
    parser.add_argument("--keep", type=pathlib.Path, help="folder for the runs, which stay")
    parser.add_argument("--only", default="", help="cells whose name holds this")
    options = parser.parse_args()
    root = options.keep or pathlib.Path(tempfile.mkdtemp(prefix="assay-truth-"))
    root.mkdir(parents=True, exist_ok=True)
    os.environ["OMP_NUM_THREADS"] = "1"
    begun, count, bad = time.monotonic(), 0, 0
    parts = {"table": run_table, "others": run_others, "impossible": run_impossible, "killed": run_killed}
    run = parts[options.part]
    for _, wrong in run(options.bin.resolve(), root.resolve(), options.only):
        count += 1
        bad += bool(wrong)
        for each in wrong:
            print(each, flush=True)
    for kind in sorted(WANTED - KINDS if options.part in ("table", "others") and not options.only else []):
        bad += 1
        print(f"no trial of all these runs is of the kind: {kind}")
    print(f"{options.part}: {count} groups of cells, {bad} with disagreements, {time.monotonic() - begun:.0f} s")
    if bad:
        print(f"the runs are kept in {root}")
    elif not options.keep:
        shutil.rmtree(root)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
