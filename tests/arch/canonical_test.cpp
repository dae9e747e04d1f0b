// Which points of a space are the same training.
#include "arch/canonical.hpp"

#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <set>

#include "arch/network.hpp"
#include "base/error.hpp"
#include "base/json.hpp"

using namespace assay;

namespace {

space::Space space_of(const std::string& toml) { return space::Space::load(config::Config::parse(toml, "x.toml")); }

std::string hash_of(const std::string& blocks) {
  const auto model = base::Json{{"input", {3, 8, 8}}, {"blocks", base::Json::parse(blocks)}};
  return arch::canonical_hash(arch::lower(model, 4));
}

/// One cell of NAS-Bench-201 in the middle of a small network.
const char* const cell_space = R"([model]
input = [3, 4, 4]
blocks = [
  { op = "conv", kernel = 1, width = 4, order = "conv-norm" }, { use = "cell" }, { op = "pool", kind = "global-avg" },
  { op = "linear", width = "classes" },
]
[define.cell]
op = "dag"
nodes = 4
edge.choice = [
  { op = "zero" }, { op = "skip" }, { name = "conv1", op = "conv", kernel = 1, order = "act-conv-norm" },
  { name = "conv3", op = "conv", kernel = 3, order = "act-conv-norm" }, { op = "pool", kernel = 3, kind = "avg" },
]
)";

/// Operations of the edges 0-1, 0-2, 1-2, 0-3, 1-3, 2-3: 0 none, 1 skip, 2 conv 1x1, 3 conv 3x3, 4 pool.
using Cell = std::array<int, 6>;

/// How the paper's code names a cell (Dong and Yang, ICLR 2020, appendix: isomorphism by strings): a node is the sorted
/// list of its edges' texts, a skip is its input's text, an operation on "#" is "#".
std::string published_name(const Cell& cell) {
  std::array<std::string, 4> node{"0"};
  int edge = 0;
  for (std::size_t to = 1; to < 4; ++to) {
    std::vector<std::string> terms;
    for (std::size_t from = 0; from < to; ++from) {
      const int op = cell[static_cast<std::size_t>(edge++)];
      const auto& input = node[from];
      terms.push_back(op == 0 || input == "#" ? "#" : op == 1 ? input : "(" + input + ")@" + std::to_string(op));
    }
    std::sort(terms.begin(), terms.end());
    for (const auto& term : terms) node[to] += (node[to].empty() ? "" : "+") + term;
  }
  return node[3];
}

/// The same by what the network computes: none is no addend, sums of sums are one sum, a convolution of nothing is its
/// norm's offset, and the layers are counted, so that one used twice is not two.
std::string computed_name(const Cell& cell) {
  struct Term {
    std::string text;
    std::set<std::pair<int, std::string>> layers;
  };
  const auto text_of = [](std::vector<Term> terms) {
    std::vector<std::string> texts;
    for (const auto& term : terms) texts.push_back(term.text);
    std::sort(texts.begin(), texts.end());
    std::string text;
    for (const auto& one : texts) text += "+" + one;
    return text;
  };
  std::array<std::vector<Term>, 4> node;
  node[0] = {{"0", {}}};
  int edge = 0;
  for (std::size_t to = 1; to < 4; ++to) {
    for (std::size_t from = 0; from < to; ++from, ++edge) {
      const int op = cell[static_cast<std::size_t>(edge)];
      const auto input = node[from];
      if (op == 1) node[to].insert(node[to].end(), input.begin(), input.end());
      if (op < 2 || (op == 4 && input.empty())) continue;
      Term term{input.empty() ? "offset" : "(" + text_of(input) + ")@" + std::to_string(op), {}};
      for (const auto& one : input) term.layers.insert(one.layers.begin(), one.layers.end());
      if (op != 4) term.layers.insert({edge, term.text});
      node[to].push_back(term);
    }
  }
  std::set<std::pair<int, std::string>> layers;
  for (const auto& term : node[3]) layers.insert(term.layers.begin(), term.layers.end());
  std::vector<std::string> counted;
  for (const auto& [place, layer] : layers) counted.push_back(layer);
  std::sort(counted.begin(), counted.end());
  auto name = text_of(node[3]);
  for (const auto& layer : counted) name += " " + layer;
  return name;
}

}  // namespace

