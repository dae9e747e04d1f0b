"""Every surface of a run beside the oracle's truth: one function each. They read what people and scripts read."""

import csv
import io
import json
import math
import re
import subprocess

PARAMETERS, METRICS = "(parameters)", "(metrics)"  # groups of a row: "parameters" may be a metric
GROUPS = {"parameter": PARAMETERS, "metric": METRICS}


def same(a, b):
    if isinstance(a, (int, float)) and isinstance(b, (int, float)) and not isinstance(a, bool):
        return math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-9) or math.isnan(a) and math.isnan(b)
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b))
    return a == b


def from_text(text):
    """A cell of a CSV: a number where it is one, nothing where it is empty."""
    try:
        return json.loads(text)
    except ValueError:
        return text or None


class Surfaces:
    """Compares one run with its truth; what differs is collected as sentences."""

    def __init__(self, bin_folder, run, truth, full=None):
        self.bin, self.run, self.truth, self.full = bin_folder, run, truth, full
        self.wrong = []
        self.alike = {}  # (surface, what is wrong) -> trials in which it is

    def say(self, surface, what, expected, got, of=None):
        """`of`: a trial; what is wrong with many trials alike is told once."""
        if same(expected, got):
            return
        if isinstance(expected, dict) and isinstance(got, dict):
            differ = [key for key in expected.keys() | got.keys() if not same(expected.get(key), got.get(key))]
            expected, got = ({key: each.get(key) for key in sorted(differ)} for each in (expected, got))
        where = what if of is None else f"{what} of trial {of}"
        self.alike.setdefault((surface, what), []).append(f"{surface}: {where}: expected {expected}, got {got}")

    def found(self):
        for first, *more in self.alike.values():
            self.wrong.append(first + (f" (and {len(more)} more trials)" if more else ""))
        return self.wrong

    def assay(self, *words, code=0):
        ran = subprocess.run(
            [self.bin / "assay", words[0], self.run, *map(str, words[1:])], capture_output=True, text=True
        )
        if ran.returncode != code:
            self.wrong.append(f"assay {' '.join(map(str, words))}: ends with {ran.returncode}: {ran.stderr.strip()}")
            return None
        return ran.stdout

    def json(self, *words, code=0):
        text = self.assay(*words, code=code)
        return None if text is None else json.loads(text)

    def all(self):
        self.trials_json()
        self.trials_csv()
        self.export_json()
        self.export_csv()
        self.single_trials()
        self.best()
        self.status()
        self.search_done()
        self.report()
        if self.full:
            self.full_done()
            self.winner_folder()
        return self.found()

    def of_running(self):
        """Of a search that has not ended: what looks on."""
        for look in (self.trials_json, self.trials_csv, self.export_json, self.export_csv, self.best, self.status):
            look()
        return self.found()

    # ---- what stands for a trial, wherever it stands --------------------------------------------------------------------

    @staticmethod
    def finite(metrics):
        return {name: value for name, value in metrics.items() if math.isfinite(value)}

    def state(self, surface, trial, said):
        # Whether somebody is still at it is a question of leases, not of records.
        self.say(surface, "state", trial.state, "running" if said == "waiting" else said, trial.number)

    def row(self, surface, trial, row):
        """A row of a table of trials: state, fidelity, parameters and metrics of the shown measurement, and the marks."""
        of = trial.number
        self.state(surface, trial, row.get("state"))
        if trial.shown.state != "open":
            self.say(surface, "epochs", trial.shown.fidelity["epochs"], row.get("epochs"), of)
        self.say(surface, "parameters", trial.params or {}, row[PARAMETERS], of)
        self.say(surface, "metrics", self.finite(trial.metrics), row[METRICS], of)
        self.marks(surface, trial, row)

    def marks(self, surface, trial, row):
        """Of a row of a table: feasible and violation where there are hard limits, value where penalties change it."""
        judge, of = self.truth.judge, trial.number
        if trial.shown.state != "done":
            return
        mark = row.get("mark")
        if of in self.truth.front:
            self.say(surface, "mark", "best" if trial is self.truth.best else "front", mark, of)
        elif not trial.feasible or not trial.comparable:
            names = {"infeasible": not trial.feasible, "below": trial.value is not None and not trial.comparable}
            wanted = [name for name, holds in names.items() if holds] or [None]
            self.say(surface, "mark", wanted[0], wanted[0] if mark in wanted else mark, of)
        else:
            self.say(surface, "mark", None, mark, of)
        if any("weight" not in each for each in judge.limits):
            self.say(surface, "feasible", trial.feasible, row.get("feasible") in (True, "yes", "true"), of)
            self.violation(surface, trial, row)
        # An export brings what was measured; "value" is the objective's name in tables of other tools.
        if any("weight" in each for each in judge.limits) and trial.value is not None and "export" not in surface:
            self.say(surface, "value", judge.sign(judge.main) * trial.value, row.get("value"), of)

    def violation(self, surface, trial, row):
        wanted = trial.violation if math.isfinite(trial.violation) else None
        self.say(surface, "violation", wanted, row.get("violation"), trial.number)

    def standing(self, surface, trial, said):
        """All that is true of a trial, as `assay best`, `trial` and `status` have it."""
        truth, judge, of = self.truth, self.truth.judge, trial.number
        self.state(surface, trial, said.get("state"))
        self.say(surface, "parameters", trial.params, said.get("params"), of)
        if trial.shown.state == "open":
            return
        got = {key: value for key, value in said.get("metrics", {}).items() if value is not None}
        self.say(surface, "metrics", self.finite(trial.metrics), got, of)
        self.say(surface, "rung", trial.shown.rung, said.get("rung"), of)
        if trial.shown.state != "done":
            return
        wanted = {
            "comparable": trial.comparable,
            "feasible": trial.feasible,
            "best": truth.best is trial,
            "front": of in truth.front,
            "value": None if trial.value is None else judge.sign(judge.main) * trial.value,
        }
        if math.isfinite(trial.penalty):
            wanted["penalty"] = trial.penalty
        for key, value in wanted.items():
            self.say(surface, key, value, said.get(key), of)
        self.violation(surface, trial, said)

    def rows(self, surface, rows):
        self.say(surface, "trials", sorted(self.truth.trials), sorted(rows))
        for number, trial in self.truth.trials.items():
            if number in rows:
                self.row(surface, trial, rows[number])

    def record(self, surface, trial, record):
        """A trial with all its rungs, as `assay trial --json` and `assay export --json` have it."""
        of = trial.number
        self.state(surface, trial, record["state"])
        self.say(surface, "rungs", [each.rung for each in trial.rungs], [each["rung"] for each in record["rungs"]], of)
        for mine, its in zip(trial.rungs, record["rungs"]):
            where = f"{of} rung {mine.rung}"
            self.say(surface, "parameters", mine.params, its.get("params", record["params"]), where)
            if mine.state != "open":
                self.say(surface, "state of a rung", mine.state, its["state"], where)
                self.say(surface, "epochs", mine.fidelity["epochs"], its["fidelity"]["epochs"], where)
                got = {key: value for key, value in its["metrics"].items() if value is not None}
                self.say(surface, "metrics", self.finite(mine.metrics), got, where)

    @staticmethod
    def group(row):
        row[PARAMETERS], row[METRICS] = row.pop("parameters", {}), row.pop("metrics", {})

    # ---- assay ----------------------------------------------------------------------------------------------------------

    def trials_json(self):
        table = self.json("trials", "--json")
        if table is not None:
            for row in table:
                self.group(row)
            self.rows("assay trials --json", {row["trial"]: row for row in table})

    def trials_csv(self):
        text = self.assay("trials", "--csv")
        if text is not None:
            self.rows("assay trials --csv", self.csv_rows(text))

    def csv_rows(self, text, params_prefix="", metrics_prefix=""):
        """Number -> row; parameters and metrics by the names that the truth knows."""
        params = {name for each in self.truth.trials.values() for name in each.params or {}}
        metrics = {name for each in self.truth.trials.values() for name in each.metrics}
        rows = {}
        for line in csv.DictReader(io.StringIO(text, newline="")):
            cells = {key: from_text(cell) for key, cell in line.items()}
            row = {PARAMETERS: {}, METRICS: {}, **{key: cell for key, cell in cells.items() if cell is not None}}
            for group, names, prefix in ((PARAMETERS, params, params_prefix), (METRICS, metrics, metrics_prefix)):
                for name in names:
                    cell = cells.get(prefix + name)
                    if cell is not None:
                        row[group][name] = cell
            rows[cells["trial"]] = row
        return rows

    def export_json(self):
        records = self.json("export", "--json")
        if records is None:
            return
        by_number = {each["trial"]: each for each in records}
        self.say("assay export --json", "trials", sorted(self.truth.trials), sorted(by_number))
        for number, record in by_number.items():
            if number in self.truth.trials:
                self.record("assay export --json", self.truth.trials[number], record)

    def export_csv(self):
        text = self.assay("export", "--csv")
        if text is not None:
            self.rows("assay export --csv", self.csv_rows(text, "params.", "metrics."))

    def single_trials(self):
        """The best, and one each of what is special; not all: every call is a process."""
        special = {
            next((n for n, t in self.truth.trials.items() if test(t)), None)
            for test in (
                lambda t: t is self.truth.best,
                lambda t: t.state == "failed",
                lambda t: t.params != t.first,
                lambda t: t.imported and not t.feasible,
            )
        }
        for number in special - {None}:
            record = self.json("trial", number, "--json")
            if record is not None:
                self.record("assay trial --json", self.truth.trials[number], record)
                self.standing("assay trial --json", self.truth.trials[number], record["standing"])

    def best(self):
        said = self.json("best", "--json", "--front", code=0 if self.truth.best else 3)
        if said is None:
            return
        surface = "assay best --json --front"
        self.verdict(surface, said)
        for each in said["front"]:
            self.standing(surface, self.truth.trials[each["trial"]], each)
        if not self.truth.best:
            least = self.truth.least and self.truth.least.number
            self.say(surface, "least violation", least, self.number(said.get("least_violation")))

    @staticmethod
    def number(entry):
        entry = entry["trial"] if isinstance(entry, dict) else entry
        return None if entry == -1 else entry

    def verdict(self, surface, said):
        """{"best": {"trial": N, ..} or N or null, "front": [..], "comparable": .., "feasible": ..}."""
        truth = self.truth
        self.say(surface, "best", truth.best and truth.best.number, self.number(said.get("best")))
        front = said.get("front", said.get("pareto"))
        self.say(surface, "front", truth.front, sorted(map(self.number, front or [])))
        self.say(surface, "how many are comparable", len(truth.comparable), said.get("comparable"))
        self.say(surface, "how many are comparable and feasible", len(truth.ranked), said.get("feasible"))
        if isinstance(said.get("best"), dict) and said["best"].get("trial") in truth.trials:
            self.standing(surface, truth.trials[said["best"]["trial"]], said["best"])

    def status(self):
        said = self.json("status", "--json")
        if said is None:
            return
        stages = said["stages"]
        search = stages["search"] if isinstance(stages, dict) else next(s for s in stages if s["stage"] == "search")
        self.counts("assay status --json", search["counts"])
        self.verdict("assay status --json", search)

    # ---- what stages leave ----------------------------------------------------------------------------------------------

    def counts(self, surface, counts):
        wanted = {key: value for key, value in self.truth.counts.items() if key != "voided" or key in counts}
        self.say(surface, "counts", wanted, {key: counts.get(key) for key in wanted})

    def figures(self, surface, figures):
        self.counts(surface, figures.get("counts", {}))
        self.verdict(surface, figures)
        if self.truth.best:
            judge = self.truth.judge
            self.say(surface, "best score", self.truth.best.metrics[judge.main], figures.get("best_score"))

    def search_done(self):
        generations = [self.run / "search/done.json", *(self.run / "search").glob("done.[0-9]*.json")]
        newest = max(generations, key=lambda path: int((re.findall(r"\d+", path.name) or [1])[0]))
        self.figures("search/done.json", json.loads(newest.read_text())["figures"])

    def report(self):
        folder = self.run / "report"
        table = json.loads((folder / "trials.json").read_text())
        for row in table:
            self.group(row)
        self.rows("report/trials.json", {row["trial"]: row for row in table})
        self.rows("report/trials.csv", self.csv_rows((folder / "trials.csv").read_text()))
        summary = json.loads((folder / "summary.json").read_text())
        page = re.search(r'<script[^>]*application/json[^>]*>(.*?)</script>', (folder / "index.html").read_text(), re.S)
        data = json.loads(page.group(1)) if page else None
        if data is None:
            self.wrong.append("report/index.html: holds no data")
        for surface, document in (("report/summary.json", summary), ("report/index.html", data or summary)):
            self.document(surface, document)

    def document(self, surface, document):
        search = document["search"]
        self.counts(surface, search["counts"])
        front = search.get("front", [])
        self.say(surface, "front", self.truth.front, sorted(map(self.number, front)))
        if "table" in search:
            columns = [(each["group"], each["label"] if each["group"] in GROUPS else each["key"]) for each in search["table"]["columns"]]
            rows = {}
            for cells in zip(*search["table"]["values"]):
                row = {PARAMETERS: {}, METRICS: {}}
                for (group, name), cell in zip(columns, cells):
                    if cell is not None:
                        row.get(GROUPS.get(group), row)[name] = cell
                rows[row["trial"]] = row
            self.rows(surface, rows)
            self.charts(surface, search, list(rows))
        if not self.full:
            sentence = document["headline"]["sentence"]
            named = re.search(r"[Tt]rial (\d+)", sentence)
            named = int(named.group(1)) if named else None
            if self.truth.best:
                self.say(surface, "trial that the headline names", self.truth.best.number, named)
            elif named not in (None, self.truth.least and self.truth.least.number):
                self.wrong.append(f"{surface}: nothing is feasible, but the headline says: {sentence}")
        self.constraints(surface, document["constraints"])
        if self.full and document.get("full"):
            self.finalists(surface, document["full"])

    def charts(self, surface, search, numbers):
        """What the charts are drawn from: how each trial counts, and the best so far."""
        for number, got in zip(numbers, search["standing"]):
            trial = self.truth.trials[number]
            wanted = ""
            if trial.shown.state == "done" and trial.comparable:
                wanted = "compared" if trial.feasible else "infeasible"
            elif trial.shown.state == "done":
                wanted = "below" if trial.feasible else "below infeasible"
            self.say(surface, "standing in the charts", wanted, got, number)
        sign, steps = self.truth.judge.sign(self.truth.judge.main), []
        for trial in sorted(self.truth.ranked, key=lambda each: each.number):
            if not steps or trial.value > sign * steps[-1][1]:
                steps.append([trial.number, sign * trial.value])
        self.say(surface, "best so far", steps, search["running_best"])

    def constraints(self, surface, said):
        """The list of limits, and how many of the trials that compare keep each."""
        judge, compared = self.truth.judge, self.truth.comparable
        wanted = [
            (each["metric"], "weight" not in each, sum(judge.excess(each, t.metrics) == 0 for t in compared), len(compared))
            for each in judge.limits
        ]
        got = [(each["metric"], each["hard"], each["kept"], each["of"]) for each in (said or {"list": []})["list"]]
        self.say(surface, "constraints", wanted, got)

    # ---- full -----------------------------------------------------------------------------------------------------------

    def finalists(self, surface, figures):
        wanted = {number for number in self.full.finalists}
        got = {each["trial"]: each for each in figures["finalists"]}
        self.say(surface, "finalists", sorted(wanted), sorted(got))
        for number in wanted & got.keys():
            entry = got[number]
            params = self.full.finalists[number][0].params
            if "params" in entry:
                self.say(surface, f"parameters of finalist {number}", params, entry["params"])
            if number >= 0:
                shown = self.truth.trials[number]
                self.say(surface, f"parameters of finalist {number} in the search", shown.params, params)
            if "scores" in entry:
                self.say(surface, f"scores of finalist {number}", self.full.scores(number), entry["scores"])
        winner = figures.get("winner")
        self.say(surface, "winner", self.full.winner, None if winner == -2 else winner)

    def full_done(self):
        path = self.run / "full/done.json"
        if not path.exists():
            self.say("full/done.json", "winner", self.full.winner, None)
            return
        figures = json.loads(path.read_text())["figures"]
        self.finalists("full/done.json", figures)
        chosen = [n for n in self.full.finalists if n >= 0]
        wrong = self.truth.wrong_finalists(chosen, self.truth.config["full"]["top_k"])
        if wrong:
            self.wrong.append(f"full/done.json: finalists {chosen}: {wrong}")

    def winner_folder(self):
        folder = self.run / "full/winner"
        if self.full.winner is None:
            self.say("full/winner", "is there", False, (folder / "card.md").exists())
            return
        card = (folder / "card.md").read_text()
        named = re.search(r"^Trial (\d+) ", card, re.M) or re.search(r"trial (\d+) of the search has the defaults", card)
        self.say("full/winner/card.md", "winner", self.full.winner, int(named.group(1)) if named else -1)
        first = self.full.finalists[self.full.winner][0]
        for name, value in first.params.items():
            text = f"`{name}` = {value}"
            found = re.search(rf"`{re.escape(name)}` = (\S+)", card)
            got = from_text(found.group(1)) if found else None
            self.say("full/winner/card.md", f"parameter {name} ({text})", value, got)
        for listed in re.findall(r"^- `([\w.]+\.\w+)`:", card, re.M):
            self.say("full/winner/card.md", f"{listed}, which it lists, is there", True, (folder / listed).exists())
        network = folder / "network.json"
        if network.exists():
            seeds = [t for t in self.full.finalists[self.full.winner] if t.tags["seed"] == "0"]
            source = self.run / f"full/trials/{seeds[0].number}/0.{seeds[0].shown.attempt}/network.json"
            if source.exists():
                self.say("full/winner", "network.json", json.loads(source.read_text()), json.loads(network.read_text()))
