"""Writes trainings.csv: 4 x 3 x 5 made-up networks with an accuracy for each of 12 epochs and the seconds until then."""
import csv
import math
import random

rng = random.Random(1)
with open("trainings.csv", "w", newline="") as file:
    table = csv.writer(file, lineterminator="\n")
    table.writerow(["layers", "w", "lr", "epoch", "test_acc", "weights", "seconds"])
    for layers in (1, 2, 3, 4):
        for width in (16, 32, 64):
            for lr in (0.001, 0.003, 0.01, 0.03, 0.1):
                weights = width * (64 + (layers - 1) * width + 10)
                best = 0.97 - 0.25 / math.sqrt(width) - 0.02 * abs(layers - 3) - 0.03 * abs(math.log10(lr) + 2) ** 2
                pace = 0.25 + 0.15 * (math.log10(lr) + 3)
                for epoch in range(1, 13):
                    accuracy = best * (1 - 0.8 * math.exp(-pace * epoch)) + rng.gauss(0, 0.003)
                    seconds = epoch * (2 + weights / 4000)
                    table.writerow([layers, width, lr, epoch, f"{accuracy:.4f}", weights, f"{seconds:.2f}"])
