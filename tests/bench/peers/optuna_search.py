"""Optuna's samplers on the problems of tests/bench/search: optuna_search.py MODE PROGRAM PROBLEM SAMPLER TRIALS ...; prints one JSON line.

curves ... SEEDS   what is missing to the best after each trial, for the seeds 0 .. SEEDS - 1, as bench_search prints it
suggest ... [late] median seconds of one ask after TRIALS trials: of a fresh sampler, and after one more trial

PROGRAM is bench_search: it holds the problems and answers. SAMPLER is tpe, nsga2, nsga3 or random, with Optuna's own defaults.
"""

import json
import statistics
import subprocess
import sys
import time

import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)
samplers = {"tpe": optuna.samplers.TPESampler, "nsga2": optuna.samplers.NSGAIISampler,
            "nsga3": optuna.samplers.NSGAIIISampler, "random": optuna.samplers.RandomSampler}


def ask_program(program, *words):
    return json.loads(subprocess.run([program, *map(str, words)], capture_output=True, text=True, check=True).stdout)


class Problem:
    """Parameters as Optuna's distributions, and a process that answers."""

    def __init__(self, program, name):
        said = ask_program(program, "space", name)
        self.directions = ["maximize" if up else "minimize" for up in said["maximise"]]
        self.distributions = {key: self.distribution(domain) for key, domain in said["parameters"].items()}
        self.process = subprocess.Popen([program, "answer", name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    @staticmethod
    def distribution(domain):
        if "float" in domain:
            return optuna.distributions.FloatDistribution(*domain["float"])
        return optuna.distributions.CategoricalDistribution(domain["choice"])

    def answer(self, params):
        self.process.stdin.write(json.dumps(params) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def study(self, sampler, seed):
        return optuna.create_study(directions=self.directions, sampler=samplers[sampler](seed=seed))

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def run(problem, sampler, trials, seed):
    study = problem.study(sampler, seed)
    for _ in range(trials):
        trial = study.ask(problem.distributions)
        values = problem.answer(trial.params)
        if values is None:
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
        else:
            study.tell(trial, values)
    return {"regret": problem.answer({})}


def curves(program, name, sampler, trials, seeds):
    problem = Problem(program, name)
    start = time.perf_counter()
    found = [run(problem, sampler, trials, seed) for seed in range(seeds)]
    seconds = (time.perf_counter() - start) / seeds
    problem.close()
    return {"problem": name, "algorithm": sampler, "seconds": seconds, "curves": found}


def suggest(program, name, sampler, trials, late, rounds=3):
    problem = Problem(program, name)
    first, following = [], []
    for seed in range(rounds):
        past = ask_program(program, "past", name, trials, seed, *late)
        study = problem.study(sampler, seed)
        make = optuna.trial.create_trial
        study.add_trials([make(params=point, distributions=problem.distributions, values=values)
                          for point, values in zip(past["points"], past["values"])])
        for times in (first, following, following):
            start = time.perf_counter()
            trial = study.ask(problem.distributions)
            times.append(time.perf_counter() - start)
            study.tell(trial, problem.answer(trial.params))
    problem.close()
    return {"first": statistics.median(first), "next": statistics.median(following)}


def main():
    mode, program, name, sampler, trials, *rest = sys.argv[1:]
    if mode == "curves":
        print(json.dumps(curves(program, name, sampler, int(trials), int(rest[0]))))
    else:
        print(json.dumps(suggest(program, name, sampler, int(trials), rest)))


if __name__ == "__main__":
    main()
