"""The cells of the matrix: which there are, and the configuration of each."""

import csv
import dataclasses
import itertools
import json
import pathlib
import random

import world

HERE = pathlib.Path(__file__).resolve().parent

OBJECTIVES = ("one", "two")
JUDGING = ("plain", "hard", "soft", "reward")  # and "hopeless": limits that no point keeps
FIDELITY = ("full", "asha", "pbt", "hyperband")
EVALUATORS = ("table", "built-in", "command", "ask")
TASKS = ("classification", "regression")
WORKERS = (1, 2)


@dataclasses.dataclass(frozen=True)
class Cell:
    objectives: str
    judging: str
    fidelity: str
    evaluator: str
    task: str
    workers: int = 1

    @property
    def name(self):
        return "-".join([self.evaluator, self.task, self.objectives, self.judging, self.fidelity, str(self.workers)])

    @property
    def base(self):
        """What the stages before the search depend on: cells that share it may share those stages."""
        return "-".join([self.evaluator, self.task, self.objectives, self.judging])


def table_cells():
    all_ = [Cell(o, j, f, "table", t) for t, o, j, f in itertools.product(TASKS, OBJECTIVES, JUDGING, FIDELITY)]
    return all_ + [Cell(o, "hopeless", f, "table", TASKS[0]) for o in OBJECTIVES for f in ("full", "asha")]


def covering(*axes):
    """Rows of a table in which every pair of values of two axes stands at least once; greedy, always the same."""
    rng, rows = random.Random(9), []
    open_pairs = {
        ((i, a), (j, b)) for i, j in itertools.combinations(range(len(axes)), 2) for a in axes[i] for b in axes[j]
    }
    pairs = lambda row: set(itertools.combinations(enumerate(row), 2))
    while open_pairs:
        draws = [tuple(rng.choice(axis) for axis in axes) for _ in range(400)]
        row = max(draws, key=lambda draw: len(pairs(draw) & open_pairs))
        open_pairs -= pairs(row)
        rows.append(row)
    return rows


def other_cells():
    """The other evaluators: every pair of values of two axes."""
    rows = covering(OBJECTIVES, JUDGING, FIDELITY, EVALUATORS[1:], TASKS, WORKERS)
    # Somebody who keeps his own loop has no second worker beside him.
    pairs = [Cell(*row[:5], 1 if row[3] == "ask" else row[5]) for row in rows]
    return pairs + [Cell("one", "hopeless", "full", evaluator, TASKS[0]) for evaluator in EVALUATORS[1:]]


# ---- configurations ----------------------------------------------------------------------------------------------------


def metric(cell):
    return "accuracy" if cell.task == "classification" else "rmse"


def derived(cell):
    return "score" if cell.task == "classification" else "cost"


def limited(cell):
    """The metric that limits are about, and bounds that split the space: (name, at most, at least of parameters)."""
    return ("parameters", 150, 40) if cell.evaluator == "built-in" else ("latency_ms", 3.0, 4000)


def judging_text(cell):
    goal = "max" if cell.task == "classification" else "min"
    name, most, least = limited(cell)
    text = "[objectives]\n"
    if cell.judging == "reward":
        text += f'{derived(cell)} = {{ goal = "{goal}", of = "{metric(cell)}" }}\n'
    else:
        text += f'{metric(cell)} = {{ goal = "{goal}" }}\n'
    if cell.objectives == "two":
        text += 'parameters = { goal = "min", threshold = 5000 }\n'
    if cell.judging == "hard":
        text += f'[[constraint]]\nmetric = "{name}"\nat_most = {most}\n'
        text += f'[[constraint]]\nmetric = "parameters"\nat_least = {least}\n'
    if cell.judging == "hopeless":
        text += f'[[constraint]]\nmetric = "{name}"\nat_most = 0.1\n'
    if cell.judging == "soft":
        weight = 0.05 if cell.task == "classification" else 0.5
        text += f'[[constraint]]\nmetric = "{name}"\nat_most = {most / 2}\nweight = {weight}\n'
    if cell.judging == "reward":
        text += f'[[reward]]\nmetric = "{name}"\ntarget = {most}\n'
        text += f'[[reward]]\nmetric = "parameters"\ntarget = {least}\nkind = "soft"\n'
    return text


