// The concrete form of [model] that space::Space::instantiate gives and arch::lower reads. Domains, `use`, `define`,
// `draw` and `ref` are resolved; what is left is:
//
//   { "input": [c, h, w] or [features],
//     "blocks": [ block, ... ] }
//
//   block: { "op": "conv" | "sepconv" | "mbconv" | "pool" | "norm" | "act" | "dropout" | "linear" | "flatten" |
//                  "skip" | "zero" | "residual" | "dag" | "cell",
//            "name": "<unique; '#3' or 'conv#3' where the user gave none>", <attributes of the op> }
//   "repeat": n         the block n times in a row (0: not at all); strides count in the first copy only
//   "layers": [ .. ]    with draw = "per-layer": n objects that overlay the block's attributes, copy by copy
//   "width": "classes"  the number of outputs
//   conv:     kernel (3), width (default: that of its input), stride, dilation, groups, bias (default: only without
//             norm), act ("relu"; "none"), order ("conv-norm-act"; any order of conv, norm, act, each at most once),
//             norm ("batch")
//   sepconv:  depthwise + pointwise, attributes of conv but groups
//   mbconv:   kernel, expand, width, stride, se (share of the block's input channels, 0 = none), act, gate (of se:
//             "hsigmoid" with hswish, else "sigmoid"), norm; a skip connection where stride is 1 and the widths agree
//   pool:     kind ("max" | "avg" | "global-avg"), kernel (2; 3 inside a dag), stride (default: the kernel; 1 inside a
//             dag), count_padding (false)
//   linear:   width, act ("none"), bias; an image is flattened
//   dropout:  rate        act: kind ("relu")        norm: kind ("batch" | "layer")
//   residual: body [blocks], shortcut [blocks] (default: identity, or conv 1x1 with norm where shapes differ; a conv
//             written there defaults to order "conv" without bias), act after the sum ("none"); width and stride are
//             defaults for the blocks inside
//   dag:      nodes n, "edges": { "0-1": block, ... } for all i < j < n: node j sums its edges, the last node is the
//             output; "edge": one block for all edges; width: default for the blocks inside
//   cell:     NASNet's: node 0 is what the cell before read (behind any other block: what this one reads), node 1 what
//             this one reads, both projected (relu, conv 1x1, norm) to `width`; nodes 2 .. nodes + 1 sum `inputs` (2)
//             edges each: "edges": { "2.1": block, ... } for node.input, or "edge": one block for all; "from": { "2.1":
//             node } says what it reads. The output concatenates the nodes that none reads, or all inner ones: join
//             ("unused" | "all"). With stride 2 the edges from nodes 0 and 1 have it; what keeps its size is projected
//
// Names of nodes for messages: "s3", "s3.2" in the second copy, "cell.0-1" on an edge (of a cell: "cell.2.1"),
// "down.conv#1" in a residual.
#pragma once

#include "arch/network.hpp"
