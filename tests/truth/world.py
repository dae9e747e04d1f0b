"""The trainings of the matrix test in closed form: one world for the table, the command and the loop by hand.

It has what makes surfaces differ: short trainings that mislead about long ones, equal scores, large networks that are better
and break the limits, points that fail, and points that no table knows.
"""

import math

DEPTHS, WIDTHS, RATES = (1, 2, 3, 4), (16, 32, 64), (0.001, 0.003, 0.01, 0.03, 0.1)
EPOCHS = 8


def missing(depth, width, lr):
    """Points without a row: infeasible trials."""
    return (depth, width) == (4, 64) and lr >= 0.03 or (depth, width, lr) == (1, 16, 0.001)


def broken(depth, width, lr):
    """Trainings that end without a score."""
    return width == 16 and lr >= 0.1 and depth >= 2


def measure(depth, width, lr, epochs, seed=0):
    """Metrics of a training. Great rates are quick and end low; scores are coarse, so that some are equal."""
    best = 0.97 - 0.25 / math.sqrt(depth * width / 16) - 0.05 * abs(math.log10(lr) + 2) ** 2
    speed = 0.15 + 0.5 * (math.log10(lr) + 3) / 2
    accuracy = best * (1 - math.exp(-speed * epochs)) - 0.04 * max(0, math.log10(lr) + 2)
    accuracy = round(0.5 + accuracy / 2, 2) + 0.001 * (seed % 3)
    return {
        "accuracy": round(accuracy, 4),
        "rmse": round(10 * (1 - accuracy), 3),
        "latency_ms": depth * width / 32,
        "parameters": 100 * depth * width,
    }
