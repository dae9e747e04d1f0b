"""Optuna's journal file, measured: optuna_journal.py MODE FILE TRIALS [WORKERS]; prints one JSON line.

write  one process: ask with 8 parameters, 10 reported values, tell; seconds and bytes
open   load_study and all trials in a fresh process; seconds without the imports
work   WORKERS processes make TRIALS trivial trials in all; seconds from the first start to the last end
"""

import json
import multiprocessing
import os
import sys
import time

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

optuna.logging.set_verbosity(optuna.logging.ERROR)
space = {f"x{i}": optuna.distributions.FloatDistribution(0.0, 1.0) for i in range(8)}


def study_in(path, create=False):
    storage = JournalStorage(JournalFileBackend(path))
    sampler = optuna.samplers.RandomSampler()
    if create:
        return optuna.create_study(study_name="s", storage=storage, sampler=sampler)
    return optuna.load_study(study_name="s", storage=storage, sampler=sampler)


def write(path, trials):
    study = study_in(path, create=True)
    start = time.perf_counter()
    for _ in range(trials):
        trial = study.ask(space)
        for step in range(10):
            trial.report(trial.params["x0"] + step, step)
        study.tell(trial, trial.params["x0"])
    return {"seconds": time.perf_counter() - start, "bytes": os.path.getsize(path)}


def load(path):
    start = time.perf_counter()
    trials = study_in(path).get_trials(deepcopy=False)
    return {"seconds": time.perf_counter() - start, "trials": len(trials)}


def worker(path, trials, barrier, times):
    study = study_in(path)
    barrier.wait()
    start = time.time()
    study.optimize(lambda trial: sum(trial.suggest_float(name, 0.0, 1.0) for name in space), n_trials=trials)
    times.put((start, time.time()))


def work(path, trials, workers):
    study_in(path, create=True)
    context = multiprocessing.get_context("spawn")
    barrier, times = context.Barrier(workers), context.Queue()
    processes = [context.Process(target=worker, args=(path, trials // workers, barrier, times)) for _ in range(workers)]
    for process in processes:
        process.start()
    spans = [times.get() for _ in processes]
    for process in processes:
        process.join()
    return {"seconds": max(end for _, end in spans) - min(start for start, _ in spans)}


def main():
    mode, path, trials = sys.argv[1], sys.argv[2], int(sys.argv[3])
    if mode == "write":
        print(json.dumps(write(path, trials)))
    elif mode == "open":
        print(json.dumps(load(path)))
    else:
        print(json.dumps(work(path, trials, int(sys.argv[4]))))


if __name__ == "__main__":
    main()