# Keys of [search] and their values in TOML. Built-in trainings are half as long, and so are their rungs.
SEARCH = {
    "full": {"algorithm": '"tpe"', "early_stop": '"median"', "early_stop_from": 2, "early_stop_curves": 4},
    "asha": {"algorithm": '"asha"', "rungs": [2, 4], "eta": 2},
    "pbt": {"algorithm": '"pbt"', "pbt.population": 8, "pbt.step": 2, "pbt.quorum": 1},
    "hyperband": {"algorithm": '"hyperband"', "eta": 2, "min_epochs": 2},
}
HALF = {"rungs": [1, 2], "pbt.step": 1, "min_epochs": 1}


def search_keys(cell):
    keys = SEARCH[cell.fidelity] | {"max_trials": 26 if cell.evaluator == "table" and cell.fidelity != "pbt" else 16}
    if cell.evaluator == "built-in":
        keys |= {key: HALF[key] for key in keys.keys() & HALF.keys()}
    return keys | {"max_failed": 1000, "parallel": cell.workers}


PARAMS = f"""[params.model]
depth = {{ choice = {list(world.DEPTHS)}, default = 2 }}
width = {{ choice = {list(world.WIDTHS)}, default = 32 }}
[params.training]
lr = {{ choice = {list(world.RATES)}, default = 0.003 }}
"""

MODEL = """[model]
input = [4]
blocks = [
  { op = "linear", name = "hidden", act = "relu", width = { choice = [4, 8, 16, 24], default = 8 } },
  { name = "tail", choice = [ { op = "skip" }, { op = "dropout", rate = 0.1 }, { op = "pool", kind = "max" } ] },
  { op = "linear", width = "classes" },
]
"""

EVALUATOR = {
    "table": '[trial.table]\nfile = "table.csv"\nepoch = "epoch"\ncost = "seconds"\n' + PARAMS,
    "command": f'[trial]\ncommand = ["python3", "{HERE}/trainer.py"]\nkeep_alive = true\n' + PARAMS,
    "ask": PARAMS,
    "built-in": '[data]\nformat = "csv"\ntrain = "train.csv"\nvalid = "valid.csv"\n' + MODEL,
}


def epochs(cell):
    return 4 if cell.evaluator == "built-in" else world.EPOCHS


def config_text(cell):
    text = f'[run]\nname = "{cell.name}"\nseed = 3\n' + EVALUATOR[cell.evaluator]
    text += f"[training]\nepochs = {epochs(cell)}\n"
    if cell.evaluator == "built-in":
        few = cell.fidelity == "full"  # so few points that some are drawn twice
        text += "batch_size = 16\nlr = "
        text += "0.02\n" if few else "{ float = [0.003, 0.3], log = true, default = 0.02 }\n"
    text += judging_text(cell) + "[proxy]\nreference = 0\n[baseline]\nbatch_sweep = false\n[search]\n"
    text += "".join(f"{key} = {value}\n" for key, value in search_keys(cell).items())
    return text + "[full]\ntop_k = 3\nseeds = 2\n"


# ---- files beside a configuration --------------------------------------------------------------------------------------


