"""The figures of the search algorithms: time of a suggestion, regret on closed-form problems and tables, beside Optuna's samplers.

Works with bench_search of the release build (bin/setup --tests). Tables need ASSAY_DATA. What a peer found is kept below its virtual
environment, keyed by problem, sampler, trials and seeds (its version is the environment's), since it is slow and always the same.
"""

import concurrent.futures
import json
import os
import pathlib
import statistics
import subprocess
import sys

from figures import Figure
from peers.environment import python_with

root = pathlib.Path(__file__).resolve().parents[2]
program = pathlib.Path(os.environ.get("ASSAY_BENCH_SEARCH", root / "build/release/tests/bench_search"))
peer_script = root / "tests/bench/peers/optuna_search.py"
one_thread = os.environ | {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}

SINGLE = {"hartmann6": [100], "ackley4s": [100], "rosenbrock4": [100], "branin": [100]}
SEVERAL = {"branin_currin": [100, 200], "zdt1": [100, 200], "zdt2": [100, 200], "dtlz2s": [100, 200]}
SEEDS, TABLE_SEEDS = 20, 100


class Failed(Exception):
    pass


def said_by(command, text=None):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, input=text, env=one_thread)
    if done.returncode:
        raise Failed(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{done.stderr[-500:]}")
    return json.loads(done.stdout)


def ask(*words, text=None):
    return said_by([program, *words], text)


class Peer:
    """Optuna in its own environment; every answer of `curves` is kept."""

    def __init__(self, python):
        self.python = python
        self.kept = python.parent.parent / "found"
        self.kept.mkdir(exist_ok=True)

    def curves(self, problem, sampler, trials, seeds):
        file = self.kept / f"{problem}-{sampler}-{trials}-{seeds}.json"
        if not file.exists():
            found = said_by([self.python, peer_script, "curves", program, problem, sampler, trials, seeds])
            file.with_suffix(".tmp").write_text(json.dumps(found))
            file.with_suffix(".tmp").rename(file)
        return json.loads(file.read_text())["curves"]

    def suggest(self, problem, sampler, trials, *late):
        return said_by([self.python, peer_script, "suggest", program, problem, sampler, trials, *late])


def our_curves(problem, algorithm, trials, seeds, *settings):
    return ask("curves", problem, algorithm, trials, seeds, 1, *settings)["curves"]


def at(curves, trials):
    """Regrets after so many trials; a search that ended before had nothing left to try."""
    return [curve["regret"][min(trials, len(curve["regret"])) - 1] for curve in curves]


def after(curves, epochs):
    """Regrets of the full trainings that ended within so many epochs; infinite where none did."""
    found = []
    for curve in curves:
        ended = [regret for regret, spent in zip(curve["regret"], curve["epochs"]) if spent <= epochs]
        found.append(ended[-1] if ended else float("inf"))
    return found


def all_at_once(calls):
    """Results of independent calls by key, as many at a time as there are cores."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        running = {key: pool.submit(call) for key, call in calls.items()}
        return {key: future.result() for key, future in running.items()}


def suggestions(known, peer):
    """One by one: nothing else may run while a time is taken."""
    for algorithm, problem, trials, reach in (
            ("tpe", "hartmann6", 1000, 1), ("tpe", "dtlz2", 1000, 2.5), ("evolution", "hartmann6", 1000, 0.2),
            ("nsga2", "dtlz2", 1000, 1), ("asha", "hartmann6", 1000, 0.5), ("tpe", "ackley20", 10000, 30)):
        what = f"suggestion, {algorithm}, {problem}, {trials:,} trials"
        if algorithm not in known:
            yield Figure(what, None, reach, "ms", note="no such algorithm in this build")
            continue
        timed = {late: ask("suggest", problem, algorithm, trials, *late) for late in ((), ("late",))}
        slower = max(timed.values(), key=lambda one: one["next"])
        note = f"the first of a worker {1000 * slower['first']:.2f} ms" if "first" in slower else ""
        if peer and algorithm == "tpe" and trials <= 1000:
            theirs = max((peer.suggest(problem, "tpe", trials, *late) for late in timed), key=lambda one: one["next"])
            note += f"; Optuna {1000 * theirs['next']:.1f} ms, its first {1000 * theirs['first']:.1f} ms"
        yield Figure(what, 1000 * slower["next"], reach, "ms", note=note)


def beside(ours, theirs):
    margin = 0.05 * abs(statistics.median(theirs))
    return ask("compare", text=json.dumps({"ours": ours, "theirs": theirs, "margin": margin}))


def closed_form(known, peer):
    """Not worse than Optuna: no test says, at 5 %, that regrets are larger by more than 5 % of Optuna's median."""
    problems = SINGLE | SEVERAL
    algorithms = [name for name in ("tpe", "nsga2", "evolution", "random") if name in known]
    calls = {(name, problem): lambda name=name, problem=problem: our_curves(problem, name, max(problems[problem]), SEEDS)
             for name in algorithms for problem in problems}
    if peer:
        calls |= {("optuna", problem): lambda problem=problem: peer.curves(problem, "tpe", max(problems[problem]), SEEDS)
                  for problem in problems}
    found = all_at_once(calls)
    better = compared = 0
    for problem, budgets in problems.items():
        for trials in budgets:
            medians = {name: statistics.median(at(curves, trials)) for (name, on), curves in found.items() if on == problem}
            what = f"TPE not worse than Optuna's: p, {problem} at {trials}"
            note = ", ".join(f"{name} {value:.3g}" for name, value in medians.items())
            if "tpe" not in known or not peer:
                yield Figure(what, None, 0.05, "", True, note=f"median regrets: {note}")
                continue
            said = beside(at(found["tpe", problem], trials), at(found["optuna", problem], trials))
            compared += 1
            better += said["ours"] < said["theirs"]
            yield Figure(what, said["p_worse"], 0.05, "", True,
                         note=f"median regrets: {note}; p better {said['p_better']:.2g}; no worse by 5 %: p {said['p_no_worse']:.2g}")
    if compared:
        yield Figure("TPE: share with a smaller median than Optuna's", better / compared, 0.5, "", True, note=f"{better} of {compared}")


def three_objectives(known, peer):
    """DTLZ2 with 12 parameters: what is missing to the volume, by the samplers that are meant for it."""
    problem, trials = "dtlz2s_3", 1000
    names = [name for name in ("random", "nsga2", "nsga3") if name in known]
    calls = {name: lambda name=name: our_curves(problem, name, trials, SEEDS) for name in names}
    if peer:
        calls |= {f"Optuna's {name}": lambda name=name: peer.curves(problem, name, trials, SEEDS) for name in ("nsga2", "nsga3")}
    found = {name: at(curves, trials) for name, curves in all_at_once(calls).items()}
    note = "median regrets: " + ", ".join(f"{name} {statistics.median(regrets):.3g}" for name, regrets in found.items())
    if "nsga3" not in known or not peer:
        yield Figure(f"three objectives: {problem} at {trials:,}", None, 0.05, "", True, note=note)
        return
    said = beside(found["nsga3"], found["Optuna's nsga3"])
    yield Figure(f"NSGA-III not worse than Optuna's: p, three objectives, {problem} at {trials:,}", said["p_worse"], 0.05, "", True,
                 note=f"{note}; p better {said['p_better']:.2g}")


def macro(known, peer):
    """nas-bench-macro, accuracy alone: regret in points; what random search, evolution and TPE reached elsewhere is the reach."""
    names = [name for name in ("random", "evolution", "tpe", "econas", "reinforce", "ppo", "nsga2", "smac") if name in known]
    calls = {name: lambda name=name: our_curves("macro", name, 200, TABLE_SEEDS) for name in names}
    if peer:
        calls["optuna"] = lambda: peer.curves("macro", "tpe", 200, TABLE_SEEDS)
    found = all_at_once(calls)
    medians = {name: {n: statistics.median(at(curves, n)) for n in (50, 100, 200)} for name, curves in found.items()}
    measured = {"evolution": {50: 0.17, 100: 0.047, 200: 0}, "tpe": medians.get("optuna", {50: 0.057, 100: 0.020, 200: 0})}
    for name in names:
        for n, value in medians[name].items():
            reach = measured.get(name, {n: medians["random"][n]})[n]
            if name in ("reinforce", "ppo"):
                reach = medians["random"][n] / 2
            yield Figure(f"nas-bench-macro, {name}: median regret at {n}", value, reach, "points")
    best = min((name for name in names), key=lambda name: medians[name][50])
    yield Figure("nas-bench-macro, the best of ours at 50", medians[best][50], 0.04, "points", note=best)


def macro_flops(known, peer):
    names = [name for name in ("random", "evolution", "nsga2", "nsga3", "tpe", "econas") if name in known]
    calls = {name: lambda name=name: our_curves("macro_flops", name, 100, TABLE_SEEDS) for name in names}
    if peer:
        calls |= {f"Optuna's {name}": lambda name=name: peer.curves("macro_flops", name, 100, SEEDS) for name in ("tpe", "nsga2")}
    shares = {name: 1 - statistics.median(at(curves, 100)) for name, curves in all_at_once(calls).items()}
    best = max(names, key=shares.get)
    yield Figure("nas-bench-macro against FLOPs: share of the volume at 100", shares[best], 0.93, "", True,
                 note=f"{best}; " + ", ".join(f"{name} {share:.3f}" for name, share in shares.items()))


def nlp(known):
    """nas-bench-nlp: random search at three times the epochs is to be reached."""
    names = [name for name in ("asha", "hyperband", "econas", "bohb") if name in known]
    if not names:
        return
    settings = {"econas": ["rungs=[1,6]"]}  # the others begin with one epoch by themselves
    found = all_at_once({name: lambda name=name: our_curves("nlp", name, 120, TABLE_SEEDS, *settings.get(name, []))
                         for name in ["random", *names]})
    for epochs in (500, 1000, 2000):
        random = statistics.median(after(found["random"], 3 * epochs))
        for name in names:
            yield Figure(f"nas-bench-nlp, {name}: median regret after {epochs:,} epochs", statistics.median(after(found[name], epochs)), random, "nats",
                         note=", ".join([f"random after {3 * epochs:,}", *settings.get(name, [])]))


def measure(options):
    if not program.exists():
        sys.exit(f"{program} is not built: run bin/setup --tests")
    known = set(ask("algorithms"))
    python = python_with("optuna==5.0.0")
    peer = Peer(python) if python else None
    yield from suggestions(known, peer)
    yield from closed_form(known, peer)
    yield from three_objectives(known, peer)
    for table in (lambda: macro(known, peer), lambda: macro_flops(known, peer), lambda: nlp(known)):
        try:
            yield from table()
        except Failed as error:
            print(f"left out: {error}", file=sys.stderr)
