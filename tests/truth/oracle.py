"""What is true of the trials of a stage, derived from the raw files of a run folder alone.

Written from DESIGN, "One truth about a trial", and from the description of the files in src/study/README.md: it shares no
code and no reading with the programs that it is compared with. Standard library only.

    truth = Truth(run_folder, "search")
    truth.best, truth.front, truth.counts, truth.trials[7].params ...

By hand: oracle.py RUN [STAGE] prints it all as JSON.
"""

import collections
import functools
import gzip
import json
import math
import pathlib
import sys
import tomllib
import zlib

NAN = math.nan


# ---- the files of a study ----------------------------------------------------------------------------------------------


def frames(data):
    """The JSON records of a log: lines `<bytes> <crc32> <json>`. What is torn or damaged is passed over."""
    for line in data.split(b"\n")[:-1]:  # behind the last line break nothing is whole
        size, _, rest = line.partition(b" ")
        crc, _, body = rest.partition(b" ")
        try:
            whole = len(body) == int(size) and zlib.crc32(body) == int(crc, 16) and len(crc) == 8
        except ValueError:
            whole = False
        if whole:
            yield json.loads(body)


def logs_of(study):
    """Name -> bytes of all logs, those that were packed into the archive included."""
    logs = {}
    for path in sorted((study / "log").glob("*")):  # before the archive: a log is unlinked once its piece is there
        try:
            logs[path.name] = path.read_bytes()
        except FileNotFoundError:
            pass
    for piece in sorted((study / "archive").glob("*.gz")):
        head, _, body = gzip.decompress(piece.read_bytes()).partition(b"\n")
        for entry in json.loads(head)["logs"]:
            logs[entry["name"]], body = body[: entry["bytes"]], body[entry["bytes"] :]
    return logs


def closings_of(study):
    """Generation -> members of its closing, and the highest generation that was opened."""
    closed, opened = {}, 1
    for path in study.glob("*"):
        kind, _, generation = path.name.partition(".")
        if generation and not generation.isdigit():
            continue
        number = int(generation or 1)
        if kind == "closed":
            runs = json.loads(path.read_text())["members"]
            closed[number] = {(n, rung) for first, last, rung in runs for n in range(first, last + 1)}
        elif kind == "reopened":
            opened = max(opened, number)
    return closed, opened


def claims_of(study):
    """Items that were claimed, and committed item -> worker whose result counts."""
    claimed, commits = set(), {}
    for path in study.glob("claims/*/*"):
        parts = [int(part) for part in path.name.split(".") if part.isdigit()]
        if len(parts) != path.name.count(".") + 1 or len(parts) not in (2, 3):
            continue
        item = tuple(parts[:2])
        claimed.add(item)
        if len(parts) == 2:
            commits[item] = path.read_text().strip()
    return claimed, commits


# ---- what was recorded -------------------------------------------------------------------------------------------------


class Rung:
    """One item: what was measured with what, as the winning worker recorded it."""

    def __init__(self, item, state, start=None, end=None):
        self.trial, self.rung = item
        self.state = state  # open, done, stopped, failed, infeasible, void
        what = (start or {}).get("what", {})
        outcome = (end or {}).get("outcome", {})
        self.params = what.get("params")
        self.tags, self.note = what.get("tags", {}), what.get("note", "")
        self.fidelity = dict({"epochs": 1, "data": 1, "width": 1, "resolution": 1}, **(start or {}).get("at", {}))
        self.raw = {name: NAN if value is None else value for name, value in outcome.get("metrics", {}).items()}
        self.attempt = (end or {}).get("attempt", 0)
        self.worked = (end or {}).get("worked", 0) or self.attempt
        self.failure, self.reason = outcome.get("failure", ""), outcome.get("reason", "")
        self.level = None  # place among the study's fidelities
        self.metrics = {}  # raw and derived


class Trial:
    def __init__(self, number, rungs):
        self.number, self.rungs = number, rungs
        last = rungs[-1]
        self.state = "running" if any(each.state == "open" for each in rungs) else last.state
        self.first = rungs[0].params
        done = [each for each in rungs if each.state == "done"]
        finished = [each for each in rungs if each.state in ("stopped", "failed", "infeasible")]
        # The highest finished rung; of a trial without one what it ended with, so that its figures stay visible.
        self.shown = done[-1] if done else finished[-1] if finished else last
        self.params, self.metrics = self.shown.params, self.shown.metrics
        self.tags = rungs[0].tags
        self.imported = self.tags.get("origin") == "import"
        self.reused = any("same_as" in each.tags for each in rungs)
        self.comparable = self.feasible = False
        self.violation = self.penalty = self.value = None


