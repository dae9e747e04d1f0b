// Concrete models in the form of arch/lower.hpp, for the tests of arch and nn.
#pragma once

#include <string>

#include "base/json.hpp"

namespace assay::test {

/// NAS-Bench-201: 15 equal cells of 6 edges; edges in the order 0-1, 0-2, 1-2, 0-3, 1-3, 2-3.
inline base::Json nb201(const std::vector<std::string>& operations, int cells = 5) {
  const auto edge = [](const std::string& name) -> base::Json {
    if (name == "conv3") return {{"op", "conv"}, {"name", name}, {"kernel", 3}, {"order", "act-conv-norm"}};
    if (name == "conv1") return {{"op", "conv"}, {"name", name}, {"kernel", 1}, {"order", "act-conv-norm"}};
    if (name == "pool") return {{"op", "pool"}, {"kernel", 3}, {"kind", "avg"}};
    return {{"op", name}};
  };
  base::Json cell = {{"op", "dag"}, {"name", "cell"}, {"nodes", 4}, {"repeat", cells}, {"edges", base::Json::object()}};
  const char* keys[] = {"0-1", "0-2", "1-2", "0-3", "1-3", "2-3"};
  for (std::size_t i = 0; i < 6; ++i) cell["edges"][keys[i]] = edge(operations[i % operations.size()]);
  const auto down = [](int width) {
    auto json = base::Json::parse(R"({"op": "residual", "name": "down",
      "body": [{"op": "conv", "kernel": 3, "order": "act-conv-norm", "stride": 2},
               {"op": "conv", "kernel": 3, "order": "act-conv-norm"}],
      "shortcut": [{"op": "pool", "kernel": 2, "stride": 2, "kind": "avg"}, {"op": "conv", "kernel": 1}]})");
    json["width"] = width;
    return json;
  };
  return {{"input", {3, 32, 32}},
          {"blocks",
           {{{"op", "conv"}, {"kernel", 3}, {"width", 16}, {"order", "conv-norm"}},
            cell,
            down(32),
            cell,
            down(64),
            cell,
            {{"op", "norm"}},
            {{"op", "act"}, {"kind", "relu"}},
            {{"op", "pool"}, {"kind", "global-avg"}},
            {{"op", "linear"}, {"width", "classes"}}}}};
}

/// The model of the given blocks (JSON text).
inline base::Json model(const std::string& input, const std::string& blocks) {
  return base::Json::parse(R"({"input": )" + input + R"(, "blocks": )" + blocks + "}");
}

}  // namespace assay::test
