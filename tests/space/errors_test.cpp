// What a wrong space gets: exit 64, the place, and a remedy.
#include "space/domain.hpp"
#include "spaces.hpp"

using namespace assay;
using test::error_of;

namespace {

bool says(const std::string& message, const std::string& part) {
  INFO("message: " << message);
  const bool found = message.find(part) != std::string::npos;
  CHECK(found);
  return found;
}

/// A value below [params.model], which takes any domain.
std::string with(const std::string& domain) { return error_of("[params.model]\nx = " + domain + "\n"); }

}  // namespace

TEST_CASE("wrong domains") {
  says(with("{ choice = [] }"), "test.toml:2:");
  says(with("{ choice = [] }"), "empty choice");
  says(with("{ choice = 3 }"), "expected a list");
  says(with("{ choice = [3, 3] }"), "listed twice");
  says(with("{ choice = [3, 5], default = 4 }"), "default 4 is not in the domain 3 | 5");
  says(with("{ choice = [3, 5], step = 2 }"), "unknown key step in a choice domain");
  says(with("{ choice = [3, 5], defualt = 3 }"), "did you mean default?");
  says(with("{ choice = [3], int = [1, 2] }"), "not both");
  says(with("{ int = [5, 5] }"), "is no range");
  says(with("{ int = [5, 1] }"), "is no range");
  says(with("{ int = [1, 2, 3] }"), "expected [lo, hi]");
  says(with("{ int = [1, 2.5] }"), "x");
  says(with("{ float = [0.0, 1.0], log = true }"), "must start above 0");
  says(with("{ float = [0.0, 1.0], step = 0 }"), "step must be above 0");
  says(with("{ float = [0.0, 1.0], step = 2 }"), "wider than the range");
  says(with("{ float = [0.0, 1.0], default = 1.5 }"), "not in the domain");
  says(with("{ normal = [0.0, 0.0] }"), "must be above 0");
  says(with("{ float = [0.0, inf] }"), "a number is needed here, not inf");
  says(with("{ float = [nan, 1.0] }"), "a number is needed here, not nan");
  says(with("{ normal = [inf, 1.0] }"), "a number is needed here");
  says(with("{ float = [1.0] }"), "expected [lo, hi]");
  says(with("{ int = [0, 9223372036854775807] }"), "too wide");
  says(with("{ float = [0.0, 1.0], step = 1e-300 }"), "over 10^15 pieces");
  says(with("{ choice = [3, \"5\"] }"), "mixes numbers and numbers in quotes");
  says(with("{ choice = [1, true] }"), "mixes numbers with true or false");
  says(with("{ choice = [true, \"true\"] }"), "true is listed twice, once in quotes");
  says(with("{ subset = [\"false\", false] }"), "false is listed twice, once in quotes");
  says(with("{ subset = [1, 2], k = 3 }"), "from 1 to 2");
  says(with("{ subset = [1, 2], distinct = false }"), "add k = 2");
  says(with("{ subset = [1, 2, 3], k = 40, distinct = false, sorted = false }"), "more than 10^15 values");
  says(with("{ ref = \"nothing\" }"), "no parameter has that name");
  says(with("[1, { choice = [1, 2] }]"), "add name");
}