class Judge:
    """Objectives, limits and rewards of a configuration (run.toml, as parsed)."""

    def __init__(self, config, order=None):
        named = config.get("objectives", {})
        self.objectives = [(name, named.get(name, {})) for name in order or named]
        self.limits = [each for each in config.get("constraint", []) if "metric" in each]
        self.factors = config.get("reward", [])
        self.derived = {name: entry for name, entry in named.items() if "of" in entry}
        self.main = next((name for name, _ in self.objectives if name in self.derived), self.objectives[0][0])

    def sign(self, name):
        return 1 if dict(self.objectives)[name]["goal"] == "max" else -1

    def derive(self, raw):
        """The raw metrics and the derived ones; one that cannot be made is missing."""
        metrics = {name: value for name, value in raw.items() if name not in self.derived}
        for name, entry in self.derived.items():
            product = metrics.get(entry["of"], NAN)
            if not product >= 0:
                continue
            for factor in self.factors:
                measured = metrics.get(factor["metric"], NAN)
                if not measured > 0:
                    product = NAN
                    break
                hard = factor.get("kind", "hard") == "hard"
                ratio = (factor["target"] / measured) ** factor.get("exponent", 1 if hard else 0.07)
                ratio = min(1, ratio) if hard else ratio
                product = product * ratio if entry["goal"] == "max" else product / ratio
            if math.isfinite(product):
                metrics[name] = product
        return metrics

    @staticmethod
    def excess(limit, metrics):
        """By how much of the bound a limit is missed; 0 where it holds, infinite where nothing was measured."""
        measured, sum_ = metrics.get(limit["metric"], NAN), 0
        if math.isnan(measured):
            return math.inf
        for key, sign in (("at_most", 1), ("at_least", -1)):
            if key in limit:
                over = sign * (measured - limit[key])
                sum_ += max(0, over) / (abs(limit[key]) or 1)
        return sum_

    def violation(self, metrics):
        return sum(self.excess(limit, metrics) for limit in self.limits if "weight" not in limit)

    def penalty(self, metrics):
        return sum(each["weight"] * self.excess(each, metrics) for each in self.limits if "weight" in each)

    def judge(self, trial):
        metrics = trial.metrics
        trial.violation, trial.penalty = self.violation(metrics), self.penalty(metrics)
        trial.feasible = trial.shown.state == "done" and trial.violation == 0
        whole = all(math.isfinite(metrics.get(name, NAN)) for name, _ in self.objectives)
        if trial.shown.state == "done" and whole and math.isfinite(trial.penalty):
            trial.value = self.sign(self.main) * metrics[self.main] - trial.penalty  # the greater the better

    def vector(self, trial):
        return [self.sign(name) * trial.metrics[name] for name, _ in self.objectives]


def dominates(a, b):
    return all(x >= y for x, y in zip(a, b)) and a != b


# ---- the truth ---------------------------------------------------------------------------------------------------------


