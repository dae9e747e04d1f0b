// The concrete form of [model] that space::Space::instantiate gives and arch::lower reads. Domains, `use`, `define`, `draw`
// and `ref` are resolved; what is left is:
//
//   { "input": [c, h, w] or [features],
//     "blocks": [ block, ... ] }
//
//   block: { "op": "conv" | "sepconv" | "mbconv" | "pool" | "norm" | "act" | "dropout" | "linear" | "flatten" | "skip" |
//            "zero" | "residual" | "dag",
//            "name": "<unique; '#3' or 'conv#3' where the user gave none>", <attributes of the op> }
//   "repeat": n         the block n times in a row; `stride` counts in the first copy only
//   "layers": [ .. ]    with draw = "per-layer": n objects that overlay the block's attributes, copy by copy
//   "width": "classes"  the number of outputs
//   conv:     kernel, width (default: that of its input), stride, dilation, groups, bias (default: only without norm),
//             act ("relu"), order ("conv-norm-act"; any order of conv, norm, act, each at most once)
//   sepconv:  depthwise + pointwise, attributes of conv
//   mbconv:   kernel, expand, width, stride, se (share of the block's input channels, 0 = none), act; a skip connection where
//             stride is 1 and the widths agree
//   pool:     kind ("max" | "avg" | "global-avg"), kernel, stride (default: kernel at the top level, 1 inside a dag)
//   linear:   width, act, bias        dropout: rate        act: kind        norm: kind ("batch" | "layer")
//   residual: body [blocks], shortcut [blocks] (default: identity, or conv 1x1 where shapes differ), act after the sum
//   dag:      nodes n, "edges": { "0-1": block, ... } for all i < j < n: node j sums its edges, the last node is the output
#pragma once

#include "arch/network.hpp"
