"""Writes reference.hpp: what PyTorch's own optimizers, loss and schedule give for a small network and fixed data.

Usage: python make_reference.py > reference.hpp     (any Python with torch; made with torch 2.11.0)
"""
import math

import torch

ROWS, INPUTS, OUTPUTS = 12, 4, 3


def fixed(*shape, phase=0.0):
    """The same numbers in C++: sin(1 + i * 0.7 + phase)."""
    n = math.prod(shape)
    return torch.tensor([math.sin(1 + i * 0.7 + phase) for i in range(n)], dtype=torch.float64).float().view(shape)


def network():
    net = torch.nn.Linear(INPUTS, OUTPUTS)
    with torch.no_grad():
        net.weight.copy_(fixed(OUTPUTS, INPUTS, phase=0.1))
        net.bias.copy_(fixed(OUTPUTS, phase=0.2))
    return net


def train(make, steps=6, smoothing=0.0, clip=0.0, cosine=False, regression=False):
    net = network()
    opt = make([{"params": [net.weight], "weight_decay": 0.05}, {"params": [net.bias], "weight_decay": 0.0}])
    base = opt.param_groups[0]["lr"]
    x = fixed(ROWS, INPUTS, phase=0.3)
    y = torch.arange(ROWS) % OUTPUTS
    for step in range(steps):
        for group in opt.param_groups:
            group["lr"] = base * 0.5 * (1 + math.cos(math.pi * step / steps)) if cosine else base
        opt.zero_grad()
        if regression:
            loss = torch.nn.functional.mse_loss(net(x)[:, 0], fixed(ROWS, phase=0.4))
        else:
            loss = torch.nn.functional.cross_entropy(net(x), y, label_smoothing=smoothing)
        loss.backward()
        if clip:
            torch.nn.utils.clip_grad_norm_(net.parameters(), clip)
        opt.step()
    with torch.no_grad():
        if regression:
            last = torch.nn.functional.mse_loss(net(x)[:, 0], fixed(ROWS, phase=0.4))
        else:
            last = torch.nn.functional.cross_entropy(net(x), y)
    return net.weight.flatten().tolist() + net.bias.tolist() + [last.item()]


def sgd(lr, momentum=0.0, nesterov=False):
    return lambda groups: torch.optim.SGD(groups, lr=lr, momentum=momentum, nesterov=nesterov)


def adamw(lr):
    return lambda groups: torch.optim.AdamW(groups, lr=lr, betas=(0.9, 0.99), eps=1e-8)


CASES = {
    "sgd_plain": train(sgd(0.1)),
    "sgd_momentum": train(sgd(0.1, 0.9)),
    "sgd_nesterov": train(sgd(0.1, 0.9, True)),
    "sgd_nesterov_cosine": train(sgd(0.1, 0.9, True), cosine=True),
    "adamw": train(adamw(0.05)),
    "adamw_smoothed_clipped_cosine": train(adamw(0.05), smoothing=0.1, clip=0.3, cosine=True),
    "sgd_clipped": train(sgd(0.5), clip=0.2),
    "adamw_regression": train(adamw(0.05), regression=True),
}

print("// Made by make_reference.py with torch " + torch.__version__.split("+")[0] + ": weights [3, 4], biases [3] and loss after six full-batch steps.")
print("#pragma once\n\n#include <vector>\n\nnamespace reference {\n")
for name, values in CASES.items():
    print(f"inline const std::vector<double> {name} = {{" + ", ".join(f"{v:.9g}" for v in values) + "};")
print("\n}  // namespace reference")
