"""An averaged perceptron on the digits, as a trial code written for NNI would look: only the module's name changed."""
import gzip
import json
import os
import random
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))  # assay.py, unless it is beside this file
import assay


def read(part):
    with open(part["rows"]) as file:
        wanted = [int(line) for line in file if not line.startswith("#")]
    with gzip.open(part["items"][0], "rt") as file:
        lines = file.read().split()
    rows = [[int(field) for field in lines[row].split(",")] for row in wanted]
    return [([value / 16 for value in row[:64]] + [1.0], row[64]) for row in rows]


def scores(weights, x):
    return [sum(w * v for w, v in zip(row, x)) for row in weights]


def accuracy(weights, examples):
    right = 0
    for x, label in examples:
        z = scores(weights, x)
        right += z.index(max(z)) == label
    return right / len(examples)


params = {"margin": 0.5, "decay": 0.9, **assay.params()}  # was: params.update(nni.get_next_parameter())
with open(os.environ["ASSAY_SPLIT"]) as file:
    split = json.load(file)
epochs = json.loads(os.environ["ASSAY_FIDELITY"])["epochs"]
train, valid = read(split["train"]), read(split["valid"])
weights = [[0.0] * 65 for _ in range(10)]
mean = [[0.0] * 65 for _ in range(10)]
best = 0.0
for epoch in range(1, epochs + 1):
    random.Random(epoch).shuffle(train)
    rate = params["decay"] ** epoch
    for x, label in train:
        z = scores(weights, x)
        rival = max((k for k in range(10) if k != label), key=z.__getitem__)
        if z[label] - z[rival] < params["margin"]:
            weights[label] = [w + rate * v for w, v in zip(weights[label], x)]
            weights[rival] = [w - rate * v for w, v in zip(weights[rival], x)]
    mean = [[m + w for m, w in zip(*rows)] for rows in zip(mean, weights)]
    best = accuracy(mean, valid)
    assay.report(best)  # was: nni.report_intermediate_result(best)
    if assay.should_stop():
        break
assay.final(best)  # was: nni.report_final_result(best)