def write_table(path):
    with open(path, "w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["depth", "width", "lr", "epoch", "accuracy", "rmse", "latency_ms", "parameters", "seconds"])
        for depth, width, lr in itertools.product(world.DEPTHS, world.WIDTHS, world.RATES):
            if world.missing(depth, width, lr):
                continue
            for epoch in range(1, world.EPOCHS + 1):
                m = world.measure(depth, width, lr, epoch)
                if world.broken(depth, width, lr) and epoch > 3:
                    m["accuracy"] = m["rmse"] = "nan"
                out.writerow([depth, width, lr, epoch, *m.values(), depth * width * epoch / 64])


def write_rows(path, rows, task):
    """Three classes that lie apart, or a number with some noise."""
    state = 12345
    with open(path, "w") as file:
        print("a,b,c,d,target", file=file)
        for i in range(rows):
            features = []
            for f in range(4):
                state = (state * 1103515245 + 12345) % 2**32
                features.append((1.2 if i % 3 == f else 0.0) + (state >> 16 & 1023) / 512)
            number = 100 + 40 * features[0] - 25 * features[1] + 3 * features[2] * features[3]
            target = f"class{i % 3}" if task == "classification" else f"{number:.3f}"
            print(",".join(f"{x:.4f}" for x in features), target, sep=",", file=file)


def imported_rows(cell):
    """Results from elsewhere: the best of all that breaks the limits, one that ties with others, one half trained."""
    if cell.evaluator == "built-in":
        name, rows = "accuracy", [(24, 0.02, 0.999), (8, 0.02, 0.75), (4, 0.02, 0.1)]
        if cell.task == "regression":
            name, rows = "rmse", [(24, 0.02, 0.001), (8, 0.02, 3.0), (4, 0.02, 99.0)]
        sizes = {width: 5 * width + (width + 1) * (3 if cell.task == "classification" else 1) for width in (4, 8, 24)}
        rows = [
            {"hidden.width": w, "tail": "skip", "lr": lr, name: score, "parameters": sizes[w], "epochs": epochs(cell)}
            for w, lr, score in rows
        ]
        for row in rows if cell.fidelity == "full" else []:
            del row["lr"]  # is not searched there
        return rows
    rows = []
    for (depth, width, lr), accuracy, length in [((4, 64, 0.01), 0.99, 8), ((1, 32, 0.01), 0.9, 8), ((2, 32, 0.01), 0.8, 2)]:
        m = world.measure(depth, width, lr, length) | {"accuracy": accuracy, "rmse": round(10 * (1 - accuracy), 3)}
        rows.append({"depth": depth, "width": width, "lr": lr, "epochs": length, **m})
    return rows


def added_points(cell):
    """Asked for by hand: one point twice, so that the second takes the first one's result."""
    if cell.evaluator == "built-in":
        point = {"hidden.width": 16, "tail": "dropout"}
    else:
        point = {"depth": 3, "width": 32, "lr": 0.01}
    return [point, point]


def write_files(cell, folder):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.toml").write_text(config_text(cell))
    if cell.evaluator == "table":
        write_table(folder / "table.csv")
    if cell.evaluator == "built-in":
        write_rows(folder / "train.csv", 90, cell.task)
        write_rows(folder / "valid.csv", 60, cell.task)
    (folder / "import.json").write_text(json.dumps(imported_rows(cell)))
    (folder / "points.json").write_text(json.dumps(added_points(cell)))


# ---- cells that cannot exist -------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Impossible:
    """What a configuration must be refused with: by the first of the programs that does not end with 0."""

    name: str
    cell: Cell
    edits: tuple  # pairs (text of the configuration, what stands there instead)
    says: str  # part of the message
    program: str = ""  # that must be the one; empty: any
    codes: tuple = (64,)


def impossible_cells():
    limit = ('metric = "parameters"\nat_least', 'metric = "energy"\nat_least')
    reward = ('metric = "parameters"\ntarget', 'metric = "energy"\ntarget')
    rungs = "none of these rungs is below"
    for evaluator in EVALUATORS:
        cell = lambda judging, fidelity="full", evaluator=evaluator: Cell("one", judging, fidelity, evaluator, TASKS[0])
        # Nobody can report energy. Who asks by hand is told by `tell`; a table's columns are data, hence 65.
        codes = (64, 65) if evaluator == "table" else (64,)
        yield Impossible(f"{evaluator}: a limit on what nobody reports", cell("hard"), (limit,), "energy", codes=codes)
        yield Impossible(f"{evaluator}: a reward for what nobody reports", cell("reward"), (reward,), "energy", codes=codes)
        short = cell("plain", "asha")
        length = (f"epochs = {epochs(short)}", "epochs = 1")
        yield Impossible(f"{evaluator}: rungs of a training that is too short", short, (length,), rungs)
    for task, wrong, right in ((TASKS[1], ("accuracy", "max"), ("rmse", "min")), (TASKS[0], ("rmse", "min"), ("accuracy", "max"))):
        yield Impossible(
            f"built-in: {wrong[0]} of a {task}",
            Cell("one", "plain", "full", "built-in", task),
            ((f'{right[0]} = {{ goal = "{right[1]}"', f'{wrong[0]} = {{ goal = "{wrong[1]}"'),),
            wrong[0],
        )
    for evaluator in ("table", "ask"):
        cell = Cell("one", "plain", "full", evaluator, TASKS[0])
        says = "a table" if evaluator == "table" else "asked for by hand"
        yield Impossible(f"{evaluator}: full trainings", cell, (), says, "full-train-topk", (0, 64, 69))
    cell = Cell("one", "reward", "full", "table", TASKS[0])
    factors = config_text(cell)
    factors = factors[factors.index("[[reward]]") : factors.index("[proxy]")]
    yield Impossible("a reward without factors", cell, ((factors, ""),), "needs factors")
    cell = Cell("one", "plain", "full", "table", TASKS[0])
    yield Impossible("factors without a reward", cell, (("[proxy]", factors + "[proxy]"),), "no objective is made with it")


if __name__ == "__main__":
    for each in table_cells() + other_cells():
        print(each.name)
