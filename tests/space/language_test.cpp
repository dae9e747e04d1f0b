// The language of spaces: naming, defines, overlays, references, constraints.
#include "space/domain.hpp"
#include "spaces.hpp"

using namespace assay;
using test::space_of;

namespace {

std::vector<std::string> names(const space::Space& space) {
  std::vector<std::string> result;
  for (const auto& parameter : space.parameters()) result.push_back(parameter.name);
  return result;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("dotted keys and inline tables are the same domain") {
  const auto dotted = space_of("[params.model]\nkernel.choice = [3, 5]\nkernel.default = 5\n");
  const auto inlined = space_of("[params.model]\nkernel = { choice = [3, 5], default = 5 }\n");
  CHECK(dotted.describe() == inlined.describe());
  CHECK(space::to_text(dotted.defaults().at("params.model.kernel")) == "5");
}

TEST_CASE("draw: once, per-use, per-layer") {
  const auto load = [](const std::string& draw) {
    return space_of(R"([model]
blocks = [ { use = "b", name = "x" }, { use = "b", name = "y", width.choice = [1, 2] } ]
[define.b]
op = "conv"
repeat = 2
kernel.choice = [3, 5]
)" + draw);
  };
  CHECK(names(load("")) == Names{"b.kernel", "y.width"});
  CHECK(names(load("draw = \"per-use\"")) == Names{"x.kernel", "y.kernel", "y.width"});
  CHECK(names(load("draw = \"per-layer\"")) ==
        Names{"x.1.kernel", "x.2.kernel", "y.width", "y.1.kernel", "y.2.kernel"});
  const auto concrete = load("draw = \"per-layer\"").instantiate(load("draw = \"per-layer\"").defaults());
  CHECK(concrete["model"]["blocks"][1].dump() ==
        R"({"op":"conv","name":"y","repeat":2,"width":1,"layers":[{"kernel":3},{"kernel":3}]})");
}

TEST_CASE("a cell draws what each input of each node reads, and what is done to it") {
  const auto load = [](const std::string& more) {
    return space_of(
        "[model]\nblocks = [ { use = \"b\", repeat = 2 } ]\n[define.b]\nop = \"cell\"\n"
        "edge.choice = [{ op = \"skip\" }, { op = \"conv\" }]\n" +
        more);
  };
  const auto one = load("nodes = 1");
  CHECK(names(one) == Names{"b.from.2.1", "b.edge.2.1", "b.from.2.2", "b.edge.2.2"});
  CHECK(one.size().exact == 2 * 2 * 2 * 2);
  CHECK(one.instantiate(one.defaults())["model"]["blocks"][0]["from"].dump() == R"({"2.1":1,"2.2":0})");
  CHECK(load("nodes = 2\ninputs = 1").size().exact == 2 * 2 * (3 * 2));
  CHECK(names(load("nodes = 1\ninputs = 1\ndraw = \"per-layer\"")) ==
        Names{"b.1.from.2.1", "b.1.edge.2.1", "b.2.from.2.1", "b.2.edge.2.1"});
  CHECK(names(load("nodes = 1\nfrom = { \"2.1\" = 0, \"2.2\" = 0 }")) == Names{"b.edge.2.1", "b.edge.2.2"});

  // Of a searched number of nodes, the later ones exist only sometimes.
  const auto some = load("nodes.int = [1, 2]\ninputs = 1");
  CHECK(some.size().exact == 4 + 4 * 6);
  auto params = some.defaults();
  params["b.nodes"] = std::int64_t{1};
  std::erase_if(params, [&](const auto& item) { return !some.active(*some.find(item.first), params); });
  CHECK(some.instantiate(params)["model"]["blocks"][0]["from"].size() == 1);
  CHECK(some.instantiate(params)["model"]["blocks"][0]["edges"].size() == 1);
  params["b.nodes"] = std::int64_t{2};
  CHECK(some.instantiate(some.with_defaults(params))["model"]["blocks"][0]["edges"].size() == 2);
}

TEST_CASE("a use's own fields win, defines may build on defines") {
  const auto space = space_of(R"([model]
blocks = [ { use = "big", kernel = 7 }, { use = "big" } ]
[define.small]
op = "conv"
act = "relu"
kernel.choice = [3, 5]
[define.big]
use = "small"
width.choice = [64, 128]
act = "hswish"
)");
  CHECK(names(space) == Names{"big.width", "small.kernel"});
  const auto blocks = space.instantiate(space.defaults())["model"]["blocks"];
  CHECK(blocks[0]["kernel"] == 7);
  CHECK(blocks[0]["act"] == "hswish");
  CHECK(blocks[0]["op"] == "conv");
  CHECK(blocks[0]["name"] == "big#1");
  CHECK(blocks[1]["kernel"] == 3);
}

TEST_CASE("nested blocks are named by their path") {
  const auto space = space_of(R"([model]
blocks = [ { op = "residual", name = "r", body = [ { op = "conv", kernel.choice = [1, 3] } ], shortcut = [ { op = "conv", kernel.choice = [1, 3] } ] } ]
)");
  CHECK(names(space) == Names{"r.body.conv.kernel", "r.shortcut.conv.kernel"});
  CHECK(space.instantiate(space.defaults())["model"]["blocks"][0]["body"][0]["name"] == "body.conv#1");
}

TEST_CASE("a block may be a choice of blocks") {
  const auto space = space_of(R"([model]
blocks = [ { name = "l1", choice = [ { op = "skip" }, { name = "k3", op = "mbconv", kernel = 3, expand.choice = [1, 3] } ], default = "k3" } ]
)");
  CHECK(names(space) == Names{"l1", "l1.k3.expand"});
  CHECK(space.instantiate(space.defaults())["model"]["blocks"][0].dump() ==
        R"({"op":"mbconv","name":"l1","kernel":3,"expand":1})");
}

TEST_CASE("the searched operation of a define keeps its attributes") {
  const auto space = space_of(R"([model]
blocks = [ { use = "s", name = "a", width = 8 } ]
[define.s]
op = { choice = ["conv", "sepconv"], default = "sepconv" }
draw = "per-use"
)");
  CHECK(names(space) == Names{"a.op"});
  CHECK(space.instantiate(space.defaults())["model"]["blocks"][0]["op"] == "sepconv");
}

TEST_CASE("items without names are labelled by op, by their content where that is not unique") {
  const auto space = space_of(R"([model]
blocks = [ { name = "x", choice = [ { op = "conv", kernel = 1 }, { op = "conv", kernel = 3 }, { op = "skip" } ] } ]
)");
  CHECK(space::to_text(space.find("x")->domain) == "conv(kernel=1) | conv(kernel=3) | skip");

  // A new item renames none, keys may change places, and names with such characters stand in quotes.
  const auto more = space_of(R"([model]
blocks = [ { name = "x", choice = [ { op = "conv", kernel = 5 }, { op = "conv", act = "relu", kernel = 1 }, { kernel = 3, op = "conv" } ], default = { op = "conv", kernel = 3 } } ]
[params.model]
y.choice = [ { lr = 0.1, steps = [1, 2], stem = { deep = true } }, { use = "z", w.choice = [1, 2] }, "off" ]
[[constraint]]
require = "x != 'conv(kernel=5)' or 'params.model.y' == 'off'"
)");
  CHECK(space::to_text(more.find("x")->domain) == "conv(kernel=5) | conv(act=relu, kernel=1) | conv(kernel=3)");
  CHECK(space::to_text(more.find("params.model.y")->domain) == "lr=0.1, stem={deep=true}, steps=[1, 2] | z | off");
  CHECK(more.find("params.model.y.z.w") != nullptr);
  CHECK(space::to_text(more.find("x")->domain.initial) == "conv(kernel=3)");
  CHECK(more.instantiate(more.defaults())["model"]["blocks"][0]["kernel"] == 3);
}

TEST_CASE("parameters below a label of content can be named in constraints") {
  const auto space = space_of(R"([model]
blocks = [ { name = "x", choice = [ { use = "c", width = 8 }, { use = "c", width = 16 } ] } ]
[define.c]
op = "conv"
draw = "per-use"
kernel.choice = [1, 3, 5]
[[constraint]]
require = "'x.c(width=16).kernel' <= 3"
)");
  CHECK(names(space) == Names{"x", "x.c(width=8).kernel", "x.c(width=16).kernel"});
  CHECK(space.valid_size().exact == 5);
}

TEST_CASE("stage overlays may hold domains or fix them") {
  const char* const toml = R"([training]
lr.float = [1e-4, 1e-1]
epochs = 30
[search.training]
lr = 1e-3
batch_size.choice = [32, 64]
)";
  CHECK(names(space_of(toml, "search")) == Names{"training.batch_size"});
  CHECK(names(space_of(toml, "proxy")) == Names{"training.lr"});
  CHECK(space_of(toml).instantiate(space_of(toml).defaults())["training"]["lr"] == 1e-3);
}

TEST_CASE("points of the search with the concrete values of another stage") {
  const auto config = config::Config::parse(R"([training]
lr.float = [1e-4, 1e-1]
epochs = 30
weight_decay = 0.1
[search.training]
weight_decay = 0.2
batch_size.choice = [32, 64]
[full.training]
epochs = 50
)",
                                            "test.toml");
  const auto searched = space::Space::load(config, "search"), full = space::Space::load(config, "search", "full");
  CHECK(names(full) == names(searched));
  auto point = searched.defaults();
  point["training.batch_size"] = std::int64_t{64};
  const auto values = full.instantiate(point)["training"];
  CHECK(values["batch_size"] == 64);     // found by the search
  CHECK(values["epochs"] == 50);         // [full.training]
  CHECK(values["weight_decay"] == 0.1);  // [search.training] is not meant here
  CHECK(searched.instantiate(point)["training"]["weight_decay"] == 0.2);
  const auto fixed = space::Space::load(config.with({"full.training.lr=0.5"}), "search", "full");
  CHECK(fixed.instantiate(point)["training"]["lr"] == 0.5);
}

