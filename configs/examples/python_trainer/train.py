"""Softmax regression on the digits, in plain Python: a complete trainer for Assay in the standard library."""
import gzip
import json
import math
import os
import random
import sys
from functools import lru_cache
from operator import mul


@lru_cache
def lines_of(name):
    with gzip.open(name, "rt") if name.endswith(".gz") else open(name) as file:
        return file.read().split()


def read_rows(part):
    with open(part["rows"]) as file:
        wanted = [int(line) for line in file if not line.startswith("#")]
    lines = [line for name in part["items"] for line in lines_of(name)]
    return [[int(field) for field in lines[row].split(",")] for row in wanted]


def features(row, pixels):
    if pixels == 64:
        return [value / 16 for value in row[:64]] + [1.0]
    corners = [8 * y + x for y in range(0, 8, 2) for x in range(0, 8, 2)]
    return [(row[i] + row[i + 1] + row[i + 8] + row[i + 9]) / 64 for i in corners] + [1.0]


def scores(weights, x):
    return [sum(map(mul, w, x)) for w in weights]


def train_epoch(weights, examples, lr, decay):
    loss = 0.0
    for x, label in examples:
        z = scores(weights, x)
        top = max(z)
        exponentials = [math.exp(value - top) for value in z]
        total = sum(exponentials)
        loss -= math.log(exponentials[label] / total + 1e-12)
        for k, e in enumerate(exponentials):
            gradient = e / total - (k == label)
            if abs(gradient) > 0.01:
                weights[k] = [w - lr * (gradient * v + decay * w) for w, v in zip(weights[k], x)]
    return loss / len(examples)


def accuracy(weights, examples):
    right = 0
    for x, label in examples:
        z = scores(weights, x)
        right += z.index(max(z)) == label
    return right / len(examples)


def measure(work):
    """Trains at one point. `work` is what a process that is kept alive receives for a trial."""
    params, epochs = work["params"], work["fidelity"]["epochs"]
    pixels, lr, decay = params["model"]["pixels"], params["training"]["lr"], params["training"]["decay"]
    train, valid = ([(features(row, pixels), row[64]) for row in read_rows(work["split"][part])] for part in ("train", "valid"))

    checkpoint = os.path.join(work["checkpoint"], "state.json")
    epoch, weights = 0, [[0.0] * (pixels + 1) for _ in range(10)]
    if os.path.exists(checkpoint):
        with open(checkpoint) as file:
            epoch, weights = json.load(file)

    with open(work["metrics"], "a", buffering=1) as metrics:
        while epoch < epochs:
            random.Random(f"{work['seed']} {epoch}").shuffle(train)
            step = lr * (1 - epoch / epochs)
            loss = train_epoch(weights, train, step, decay)
            epoch += 1
            print(json.dumps({"step": epoch, "accuracy": accuracy(weights, valid), "loss": loss}), file=metrics)
            with open(checkpoint + ".tmp", "w") as file:
                json.dump([epoch, weights], file)
            os.replace(checkpoint + ".tmp", checkpoint)
            if os.path.exists(work["stop"]) and epoch < epochs:
                raise SystemExit(75)
        size = 10 * (pixels + 1)
        final = {"final": True, "accuracy": accuracy(weights, valid), "parameters": size, "multiply_adds": size}
        print(json.dumps(final), file=metrics)


def work_of_environment():
    with open(os.environ["ASSAY_PARAMS"]) as params, open(os.environ["ASSAY_SPLIT"]) as split:
        return {"params": json.load(params), "split": json.load(split), "fidelity": json.loads(os.environ["ASSAY_FIDELITY"]),
                "seed": os.environ["ASSAY_SEED"], "metrics": os.environ["ASSAY_METRICS"],
                "checkpoint": os.environ["ASSAY_CHECKPOINT"], "stop": os.environ["ASSAY_STOP"]}


if os.environ.get("ASSAY_KEEP_ALIVE"):  # [trial] keep_alive = true: one line per trial, until the worker leaves
    for line in sys.stdin:
        measure(json.loads(line))
else:
    measure(work_of_environment())