TEST_CASE("items of a choice that have no label") {
  says(with("{ choice = [ { a.choice = [1, 2] }, \"off\" ] }"), "test.toml:2:18");
  says(with("{ choice = [ { a.choice = [1, 2] }, \"off\" ] }"), "are called after it: add name = \"..\" to it");
  says(with("{ choice = [ { op = \"conv\", a = 1 }, { op = \"conv\", a.int = [2, 3] } ] }"), "add name");
  says(with("{ choice = [ { a = 1 }, { a = \"1\" } ] }"), "another item of this choice is called a=1 too");
  says(with("{ choice = [ { a = 1 }, { a = 1 } ] }"), "a=1 is listed twice");
  says(with("{ choice = [ { }, 2 ] }"), "nothing short tells apart");
  says(with("{ choice = [ { a = \"it's\" }, 2 ] }"), "nothing short tells apart");
  says(with("{ choice = [ { name = \"a\", b = 1 }, { name = \"a\", b = 2 } ] }"),
       "two items of this choice have the name a");
  CHECK(with("{ choice = [ { name = \"a\", b.int = [1, 2] }, { op = \"a\", b = 2 } ] }").empty());
  const auto body = [](const std::string& lists) {
    return error_of("[model]\nblocks = [ { op = \"residual\", name = \"r\", body = { choice = [ " + lists +
                    " ] } } ]\n");
  };
  says(body("[ { op = \"conv\", kernel.choice = [1, 3] } ], [ { op = \"conv\", kernel = 5 } ]"),
       "add name = \"..\" to one of its blocks");
  CHECK(body("[ { op = \"conv\", kernel = 1 } ], [ { op = \"conv\", kernel = 5 } ]").empty());
}

TEST_CASE("wrong domains: what to write instead") {
  says(with("{ int = [1.5, 3] }"), "whole numbers, not 1.5; write float = [1.5, 3] if reals are meant");
  CHECK(with("{ int = [1.5, 3] }").find("quotes") == std::string::npos);
  says(with("{ int = [3] }"), "expected [lo, hi], for example int = [1, 8]");
  says(with("{ int = [] }"), "for example int = [1, 8]");
  says(with("{ float = [] }"), "for example float = [0.0, 0.5]");
  says(with("{ normal = [1.0] }"), "for example normal = [0.0, 1.0]");
  says(with("{ choice = [inf, 1.0] }"), "test.toml:2:");
  says(with("{ choice = [inf, 1.0] }"), "inf is no value that can be searched; write a number, or a text");
  says(with("{ choice = [nan, 1.0] }"), "nan is no value that can be searched");
  says(with("{ choice = [[1, inf], [1, 2]] }"), "inf is no value");
  says(with("{ normal = [0.0, 100.0], log = true }"), "take mean + 8 deviations below 700");
  says(with("{ normal = [-1000.0, 1.0], log = true }"), "beyond what a number can hold");
  says(with("{ normal = [0.0, 1e308] }"), "too large for a number");
  CHECK(with("{ normal = [0.0, 80.0], log = true }").empty());
  CHECK(with("{ choice = [9007199254740993, 9007199254740992] }").empty());
  says(with("{ choice = [9007199254740993, 9007199254740993] }"), "listed twice");
}

TEST_CASE("normal domains are measured by the settings") {
  const auto training = [](const std::string& line) { return error_of("[training]\n" + line + "\n"); };
  says(training("lr.normal = [0.0, 1.0]"), "training.lr must be above 0; use float = [lo, hi], or log = true");
  says(training("batch_size.normal = [4, 2]"), "is an integer; use int = [lo, hi]");
  says(training("momentum = { normal = [-1.0, 0.5], log = true }"), "must be below 1");
  CHECK(training("lr = { normal = [-5.0, 1.0], log = true }").empty());
  CHECK(training("momentum = { normal = [0.9, 0.005] }").empty());  // 8 deviations to each side are within
  says(training("lr.choice = [0.0, 0.1]"), "must be above 0");
}

TEST_CASE("constraints that the defaults break: with values that keep them, if there are any") {
  const auto constraint = [](const std::string& text) {
    return error_of("[params.model]\na.float = [0.0, 1.0]\nb.int = [1, 1000]\n[[constraint]]\nrequire = \"" + text +
                    "\"\n");
  };
  says(constraint("params.model.a > 2"), "no values of the parameters keep");
  says(constraint("params.model.a * params.model.a < -1"), "no values of the parameters keep");
  says(constraint("params.model.b * params.model.b == 841"), "for example params.model.b = 29");
  says(constraint("params.model.a - params.model.a > 0.5"), "no values that keep it were found");
}

TEST_CASE("wrong training domains are measured by the settings") {
  says(error_of("[training]\noptimizer.choice = [\"sgd\", \"adam\"]\n"), "adam");
  says(error_of("[training]\nbatch_size.float = [1.0, 2.0]\n"), "batch_size");
  says(error_of("[training]\nlr.choice = [-1.0, 1.0]\n"), "lr");
}