TEST_CASE("NAS-Bench-201 has 5,485 cells that differ in what they compute, against 6,466 published") {
  const auto space = space_of(cell_space);
  const auto all = space.enumerate(20'000);
  REQUIRE(all);
  const std::vector<std::string> ops{"zero", "skip", "conv1", "conv3", "pool"};
  std::set<std::string> published, computed, keys;
  std::set<std::pair<std::string, std::string>> pairs;
  for (const auto& params : *all) {
    Cell cell{};
    int edge = 0;
    for (const auto* name : {"0-1", "0-2", "1-2", "0-3", "1-3", "2-3"}) {
      const auto& op = std::get<std::string>(params.at(std::string("cell.edge.") + name));
      cell[static_cast<std::size_t>(edge++)] = static_cast<int>(std::find(ops.begin(), ops.end(), op) - ops.begin());
    }
    const auto key = arch::canonical(space, params, 10);
    published.insert(published_name(cell));
    computed.insert(computed_name(cell));
    keys.insert(key);
    pairs.insert({computed_name(cell), key});
  }
  CHECK(all->size() == 15'625);
  CHECK(published.size() == 6'466);
  // The gap: the published names keep "#" as an addend and sums of sums apart, take every operation on nothing for
  // nothing although its norm's offset remains, and do not tell a layer that is used twice from two layers.
  CHECK(computed.size() == 5'485);
  CHECK(keys.size() == 5'485);
  CHECK(pairs.size() == 5'485);  // the same classes, not only as many
}

TEST_CASE("a layer used twice is not two layers, wherever the uses are") {
  const auto dag = [](const std::string& edges) {
    return hash_of(R"([{"op": "conv", "width": 4}, {"op": "dag", "nodes": 6, "edges": )" + edges +
                   R"(}, {"op": "pool", "kind": "global-avg"}, {"op": "linear", "width": "classes"}])");
  };
  const auto edges = [](std::initializer_list<std::pair<const char*, const char*>> given) {
    auto all = base::Json::object();
    for (int j = 1; j < 6; ++j) {
      for (int i = 0; i < j; ++i) all[std::to_string(i) + "-" + std::to_string(j)] = {{"op", "zero"}};
    }
    for (const auto& [edge, op] : given) {
      all[edge] = op == std::string("skip")
                      ? base::Json{{"op", "skip"}}
                      : base::Json{{"op", "conv"}, {"kernel", op[0] - '0'}, {"order", "conv-norm"}};
    }
    return all.dump();
  };
  // Two layers A on the input; two layers B and one C on them: what stands on which A differs.
  const auto apart = dag(
      edges({{"0-1", "3"}, {"0-2", "3"}, {"1-3", "1"}, {"2-4", "1"}, {"1-5", "5"}, {"3-5", "skip"}, {"4-5", "skip"}}));
  const auto together = dag(
      edges({{"0-1", "3"}, {"0-2", "3"}, {"1-3", "1"}, {"1-4", "1"}, {"2-5", "5"}, {"3-5", "skip"}, {"4-5", "skip"}}));
  CHECK(apart != together);
  // The same with the two As exchanged.
  CHECK(apart ==
        dag(edges(
            {{"0-1", "3"}, {"0-2", "3"}, {"2-3", "1"}, {"1-4", "1"}, {"2-5", "5"}, {"3-5", "skip"}, {"4-5", "skip"}})));
}

TEST_CASE("training values and free parameters count, inactive and unused ones do not") {
  const auto space = space_of(R"([model]
input = [4]
blocks = [
  { name = "a", choice = [ { op = "skip" }, { name = "drop", op = "dropout", rate = { float = [0.0, 0.5] } } ] },
  { op = "residual", name = "r", body = [ { name = "inner", choice = [ { op = "zero" }, { name = "fc", op = "linear", width = 4 } ] }, { op = "act", kind.choice = ["relu", "tanh"] } ] },
  { op = "linear", width = "classes" },
]
[training]
lr.float = [0.1, 0.2]
[params.augment]
flip.choice = [true, false]
)");
  const auto key = [&](space::Params params) { return arch::canonical(space, space.with_defaults(params), 3); };
  const auto plain = key({});
  CHECK(plain == key({{"a", std::string("drop")}, {"a.drop.rate", 0.0}}));
  CHECK(plain != key({{"a", std::string("drop")}, {"a.drop.rate", 0.25}}));
  CHECK(plain == key({{"r.body.act.kind", std::string("tanh")}}));  // of zeros
  CHECK(key({{"r.body.inner", std::string("fc")}}) !=
        key({{"r.body.inner", std::string("fc")}, {"r.body.act.kind", std::string("tanh")}}));
  CHECK(plain != key({{"training.lr", 0.11}}));
  CHECK(plain != key({{"params.augment.flip", false}}));
}

TEST_CASE("without blocks, or where the network cannot be built, the point is its own key") {
  const auto free = space_of("[params.model]\nw.int = [1, 9]\n");
  CHECK(arch::canonical(free, free.defaults(), 1) == R"({"params.model.w":5})");
  const auto broken = space_of(R"([model]
input = [3, 8, 8]
blocks = [ { op = "conv", name = "c", width = 8, groups.choice = [4, 3] }, { op = "linear", width = "classes" } ]
)");
  CHECK(arch::canonical(broken, broken.defaults(), 2) == R"({"c.groups":3})");
  CHECK_THROWS_AS(arch::canonical(broken, {}, 2), base::Error);
}
