#!/usr/bin/env python3
"""The oracle itself, on studies that are written by hand: the rare things that no small run brings about."""

import gzip
import json
import pathlib
import tempfile
import unittest
import zlib

import oracle

CONFIG = """
[objectives]
acc = { goal = "max" }
[[constraint]]
metric = "ms"
at_most = 4.0
[[constraint]]
metric = "kb"
at_most = 0.0
weight = 0.5
[full]
top_k = 2
"""


class Study:
    """Writes the raw files."""

    def __init__(self, folder, epochs=(2, 8), config=CONFIG):
        self.run = pathlib.Path(folder)
        self.study = self.run / "search/study"
        (self.study / "claims/0").mkdir(parents=True)
        (self.study / "log").mkdir()
        (self.run / "run.toml").write_text(config)
        founding = {"objectives": [{"metric": "acc"}], "fidelities": [self.at(each) for each in epochs]}
        (self.study / "study.json").write_text(json.dumps(founding))

    @staticmethod
    def at(epochs):
        return {"epochs": epochs, "data": 1.0, "width": 1.0, "resolution": 1.0}

    def log(self, worker, *records, end=b""):
        lines = b""
        for record in records:
            body = json.dumps(record).encode()
            lines += b"%d %08x %s\n" % (len(body), zlib.crc32(body), body)
        with open(self.study / "log" / f"{worker}.0", "ab") as file:
            file.write(lines + end)

    def pack(self, *names):
        (self.study / "archive").mkdir(exist_ok=True)
        logs = [(name, (self.study / "log" / name).read_bytes()) for name in names]
        head = {"format": 1, "logs": [{"name": n, "dead": False, "bytes": len(b)} for n, b in logs]}
        (self.study / "archive/1.gz").write_bytes(
            gzip.compress(json.dumps(head).encode() + b"\n" + b"".join(b for _, b in logs))
        )
        for name in names:
            (self.study / "log" / name).unlink()

    def claim(self, name, worker="w"):
        (self.study / "claims/0" / name).write_text(worker)

    def close(self, members, name="closed"):
        (self.study / name).write_text(json.dumps({"reason": "", "failed": False, "members": members}))

    def done(self, number, metrics, epochs=8, rung=0, worker="w", x=1):
        self.log(worker, start(number, rung, 1, epochs, x), end(number, rung, 1, metrics))
        self.claim(f"{number}.{rung}.1", worker)
        self.claim(f"{number}.{rung}", worker)

    def truth(self):
        return oracle.Truth(self.run)


def start(number, rung, attempt, epochs, x):
    what = {"params": {"x": x}}
    return {"is": "start", "item": [number, rung], "attempt": attempt, "what": what, "at": Study.at(epochs)}


def end(number, rung, attempt, metrics, state="done", **more):
    outcome = {"state": state, "metrics": metrics, **more.pop("outcome", {})}
    return {"is": "end", "item": [number, rung], "attempt": attempt, "outcome": outcome, **more}


class OracleTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.study = Study(self.folder.name)

    def test_torn_and_damaged_lines_do_not_count(self):
        good = end(0, 0, 1, {"acc": 0.5, "ms": 1, "kb": 0})
        self.study.log("w", start(0, 0, 1, 8, 3), end=b"17 00000000 {\"is\":\"damaged\"}\n\n9 12")
        self.study.log("v", good, end=b"12 abcdef01 {\"is\":")  # no line break: not yet there
        self.study.claim("0.0", "v")
        truth = self.study.truth()
        self.assertEqual(truth.best.number, 0)
        self.assertEqual(truth.best.params, {"x": 3})

    def test_the_first_commit_wins_and_retried_ends_do_not_count(self):
        self.study.log("slow", start(0, 0, 1, 8, 1), end(0, 0, 1, {"acc": 0.1, "ms": 1, "kb": 0}))
        self.study.log(
            "fast",
            start(0, 0, 2, 8, 1),
            end(0, 0, 2, {}, outcome={"again": True}),
            start(0, 0, 3, 8, 1),
            end(0, 0, 3, {"acc": 0.3, "ms": 1, "kb": 0}),
            start(0, 0, 4, 8, 1),
            end(0, 0, 4, {}, "failed", outcome={"failure": "infrastructure"}),
        )
        self.study.claim("0.0", "fast")
        self.assertEqual(self.study.truth().best.value, 0.3)
        self.study.claim("0.0", "slow")
        self.assertEqual(self.study.truth().best.value, 0.1)

    def test_a_told_end_has_the_parameters_of_the_work_it_tells(self):
        self.study.log("w", start(0, 0, 1, 8, 1), start(0, 0, 2, 8, 2))
        self.study.log("scribe", end(0, 0, 3, {"acc": 0.4, "ms": 1, "kb": 0}, worked=1))
        self.study.claim("0.0", "scribe")
        self.assertEqual(self.study.truth().best.params, {"x": 1})

    def test_a_packed_log_is_read_like_another(self):
        self.study.done(0, {"acc": 0.5, "ms": 1, "kb": 0}, worker="a")
        self.study.done(1, {"acc": 0.6, "ms": 1, "kb": 0}, worker="b")
        self.study.pack("a.0", "b.0")
        self.assertEqual(self.study.truth().best.number, 1)

    def test_only_members_count_and_a_reopened_study_is_open(self):
        for number in range(3):
            self.study.done(number, {"acc": 0.5 + number, "ms": 1, "kb": 0})
        self.study.close([[0, 1, 0]])
        self.assertEqual(self.study.truth().best.number, 1)
        self.study.close([], "reopened.2")
        self.assertFalse(self.study.truth().closed)
        self.assertEqual(self.study.truth().best.number, 2)
        self.study.close([[0, 0, 0], [2, 2, 0]], "closed.2")
        self.assertEqual(self.study.truth().front, [2])
        self.assertEqual(sorted(self.study.truth().trials), [0, 2])

    def test_rungs_are_never_mixed(self):
        self.study.done(0, {"acc": 0.9, "ms": 1, "kb": 0}, epochs=2)
        self.study.done(1, {"acc": 0.5, "ms": 1, "kb": 0}, epochs=2)
        self.assertEqual(self.study.truth().best.number, 0)  # nobody came further
        self.study.done(1, {"acc": 0.6, "ms": 1, "kb": 0}, rung=1, x=7)
        truth = self.study.truth()
        self.assertEqual((truth.best.number, truth.best.params), (1, {"x": 7}))
        self.study.done(2, {"acc": None, "ms": 1, "kb": 0})  # done, and it takes nothing away from the others
        self.assertEqual(self.study.truth().counts["done"], 3)
        self.assertEqual(self.study.truth().best.number, 1)
        self.study.done(3, {"acc": 0.99, "ms": 1, "kb": 0}, epochs=100)  # from elsewhere, at no fidelity of ours
        self.assertEqual(self.study.truth().best.number, 1)

    def test_limits(self):
        self.study.done(0, {"acc": 0.9, "ms": 6, "kb": 0})
        self.study.done(1, {"acc": 0.9, "kb": 0})
        truth = self.study.truth()
        self.assertIsNone(truth.best)
        self.assertEqual([truth.trials[n].violation for n in (0, 1)], [0.5, float("inf")])
        self.assertEqual(truth.least.number, 0)
        self.study.done(2, {"acc": 0.5, "ms": 4, "kb": 0.3})
        self.study.done(3, {"acc": 0.4, "ms": 4, "kb": 0.0}, x=2)
        truth = self.study.truth()
        self.assertAlmostEqual(truth.trials[2].value, 0.35)  # where the bound is 0 the excess counts itself
        self.assertEqual(truth.best.number, 3)
        self.assertIsNone(truth.wrong_finalists([3, 2], 2))
        self.assertIn("by value", truth.wrong_finalists([2, 3], 2))
        self.assertIn("not feasible", truth.wrong_finalists([0], 1))

    def test_rewards_are_derived_whatever_the_log_says(self):
        config = """
[objectives]
score = { goal = "max", of = "acc" }
size = { goal = "min" }
[[reward]]
metric = "ms"
target = 2.0
[[reward]]
metric = "kb"
target = 8.0
kind = "soft"
"""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        study = Study(folder.name, config=config)
        study.study.joinpath("study.json").write_text(
            json.dumps({"objectives": [{"metric": "score"}, {"metric": "size"}], "fidelities": [Study.at(8)]})
        )
        study.done(0, {"acc": 0.8, "ms": 4, "kb": 8, "size": 5, "score": 99})
        study.done(1, {"acc": 0.8, "ms": 1, "kb": 4, "size": 9})
        study.done(2, {"acc": 0.8, "ms": 0, "kb": 4, "size": 1, "score": 99})  # cannot be derived
        truth = study.truth()
        self.assertAlmostEqual(truth.trials[0].value, 0.4)
        self.assertAlmostEqual(truth.trials[1].value, 0.8 * 2**0.07)
        self.assertFalse(truth.trials[2].comparable)
        self.assertNotIn("score", truth.trials[2].metrics)
        self.assertEqual(truth.front, [0, 1])


if __name__ == "__main__":
    unittest.main()