TEST_CASE("wrong blocks and defines") {
  const auto model = [](const std::string& block, const std::string& rest = "") {
    return error_of("[model]\nblocks = [ " + block + " ]\n" + rest);
  };
  says(model("{ use = \"cel\" }", "[define.cell]\nop = \"conv\"\n"), "did you mean cell?");
  says(model("{ use = \"a\" }", "[define.a]\nuse = \"b\"\n[define.b]\nuse = \"a\"\n"), "uses itself: a -> b -> a");
  says(model("{ use = \"a\" }", "[define.a]\nop = \"residual\"\nbody = [ { use = \"a\" } ]\n"), "uses itself");
  says(model("{ use = \"a\" }", "[define.a]\nop = \"conv\"\ndraw = \"per-layers\"\n"), "unknown draw per-layers");
  says(model("{ kernel = 3 }"), "needs op");
  says(model("\"conv\""), "a block is a table");
  says(model("{ op = \"conv\", name = \"a\" }, { op = \"conv\", name = \"a\" }"), "two blocks have the name a");
  says(model("{ op = \"conv\", k.choice = [1, 2] }, { op = \"conv\", k.choice = [1, 2] }"),
       "conv.k is used twice, also at test.toml:2:");
  says(model("{ choice = [ { op = \"skip\" } ] }"), "needs a name");
  says(model("{ op = \"dag\", edge = { op = \"skip\" } }"), "number of nodes");
  says(model("{ op = \"conv\", name = \"a\", repeat.float = [1.0, 2.0] }"), "a count is an int domain");
  says(error_of("[model]\nbloks = []\n"), "unknown key bloks");
}

TEST_CASE("wrong constraints") {
  const auto constraint = [](const std::string& text) {
    return error_of("[params.model]\nwidth.int = [1, 9]\nkind.choice = [\"a\", \"b\"]\n[[constraint]]\nrequire = \"" +
                    text + "\"\n");
  };
  says(constraint("params.model.width"), "a comparison is missing");
  says(constraint("params.model.width <="), "expected a number or a parameter's name");
  says(constraint("params.model.width <= (3"), "closing parenthesis");
  says(constraint("params.model.widht <= 3"), "did you mean params.model.width?");
  says(constraint("params.model.kind <= 3"), "has no number to compare");
  says(constraint("params.model.width <= 3"), "default values break");
}

TEST_CASE("constraints are checked for types, labels and sense") {
  const auto constraint = [](const std::string& text) {
    return error_of(
        "[params.model]\nw.int = [1, 9]\nop.choice = [\"conv\", \"pool\"]\nok.choice = [true, "
        "false]\n[[constraint]]\nrequire = '" +
        text + "'\n");
  };
  const std::string p = "params.model.";
  CHECK(constraint(p + "op == \"conv\" and (" + p + "ok or not " + p + "w > 8)").empty());
  says(constraint(p + "op == \"cnov\""), "test.toml:6:");
  says(constraint(p + "op == \"cnov\""), "is never \"cnov\" (did you mean \"conv\"?)");
  says(constraint(p + "op < \"conv\""), "has no number");
  says(constraint(p + "op == 3"), "a label cannot be compared with a number");
  says(constraint(p + "w == true"), "a number cannot be compared with true or false");
  says(constraint(p + "w and " + p + "ok"), "and needs comparisons on each side, not a number");
  says(constraint("not " + p + "w"), "not needs comparisons");
  says(constraint(p + "w = 3"), "equality is written ==");
  says(constraint("1 < " + p + "w < 3"), "join them with and");
  says(constraint("active(" + p + "v)"), "no parameter is called params.model.v");
  says(constraint("mean(" + p + "w) > 3"), "there is no function mean");
  says(constraint("value(" + p + "w) > 3"), "value takes two");
  says(constraint(std::string(100, '(') + "1"), "nested too deeply");
  says(constraint(p + "w > 9"), "no values of the parameters keep");
  says(constraint("1 > 2"), "nothing in it is searched");
}