class Truth:
    """Of one stage of a run, in its current configuration."""

    def __init__(self, run, stage="search"):
        self.run, self.study = pathlib.Path(run), pathlib.Path(run) / stage / "study"
        self.config = tomllib.loads((self.run / "run.toml").read_text())
        founding = json.loads((self.study / "study.json").read_text())
        self.fidelities = founding["fidelities"]
        order = [each["metric"] for each in founding.get("objectives", [])]
        self.judge = Judge(self.config, order)
        self.trials = {}
        self.voided = self.claimed = 0
        self._read()
        self._judge()

    def _read(self):
        claimed, commits = claims_of(self.study)  # before the logs: what is committed was recorded before
        closed, opened = closings_of(self.study)
        starts, ends = {}, collections.defaultdict(list)
        for name, data in logs_of(self.study).items():
            worker = name.rpartition(".")[0]
            for record in frames(data):
                if record["is"] == "start":
                    starts[(*record["item"], record["attempt"])] = record
                elif record["is"] == "end":
                    ends[(*record["item"], worker)].append(record)
        self.closed = bool(closed) and max(closed) >= opened
        items = closed[max(closed)] if self.closed else claimed
        by_trial = collections.defaultdict(list)
        for item in sorted(items):
            by_trial[item[0]].append(self._rung(item, commits, starts, ends))
        self.claimed = len(by_trial)
        for number, rungs in by_trial.items():
            if rungs[0].state == "void":
                self.voided += 1
                continue
            self.trials[number] = Trial(number, [each for each in rungs if each.state != "void"])

    @staticmethod
    def _rung(item, commits, starts, ends):
        attempts = [key[2] for key in starts if key[:2] == item]
        if item not in commits:
            return Rung(item, "open", starts[(*item, max(attempts))] if attempts else None)
        counting = [
            each
            for each in ends[(*item, commits[item])]
            if not each["outcome"].get("again") and each["outcome"].get("failure") != "infrastructure"
        ]
        if not counting:
            raise AssertionError(f"item {item} is committed for worker {commits[item]}, who recorded no end of it")
        end = max(counting, key=lambda each: each["attempt"])
        worked = end.get("worked", 0) or end["attempt"]
        # Whoever tells an end by hand may not have begun an attempt of his own.
        begun = [attempt for attempt in attempts if attempt <= worked] or attempts
        start = starts.get((*item, worked)) or (starts[(*item, max(begun))] if begun else None)
        return Rung(item, end["outcome"]["state"], start, end)

    def _judge(self):
        for trial in self.trials.values():
            for rung in trial.rungs:
                rung.metrics = self.judge.derive(rung.raw)
                rung.level = self._level(rung)
            trial.metrics = trial.shown.metrics
            self.judge.judge(trial)
        valued = [each for each in self.trials.values() if each.value is not None]
        levels = [each.shown.level for each in valued if each.shown.level is not None]
        self.top = max(levels, default=None)
        for trial in valued:
            trial.comparable = trial.shown.level is not None and trial.shown.level == self.top
        self.comparable = [each for each in valued if each.comparable]
        self.ranked = sorted((t for t in self.comparable if t.feasible), key=lambda t: (-t.value, t.number))
        self.best = self.ranked[0] if self.ranked else None
        vectors = {each.number: self.judge.vector(each) for each in self.ranked}
        self.front = [n for n in sorted(vectors) if not any(dominates(v, vectors[n]) for v in vectors.values())]
        if len(self.judge.objectives) == 1:  # equally good trials are no front, and soft penalties choose among them
            self.front = [self.best.number] if self.best else []
        self.least = min(self.comparable, key=lambda t: (t.violation, -t.value, t.number), default=None)

    def _level(self, rung):
        for place, fidelity in enumerate(self.fidelities):
            if all(rung.fidelity.get(key, fidelity[key]) == fidelity[key] for key in fidelity):
                return place
        return None  # measured elsewhere at something else: not to be compared with what is measured here

    @functools.cached_property
    def counts(self):
        states = collections.Counter(each.state for each in self.trials.values())
        names = ("done", "stopped", "failed", "infeasible", "running")
        return {**{name: states[name] for name in names}, "voided": self.voided}

    def wrong_finalists(self, numbers, count):
        """Why these trials cannot be the finalists; nothing if they can.

        One objective: the best by value, exactly. Several: the best is among them, and none that was left out dominates
        one of them. Equal points are one; those that are not comparable only fill up.
        """
        known = {}
        for each in self.ranked:
            if not any(each.params == other.params for other in known.values()):
                known[each.number] = each
        inside = [known[n] for n in numbers if n in known]
        for n in numbers:
            if n not in self.trials or not self.trials[n].feasible:
                return f"trial {n} is not feasible"
        if len(inside) != min(count, len(known)):
            return f"{len(inside)} of them are comparable and differ; {min(count, len(known))} can be"
        if not known:
            return None
        if len(self.judge.objectives) == 1:
            wanted = list(known)[:count]
            got = [each.number for each in inside]
            return None if got == wanted else f"by value they are {wanted}"
        if self.best not in inside:
            return f"the best, trial {self.best.number}, is not among them"
        for left in set(known) - set(numbers):
            for each in inside:
                if each is not self.best and dominates(self.judge.vector(known[left]), self.judge.vector(each)):
                    return f"trial {left}, which is left out, dominates trial {each.number}"
        return None


class FullTruth:
    """The finalists of `full`: their trainings by finalist and seed, and the winner."""

    def __init__(self, run):
        self.truth = Truth(run, "full")
        judge = self.truth.judge
        self.finalists = {}  # -1: the baseline
        for trial in self.truth.trials.values():
            tag = trial.tags.get("finalist")
            number = -1 if tag == "baseline" else int(tag)
            self.finalists.setdefault(number, []).append(trial)
        values = {}
        for number, trainings in self.finalists.items():
            good = [each for each in trainings if each.value is not None and each.feasible]
            if good and len(good) == len([each for each in trainings if each.shown.state == "done"]):
                values[number] = sum(each.value for each in good) / len(good)
        self.values, self.sign = values, judge.sign(judge.main)
        self.winner = max(values, key=lambda n: values[n]) if values else None

    def scores(self, number):
        main = self.truth.judge.main
        return [each.metrics.get(main, NAN) for each in self.finalists[number] if each.shown.state == "done"]


def as_json(truth):
    return {
        "counts": truth.counts,
        "top": truth.top,
        "best": truth.best and truth.best.number,
        "front": truth.front,
        "least_violation": truth.least and truth.least.number,
        "trials": [
            {
                "trial": each.number,
                "state": each.state,
                "rung": each.shown.rung,
                "epochs": each.shown.fidelity["epochs"],
                "params": each.params,
                "metrics": each.metrics,
                "comparable": each.comparable,
                "feasible": each.feasible,
                "violation": each.violation,
                "penalty": each.penalty,
                "value": each.value,
            }
            for each in truth.trials.values()
        ],
    }


if __name__ == "__main__":
    json.dump(as_json(Truth(*sys.argv[1:])), sys.stdout, indent=1)
