"""Writes reference.json: inputs, weights, outputs and gradients of single layers, computed by torch.nn in Python.

    python tests/nn/make_reference.py > tests/nn/reference.json
"""
import json
import sys

import torch
import torch.nn.functional as F

torch.manual_seed(20)
cases = []


def rounded(tensor):
    return {"shape": list(tensor.shape), "values": [float(f"{v:.9g}") for v in tensor.detach().flatten().tolist()]}


def grid(*shape):
    """Inputs with few digits, so that the file is short and exact in single precision."""
    return (torch.randn(shape) * 16).round() / 16


def case(name, nodes, module, shapes, training=False):
    """One node (or a few) of ours against `module`; the gradient is that of the sum of squares."""
    inputs = [grid(*shape).requires_grad_() for shape in shapes]
    if isinstance(module, torch.nn.Module):
        module.train(training)
        with torch.no_grad():
            for parameter in module.parameters():
                parameter.copy_(grid(*parameter.shape))
        state = {k: rounded(v) for k, v in module.state_dict().items() if "num_batches" not in k}
    else:
        state = {}
    output = module(*inputs)
    (output ** 2).sum().backward()
    entry = {"name": name, "nodes": nodes, "training": training, "inputs": [rounded(x) for x in inputs],
             "state": state, "output": rounded(output), "gradients": [rounded(x.grad) for x in inputs]}
    if isinstance(module, torch.nn.Module):
        entry["parameter_gradients"] = {k: rounded(p.grad) for k, p in module.named_parameters()}
        entry["buffers_after"] = {k: rounded(v) for k, v in module.named_buffers() if "num_batches" not in k}
    cases.append(entry)


def node(op, **attributes):
    return [{"op": op, "attributes": attributes}]


nn = torch.nn
case("conv", node("conv", width=3, kernel=3, padding=1), nn.Conv2d(2, 3, 3, padding=1), [(2, 2, 4, 5)])
case("conv, stride, no bias", node("conv", width=2, kernel=3, stride=2, padding=1, bias=0),
     nn.Conv2d(2, 2, 3, 2, 1, bias=False), [(1, 2, 5, 5)])
case("conv, groups and dilation", node("conv", width=4, kernel=3, padding=2, dilation=2, groups=2),
     nn.Conv2d(4, 4, 3, padding=2, dilation=2, groups=2), [(1, 4, 5, 5)])
case("conv, depthwise 5x5", node("conv", width=3, kernel=5, padding=2, groups=3, bias=0),
     nn.Conv2d(3, 3, 5, padding=2, groups=3, bias=False), [(1, 3, 4, 4)])
case("batch norm, training", node("norm", kind="batch"), nn.BatchNorm2d(2), [(3, 2, 2, 2)], training=True)
case("batch norm, evaluation", node("norm", kind="batch"), nn.BatchNorm2d(2), [(2, 2, 2, 2)])
case("batch norm, features", node("norm", kind="batch"), nn.BatchNorm1d(3), [(4, 3)], training=True)
case("layer norm, features", node("norm", kind="layer"), nn.LayerNorm(4), [(2, 4)], training=True)
case("layer norm, image", node("norm", kind="layer"), nn.GroupNorm(1, 2), [(2, 2, 2, 3)], training=True)
case("linear", node("linear", width=3), nn.Linear(4, 3), [(2, 4)])
case("max pool", node("pool", kind="max", kernel=3, stride=2, padding=1), nn.MaxPool2d(3, 2, 1), [(1, 2, 5, 5)])
case("average pool without padding", node("pool", kind="avg", kernel=3, stride=1, padding=1, count_padding=0),
     nn.AvgPool2d(3, 1, 1, count_include_pad=False), [(1, 2, 4, 4)])
case("average pool with padding", node("pool", kind="avg", kernel=3, stride=2, padding=1, count_padding=1),
     nn.AvgPool2d(3, 2, 1), [(1, 2, 5, 5)])
case("global average pool", node("pool", kind="global-avg"),
     nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()), [(2, 3, 2, 3)])
for kind, module in {"relu": nn.ReLU(), "relu6": nn.ReLU6(), "hswish": nn.Hardswish(), "swish": nn.SiLU(),
                     "gelu": nn.GELU(), "sigmoid": nn.Sigmoid(), "hsigmoid": nn.Hardsigmoid(), "tanh": nn.Tanh(),
                     "leaky": nn.LeakyReLU()}.items():
    case(kind, node("act", kind=kind), nn.Sequential(module), [(2, 5)])


class SqueezeExcite(nn.Module):
    def __init__(self):
        super().__init__()
        self.n2 = nn.Linear(4, 2)
        self.n4 = nn.Linear(2, 4)

    def forward(self, x):
        factor = F.hardsigmoid(self.n4(F.relu(self.n2(x.mean((2, 3))))))
        return x * factor[:, :, None, None]


case("squeeze-excitation", [
    {"op": "pool", "inputs": [0], "attributes": {"kind": "global-avg"}},
    {"op": "linear", "inputs": [1], "attributes": {"width": 2}},
    {"op": "act", "inputs": [2], "attributes": {"kind": "relu"}},
    {"op": "linear", "inputs": [3], "attributes": {"width": 4}},
    {"op": "act", "inputs": [4], "attributes": {"kind": "hsigmoid"}},
    {"op": "scale", "inputs": [0, 5], "attributes": {}}], SqueezeExcite(), [(2, 4, 2, 2)])

losses = []
for smoothing in (0.0, 0.1):
    logits = grid(4, 5).requires_grad_()
    labels = torch.tensor([0, 4, 2, 2])
    loss = F.cross_entropy(logits, labels, label_smoothing=smoothing)
    loss.backward()
    losses.append({"smoothing": smoothing, "logits": rounded(logits), "labels": labels.tolist(),
                   "loss": loss.item(), "gradient": rounded(logits.grad)})

json.dump({"torch": torch.__version__, "layers": cases, "cross_entropy": losses}, sys.stdout, indent=None,
          separators=(",", ":"))
print()