TEST_CASE("constraints that cannot be meant so") {
  const auto constraint = [](const std::string& text) {
    return error_of(
        "[params.model]\na.int = [1, 9]\nb.int = [0, 9]\nop.choice = [\"conv\", \"pool\"]\nset.subset = [\"x\", "
        "\"y\"]\nfixed = 0\n[[constraint]]\nrequire = '" +
        text + "'\n");
  };
  says(constraint("set == \"x\""), "test.toml:8:");
  says(constraint("set == \"x\""), "set is a subset, and subsets cannot be compared; search one choice of true");
  says(constraint("set == set"), "subsets cannot be compared");
  CHECK(constraint("active(set)").empty());
  says(constraint("op == pool"), "no parameter is called pool; if the label is meant, quote it: \"pool\"");
  says(constraint("something.else > 3"),
       "no parameter is called something.else; there are params.model.a, params.model.b, params.model.op, "
       "params.model.set");
  says(constraint("a / 0 > 1"), "/ 0 is a division by zero");
  says(constraint("a % (2 - 2) == 1"), "% 0 is a division by zero");
  says(constraint("a / params.model.fixed > 1"), "is a division by zero");
  // Where b is 0 the quotient is no number, and every comparison with it is false.
  says(constraint("b == 0 and a / b > 1"), "no values of the parameters keep");
  says(constraint("b == 0 and a % b != 1"), "no values of the parameters keep");
  const auto points = [](const std::string& require) {
    return test::space_of(
               "[params.model]\na.int = [1, 4]\nb = { int = [0, 3], default = 2 }\n[[constraint]]\nrequire = \"" +
               require + "\"\n")
        .valid_size()
        .exact;
  };
  CHECK(points("a / b >= 0") == 12);
  CHECK(points("b == 0 or a / b >= 0") == 16);
  CHECK(points("max(a / b, 5) == 5") == 12);
}

TEST_CASE("limits of a metric that exclude each other") {
  const auto limits = [](const std::string& text) {
    return error_of("[objectives]\nlat.goal = \"min\"\n[[constraint]]\nmetric = \"lat\"\n" + text);
  };
  CHECK(limits("at_most = 3\nat_least = 1\n").empty());
  CHECK(limits("at_most = 3\nat_least = 3\n").empty());
  says(limits("at_most = 1\nat_least = 3\n"), "test.toml:3:");
  says(limits("at_most = 1\nat_least = 3\n"), "lat cannot be at most 1 and at least 3; loosen one of them");
}

TEST_CASE("unknown names get the known ones") {
  std::string many = "[params.model]\n";
  for (char c = 'a'; c <= 'n'; ++c) many += std::string(1, c) + ".int = [1, 2]\n";
  says(error_of(many + "copies.ref = \"something else\"\n"),
       "no parameter has that name; there are params.model.a, params.model.b,");
  says(error_of(many + "copies.ref = \"something else\"\n"), "params.model.j and 4 more");
  says(error_of("[params.model]\ncopies.ref = \"something else\"\n"), "no parameters, for nothing is searched");
  const auto space = test::space_of("[params.model]\na.int = [1, 2]\n");
  try {
    space.check({{"something else", std::int64_t{1}}});
    FAIL_CHECK("accepted");
  } catch (const base::Error& error) {
    says(error.what(), "the space has no parameter something else; there is only params.model.a");
  }
}

