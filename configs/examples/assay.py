"""Talks to Assay from inside a trainer, as NNI's module does. Copy it beside your program; it needs nothing else.

nni.get_next_parameter() -> assay.params(); nni.report_intermediate_result(x) -> assay.report(x);
nni.report_final_result(x) -> assay.final(x), x a number (the metric "default") or a dict. Without Assay it prints.
"""
import json
import os

_steps = 0


def _write(line, value, metrics):
    line.update(value if isinstance(value, dict) else {} if value is None else {"default": value}, **metrics)
    line = {key: x if isinstance(x, (str, bool, int)) else float(x) for key, x in line.items()}  # NumPy's too
    if "ASSAY_METRICS" not in os.environ:
        return print("assay:", json.dumps(line))
    with open(os.environ["ASSAY_METRICS"], "a") as file:
        file.write(json.dumps(line) + "\n")


def params():
    """All values of [params.model], [params.training] and [params.augment] in one dict; {} without Assay."""
    if "ASSAY_PARAMS" not in os.environ:
        return {}
    with open(os.environ["ASSAY_PARAMS"]) as file:
        return {key: x for table in json.load(file).values() for key, x in table.items()}


def report(value=None, step=None, **metrics):
    """An intermediate result; steps are counted from 1 if you do not."""
    global _steps
    _steps = _steps + 1 if step is None else int(step)
    _write({"step": _steps}, value, metrics)


def final(value=None, **metrics):
    """The result, once, at the end."""
    _write({"final": True}, value, metrics)


def should_stop():
    """True when Assay wants the trial to end: save a checkpoint and exit with 75 ("pause"), or call final() ("stop")."""
    return os.path.exists(os.environ.get("ASSAY_STOP", ""))
