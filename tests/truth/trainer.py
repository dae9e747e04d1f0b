"""The command of the matrix test: answers out of the world, one line of JSON per epoch. Kept alive or once per trial."""

import json
import os
import sys

import world


def train(params, epochs, stage, seed, metrics):
    point = params["model"]["depth"], params["model"]["width"], params["training"]["lr"]
    seed = seed if stage == "full" else 0  # the search's scores are exact, so that some are equal
    if stage == "search" and world.broken(*point):
        return "the loss is gone"
    with open(metrics, "a") as file:
        for epoch in range(1, epochs + 1):
            print(json.dumps({"step": epoch, **world.measure(*point, epoch, seed)}), file=file, flush=True)
        final = world.measure(*point, epochs, seed)
        if stage == "search" and world.missing(*point):
            del final["latency_ms"]  # a limit or a reward on it cannot be judged
        print(json.dumps({"final": True, **final, "remark": "ok"}), file=file, flush=True)
    return None


def once():
    with open(os.environ["ASSAY_PARAMS"]) as file:
        params = json.load(file)
    fidelity = json.loads(os.environ["ASSAY_FIDELITY"])
    seed, stage = int(os.environ["ASSAY_SEED"]), os.environ["ASSAY_STAGE"]
    sys.exit(train(params, fidelity["epochs"], stage, seed, os.environ["ASSAY_METRICS"]))


def kept():
    for line in sys.stdin:
        job = json.loads(line)
        why = train(job["params"], job["fidelity"]["epochs"], job["stage"], job["seed"], job["metrics"])
        if why:
            with open(job["metrics"], "a") as file:
                print(json.dumps({"final": True, "failed": why}), file=file, flush=True)


if os.environ.get("ASSAY_KEEP_ALIVE") == "1":
    kept()
else:
    once()