TEST_CASE("a residual's body may be a choice of lists") {
  const auto space = space_of(R"([model]
blocks = [ { op = "residual", name = "r", body = { choice = [ [ { op = "conv", kernel.choice = [1, 3] } ], [ { op = "skip" }, { op = "act" } ] ] } } ]
)");
  CHECK(names(space) == Names{"r.body", "r.body.conv.conv.kernel"});
  const auto block = space.instantiate({{"r.body", std::string("skip+act")}})["model"]["blocks"][0];
  CHECK(block["body"].dump() == R"([{"op":"skip","name":"skip#1"},{"op":"act","name":"act#2"}])");
}

TEST_CASE("references to parameters and to fixed numbers") {
  const auto space = space_of(R"([model]
blocks = [
  { op = "conv", name = "a", width.choice = [8, 16], kernel = 5 },
  { op = "conv", name = "b", width.ref = "a.width", kernel.ref = "a.kernel" },
]
)");
  CHECK(names(space) == Names{"a.width"});
  const auto block = space.instantiate({{"a.width", std::int64_t{16}}})["model"]["blocks"][1];
  CHECK(block["width"] == 16);
  CHECK(block["kernel"] == 5);
}

TEST_CASE("constraints: arithmetic, block names stand for widths, inactive sides hold") {
  const auto space = space_of(R"([model]
blocks = [
  { op = "linear", name = "h1", width = { int = [1, 100], default = 50 } },
  { op = "linear", name = "h2", width = { int = [1, 100], default = 20 } },
  { op = "linear", name = "h3", width = 30 },
  { name = "t", choice = [ { op = "skip" }, { name = "deep", op = "linear", width.int = [1, 10] } ] },
]
[[constraint]]
require = "2 * (3 + 1) + h2 <= h1"
[[constraint]]
require = "h1.width > h3"
[[constraint]]
require = "t.deep.width == 5"
)");
  using P = space::Params;
  const auto point = [](std::int64_t a, std::int64_t b) {
    return P{{"h1.width", a}, {"h2.width", b}, {"t", std::string("skip")}};
  };
  CHECK(space.satisfies_constraints(point(50, 42)));
  CHECK_FALSE(space.satisfies_constraints(point(50, 43)));
  CHECK_FALSE(space.satisfies_constraints(point(30, 1)));
  auto deep = point(50, 10);
  deep["t"] = std::string("deep");
  deep["t.deep.width"] = std::int64_t{4};
  CHECK_FALSE(space.satisfies_constraints(deep));
  CHECK_THROWS_AS(space.check(deep), base::Error);
}

TEST_CASE("check names what is wrong with a point") {
  const auto space = test::example("own_trainer");
  const auto message = [&](space::Params params) -> std::string {
    try {
      space.check(params);
    } catch (const base::Error& error) {
      return error.what();
    }
    return "";
  };
  auto params = space.defaults();
  CHECK(message(params).empty());
  params["params.model.width"] = std::int64_t{33};
  CHECK(message(params).find("params.model.width: 33 is outside of 32 .. 128 in steps of 8") != std::string::npos);
  params = space.defaults();
  params["params.model.widht"] = std::int64_t{32};
  CHECK(message(params).find("did you mean params.model.width?") != std::string::npos);
  params = space.defaults();
  params.erase("params.model.depth");
  CHECK(message(params).find("has no value") != std::string::npos);
  params = space.defaults();
  params["params.model.mixer.attn.heads"] = std::int64_t{2};
  CHECK(message(params).find("does not exist at this point") != std::string::npos);
}

TEST_CASE("a space without domains has one point") {
  const auto space = space_of("[model]\nblocks = [ { op = \"linear\", width = \"classes\" } ]\n");
  CHECK(space.parameters().empty());
  CHECK(space.enumerate(10)->size() == 1);
  auto rng = base::Rng(1, "test", 0, "empty");
  CHECK(space.sample(rng).empty());
  CHECK(space.mutate({}, rng).empty());
  CHECK(space.log10_size() == 0);
}

TEST_CASE("warnings: many choices, unused defines, huge spaces") {
  const auto space = space_of(R"([model]
blocks = [ { use = "wide", name = "w" } ]
[define.wide]
op = "conv"
draw = "per-layer"
repeat = 30
kernel.choice = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]
[define.spare]
op = "conv"
)");
  const auto warnings = space.warnings();
  CHECK(warnings.size() == 1 + 1 + 30);
  CHECK(warnings[0].find("[define.spare] is never used") != std::string::npos);
  CHECK(warnings[1].find("10^31") != std::string::npos);
}