TEST_CASE("stepped normals hold multiples of their step") {
  const auto space = test::space_of(R"([params.model]
a = { normal = [0.0, 1.0], step = 0.5 }
b = { normal = [0.0, 1.0], step = 0.1, log = true }
c = { normal = [0.0, 1.0] }
)");
  const auto& a = space.parameters()[0].domain;
  const auto& b = space.parameters()[1].domain;
  const auto& c = space.parameters()[2].domain;
  CHECK(contains(a, space::Value(-1.5)));
  CHECK(contains(a, space::Value(std::int64_t{2})));
  CHECK_FALSE(contains(a, space::Value(0.3)));
  CHECK(contains(b, space::Value(0.3)));
  CHECK(contains(b, space::Value(3 * 0.1)));
  CHECK(conform(b, space::Value(0.3)) == space::Value(3 * 0.1));
  CHECK(contains(b, space::Value(0.0)));  // a small draw, rounded
  CHECK_FALSE(contains(b, space::Value(-5.0)));
  CHECK_FALSE(contains(b, space::Value(0.25)));
  CHECK(contains(c, space::Value(0.3)));
  CHECK(to_unit(a, space::Value(0.25)) > to_unit(a, space::Value(0.0)));  // a border of two cells
  CHECK(to_unit(a, space::Value(0.25)) < to_unit(a, space::Value(0.5)));
  says(with("{ normal = [0.0, 1.0], step = 0.5, default = 0.3 }"), "the default 0.3 is not in the domain");
  base::Rng rng(1, "test", 0, "normals");
  for (int i = 0; i < 500; ++i) space.check(space.sample(rng));
}

TEST_CASE("a reference must exist where it is used") {
  says(error_of(R"([params.model]
mixer.choice = ["conv", { name = "attn", heads.choice = [2, 4] }]
copies.ref = "params.model.mixer.attn.heads"
)"),
       "exists only for some values of params.model.mixer");
}

TEST_CASE("what was meant to be a domain is no constant") {
  says(error_of("[params.model]\nnorm.choise = [\"bn\", \"ln\"]\n"), "test.toml:2:6: ");
  says(error_of("[params.model]\nnorm.choise = [\"bn\", \"ln\"]\n"), "did you mean choice?");
  says(error_of("[params.model]\nwidth.int = [8, 64]\nwidht.step = 8\n"), "options of a domain, but no domain");
  CHECK(error_of("[params.model]\nk.int = [1, 2]\n").empty());  // a parameter may be called like an option
  CHECK(error_of("[params.model]\na.int = [1, 2]\nfixed.list = [1, 2]\nfixed.deep.levels = 3\n").empty());
}

TEST_CASE("short names in constraints, as long as only one parameter ends like that") {
  const std::string two =
      "[params.model]\nhidden.int = [1, 9]\nwidth.int = [1, 9]\n[params.training]\nwidth.int = [1, 9]\n";
  const auto with = [&](const std::string& text) { return two + "[[constraint]]\nrequire = \"" + text + "\"\n"; };
  CHECK(error_of(with("hidden >= 4 and model.width > 2")).empty());
  says(error_of(with("width < 3")), "width may mean params.model.width or params.training.width; write the full name");
  says(error_of(with("hiden < 3")), "no parameter is called hiden");
}

TEST_CASE("references that go round in a circle") {
  const auto error = error_of(R"([params.model]
a.choice = ["plain", { name = "of-b", inner.ref = "params.model.b" }]
b.choice = ["plain", { name = "of-c", inner.ref = "params.model.c" }]
c.choice = ["plain", { name = "of-a", inner.ref = "params.model.a" }]
d.choice = ["plain", { name = "of-a", inner.ref = "params.model.a" }]
)");
  says(error, "test.toml:2:");
  says(error, "ref names params.model.b, which itself holds params.model.a by reference: a circle");
}

TEST_CASE("a searched key cannot be a fidelity") {
  const std::string toml = "[training]\nepochs.int = [1, 4]\n";
  CHECK(error_of(toml).empty());
  says(error_of(toml + "[proxy]\ncandidate = [ { epochs = 2 } ]\n"), "training.epochs is searched (test.toml:2:");
  CHECK(error_of(toml + "[proxy]\ncandidate = [ { data = 0.5 } ]\n").empty());
}

TEST_CASE("constraints that almost nothing keeps") {
  const auto space = test::space_of(R"([params.model]
a = { float = [0.0, 1.0], default = 0.5 }
[[constraint]]
require = "params.model.a == 0.5"
)");
  base::Rng rng(1, "test", 0, "tight");
  CHECK_THROWS_AS(space.sample(rng), base::Error);
}
