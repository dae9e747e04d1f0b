// Shape and cost rules of the primitives; the table in primitives.cpp refers to them.
#pragma once

#include "arch/primitives.hpp"

namespace assay::arch::rules {

using Shapes = std::vector<Shape>;

Shape given(const Node& node, const Shapes& inputs);  ///< input, zero: the shape stands in the attributes
Shape same(const Node& node, const Shapes& inputs);
Shape conv(const Node& node, const Shapes& inputs);
Shape pool(const Node& node, const Shapes& inputs);
Shape linear(const Node& node, const Shapes& inputs);
Shape flatten(const Node& node, const Shapes& inputs);
Shape add(const Node& node, const Shapes& inputs);
Shape concat(const Node& node, const Shapes& inputs);
Shape scale(const Node& node, const Shapes& inputs);

Cost free_of_cost(const Node& node, const Shapes& inputs);
Cost conv_cost(const Node& node, const Shapes& inputs);
Cost linear_cost(const Node& node, const Shapes& inputs);
Cost norm_cost(const Node& node, const Shapes& inputs);

}  // namespace assay::arch::rules
