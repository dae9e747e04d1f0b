#include "nn/network_py.hpp"

namespace assay::nn {

std::string_view network_py() {
  return R"py("""Rebuilds the network of network.json with the weights of weights.safetensors, both beside this file.

    from network import load
    model = load()                       # torch.nn.Module in evaluation mode
    output = model(batch)                # {batch, channels, height, width} or {batch, features}
    batch = model.encode(rows)           # of tables: rows of texts, as lists or by column name, become numbers
    batch = model.encode(read_rows("new.csv", model.table))

    python network.py                    # number of parameters and a checksum of the output for a fixed input
    python network.py in.npy out.npy     # runs the network on a NumPy array
    python network.py in.csv out.csv     # of tables: predicts a class or a value for each row

Needs torch and numpy only. Inputs are raw, as the data hold them (pixels from 0 to 255, columns in their own units):
normalising them is part of the model. Outputs are logits of the classes `model.classes`, or, of a regression, values in
the units of the target, in double precision.
"""
import csv
import gzip
import io
import json
import pathlib
import struct
import sys

import numpy
import torch
import torch.nn.functional as F

TYPES = {"F64": numpy.float64, "F32": numpy.float32, "I64": numpy.int64, "I32": numpy.int32, "U8": numpy.uint8}
ACTS = {"relu": F.relu, "relu6": F.relu6, "hswish": F.hardswish, "swish": F.silu, "gelu": F.gelu,
        "sigmoid": torch.sigmoid, "hsigmoid": F.hardsigmoid, "tanh": torch.tanh, "leaky": F.leaky_relu}


def read_tensors(path):
    """Named tensors and metadata of a safetensors file."""
    data = pathlib.Path(path).read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8:8 + length])
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        array = numpy.frombuffer(data[begin:end], TYPES[entry["dtype"]]).reshape(entry["shape"])
        tensors[name] = torch.from_numpy(array.copy())
    return tensors, metadata


class LayerNorm(torch.nn.GroupNorm):
    """Over all values of one example, with a factor and an offset per channel."""
    def __init__(self, channels, epsilon):
        super().__init__(1, channels, epsilon)


def make_layer(node, nodes):
    """The module of one node, or None for primitives without weights."""
    op, a = node["op"], node["attributes"]
    if op in ("conv", "linear", "norm"):
        width_in = nodes[node["inputs"][0]]["shape"][0]
    if op == "conv":
        return torch.nn.Conv2d(width_in, a["width"], a["kernel"], a["stride"], a["padding"], a["dilation"],
                               a["groups"], bool(a["bias"]))
    if op == "linear":
        return torch.nn.Linear(width_in, a["width"], bool(a["bias"]))
    if op == "norm" and a["kind"] == "batch":
        norm = torch.nn.BatchNorm2d if len(node["shape"]) == 3 else torch.nn.BatchNorm1d
        return norm(width_in, a["epsilon"], a["momentum"])
    if op == "norm":
        return LayerNorm(width_in, a["epsilon"])
    if op == "dropout":
        return torch.nn.Dropout(a["rate"])
    return None


def pool(a, x):
    if a["kind"] == "global-avg":
        return x.mean((2, 3))
    if a["kind"] == "max":
        return F.max_pool2d(x, a["kernel"], a["stride"], a["padding"])
    return F.avg_pool2d(x, a["kernel"], a["stride"], a["padding"], count_include_pad=bool(a["count_padding"]))


def apply(node, inputs):
    """A primitive without weights."""
    op, a, x = node["op"], node["attributes"], inputs[0]
    if op == "act":
        return ACTS[a["kind"]](x)
    if op == "pool":
        return pool(a, x)
    if op == "add":
        return sum(inputs[1:], x)
    if op == "concat":
        return torch.cat(inputs, 1)
    if op == "scale":
        return x * inputs[1].reshape(inputs[1].shape + (1,) * (x.dim() - 2))
    if op == "flatten":
        return x.flatten(1)
    if op == "zero":
        return x.new_zeros([x.shape[0]] + node["shape"])
    if op == "identity":
        return x
    raise ValueError(f"unknown primitive {op}")


class Network(torch.nn.Module):
    def __init__(self, description, metadata=None):
        super().__init__()
        self.nodes = description["nodes"]
        for index, node in enumerate(self.nodes):
            layer = make_layer(node, self.nodes)
            if layer is not None:
                self.add_module(f"n{index}", layer)
        metadata = metadata or {}
        self.normalised = "mean" in metadata
        if self.normalised:
            extent = [-1] + [1] * (len(self.nodes[0]["shape"]) - 1)
            for name in ("mean", "std"):
                value = torch.tensor(json.loads(metadata[name]), dtype=torch.float32).reshape(extent)
                self.register_buffer(name, value, persistent=False)
        self.target = tuple(float(metadata[name]) for name in ("target_mean", "target_std") if name in metadata)
        self.classes = json.loads(metadata.get("classes", "[]"))
        self.table = json.loads(metadata.get("table", "null"))

    def forward(self, x):
        if not x.is_floating_point():
            x = x.float()
        if list(x.shape[1:]) != self.nodes[0]["shape"]:
            x = x.reshape([x.shape[0]] + self.nodes[0]["shape"])  # an image for a network that takes flat rows
        values = [(x - self.mean) / self.std if self.normalised else x]
        for index, node in enumerate(self.nodes[1:], 1):
            inputs = [values[i] for i in node["inputs"]]
            layer = getattr(self, f"n{index}", None)
            values.append(apply(node, inputs) if layer is None else layer(inputs[0]))
        if len(self.target) == 2:
            mean, std = self.target
            return values[-1].double() * std + mean
        return values[-1]

    def encode(self, rows):
        """Rows of a table as numbers: lists of all the file's fields, or dictionaries by column name."""
        if self.table is None:
            raise ValueError("this network was not trained on a table")
        columns = self.table["columns"]
        encoded = []
        for row in rows:
            fields = [str(row[c["name"] if isinstance(row, dict) else c["index"]]).strip() for c in columns]
            encoded.append([number for c, field in zip(columns, fields) for number in encode_field(c, field)])
        return torch.tensor(encoded, dtype=torch.float32)

    def predict(self, x):
        """Names of classes, or values."""
        with torch.no_grad():
            output = self(x)
        if self.target:
            return output.flatten().tolist()
        return [self.classes[i] if self.classes else i for i in output.argmax(1).tolist()]


def encode_field(column, field):
    """One number, or one for each category. Missing values are the training mean, or the category "?"."""
    missing = field in ("", "?", "-", "NA", "na", "N/A", "n/a", "NaN", "nan", "null")
    if "categories" in column:
        field = "?" if missing else field
        return [float(field == category) for category in column["categories"]]
    return [column["mean"] if missing else float(field)]


def read_rows(path, table):
    """Rows of a CSV file with the training file's columns; with a header, in any order and without the target."""
    path = pathlib.Path(path)
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    lines = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=table["delimiter"])
    rows = [[field.strip() for field in line] for line in lines if line]
    needed = {column["name"] for column in table["columns"]}
    if table["header"] and rows[0] == table["names"]:
        return rows[1:]
    if table["header"] and needed <= set(rows[0]):
        return [dict(zip(rows[0], row)) for row in rows[1:]]
    return rows


def load(folder=pathlib.Path(__file__).resolve().parent):
    """The network of a folder, ready to predict."""
    folder = pathlib.Path(folder)
    tensors, metadata = read_tensors(folder / "weights.safetensors")
    network = Network(json.loads((folder / "network.json").read_text()), metadata)
    lacking, unknown = network.load_state_dict(tensors, strict=False)
    lacking = [name for name in lacking if not name.endswith("num_batches_tracked")]
    if lacking or unknown:
        raise ValueError(f"weights.safetensors belongs to another network: lacking {lacking}, unknown {unknown}")
    return network.eval()


def main(arguments):
    network = load()
    if len(arguments) == 2 and network.table and ".csv" in arguments[0]:
        predictions = network.predict(network.encode(read_rows(arguments[0], network.table)))
        with open(arguments[1], "w", newline="") as file:
            csv.writer(file).writerows([["prediction"]] + [[value] for value in predictions])
        return
    if len(arguments) == 2:
        batch = torch.from_numpy(numpy.load(arguments[0]).astype(numpy.float32))
        with torch.no_grad():
            numpy.save(arguments[1], network(batch).numpy())
        return
    shape = network.nodes[0]["shape"]
    batch = torch.linspace(-1, 1, 2 * int(numpy.prod(shape))).reshape([2] + shape)
    with torch.no_grad():
        output = network(batch).double()
    weights = torch.arange(1, output.numel() + 1, dtype=torch.float64).reshape(output.shape)
    print(f"{sum(p.numel() for p in network.parameters())} parameters")
    print(f"checksum {(output * weights).sum().item():.6f}")


if __name__ == "__main__":
    main(sys.argv[1:])
)py";
}

}  // namespace assay::nn
