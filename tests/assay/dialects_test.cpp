// Tables of other tools, each with parameters of every kind, are read as what they hold, or refused with words to
// paste.
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "assay/programs.hpp"
#include "base/json.hpp"

using namespace assay;
using base::Json;
using Unordered = nlohmann::json;  ///< equal in whatever order
using Catch::Matchers::ContainsSubstring;
using tests::run_program;
using tests::Scratch;

namespace {

bool missing() { return !tests::built("assay"); }

constexpr const char* space = R"([run]
name = "hand"
[params.training]
lr = { float = [1e-5, 1e-1], log = true, default = 1e-3 }
layers = { int = [1, 8] }
opt = { choice = ["adam", "1e5", "007"] }
batch = { choice = [16, 32, 64] }
kind = { choice = [ { name = "plain" }, { name = "deep", depth = { int = [1, 9] } } ] }
augs = { subset = ["flip", "crop", "blur"] }
nesterov = { choice = [true, false] }
[objectives]
score = { goal = "max" }
[search]
algorithm = "random"
max_trials = 3
)";

struct Table {
  std::string file, text;
  std::string map;  ///< what the refusal must propose; empty: it is understood as it is
};

/// Two results in each: a plain network of 007 and a deep one of 1e5; further rows are no results.
const std::vector<Table>& tables() {
  static const std::vector<Table> all = {
      {"ray.csv",
       "score,timestamp,done,training_iteration,trial_id,date,time_total_s,pid,hostname,node_ip,experiment_tag,"
       "config/lr,config/layers,config/opt,config/batch,config/kind,config/depth,config/augs,config/nesterov,"
       "config/data_dir\n"
       "0.9,1700000000,True,10,a_00000,2023-11-14_22-13-20,311.2,4242,node1,10.0.0.1,\"0_lr=0.0012,opt=007\","
       "0.00123,3,007,16,plain,,['flip'],True,/data\n"
       "0.8,1700000100,True,10,a_00001,2023-11-14_22-15-00,300.0,4243,node2,10.0.0.2,\"1_lr=0.0500,opt=1e5\","
       "0.05,5,1e5,64,deep,4.0,\"['crop', 'blur']\",False,/data\n",
       ""},
      {"result.json",
       R"({"score": 0.1, "training_iteration": 1, "trial_id": "a", "done": false, "config": {"lr": 0.00123, "layers": 3, "opt": "007", "batch": 16, "kind": "plain", "augs": ["flip"], "nesterov": true}}
{"score": 0.9, "training_iteration": 2, "trial_id": "a", "done": true, "config": {"lr": 0.00123, "layers": 3, "opt": "007", "batch": 16, "kind": "plain", "augs": ["flip"], "nesterov": true}}
{"score": 0.8, "training_iteration": 2, "trial_id": "b", "done": true, "config": {"lr": 0.05, "layers": 5, "opt": "1e5", "batch": 64, "kind": "deep", "depth": 4, "augs": ["crop", "blur"], "nesterov": false}}
)",
       ""},
      {"wandb.csv",
       "Name,State,Notes,User,Tags,Created,Runtime,Sweep,augs,batch,depth,kind,layers,lr,nesterov,opt,score\n"
       "calm-1,finished,-,me,,2024-01-01T10:00:00.000Z,311,s1,\"[\"\"flip\"\"]\",16,,plain,3,0.00123,true,007,0.9\n"
       "brave-2,finished,-,me,,2024-01-01T10:10:00.000Z,300,s1,\"[\"\"crop\"\",\"\"blur\"\"]\",64,4,deep,5,0.05,false,"
       "1e5,"
       "0.8\n"
       "sad-3,crashed,-,me,,2024-01-01T10:20:00.000Z,3,s1,\"[\"\"flip\"\"]\",16,,plain,3,0.01,true,adam,\n",
       ""},
      {"wandb-dots.csv",
       "Name,State,config.augs,config.batch,config.depth,config.kind,config.layers,config.lr,config.nesterov,config."
       "opt,"
       "summary.score,summary._runtime\n"
       "calm-1,finished,flip,16,,plain,3,0.00123,True,007,0.9,311.5\n"
       "brave-2,finished,crop+blur,64,4,deep,5,0.05,False,1e5,0.8,300.5\n",
       ""},
      {"wandb-api.csv",
       ",summary,config,name\n"
       "0,\"{'score': 0.9, '_step': 10, '_runtime': 311.5, '_wandb': {'runtime': 311}}\",\"{'lr': 0.00123, 'layers': "
       "3, "
       "'opt': '007', 'batch': 16, 'kind': 'plain', 'augs': ['flip'], 'nesterov': True}\",calm-1\n"
       "1,\"{'score': 0.8, '_step': 10, '_runtime': 300.5}\",\"{'lr': 0.05, 'layers': 5, 'opt': '1e5', 'batch': 64, "
       "'kind': 'deep', 'depth': 4, 'augs': ['crop', 'blur'], 'nesterov': False}\",brave-2\n",
       ""},
      {"wandb-config.json",
       R"([{"config": {"lr": {"value": 0.00123, "desc": null}, "layers": {"value": 3}, "opt": {"value": "007"}, "batch": {"value": 16}, "kind": {"value": "plain"}, "augs": {"value": ["flip"]}, "nesterov": {"value": true}}, "summary": {"score": 0.9}},
           {"config": {"lr": {"value": 0.05, "desc": null}, "layers": {"value": 5}, "opt": {"value": "1e5"}, "batch": {"value": 64}, "kind": {"value": "deep"}, "depth": {"value": 4}, "augs": {"value": ["crop", "blur"]}, "nesterov": {"value": false}}, "summary": {"score": 0.8}}])",
       ""},
      {"optuna.csv",
       ",number,value,datetime_start,datetime_complete,duration,params_augs,params_batch,params_depth,params_kind,"
       "params_layers,params_lr,params_nesterov,params_opt,user_attrs_machine,system_attrs_x,state\n"
       "0,0,0.9,2024-05-01 10:00:00,2024-05-01 10:05:00,0 days "
       "00:05:00,\"('flip',)\",16,,plain,3,0.00123,True,007,n1,1,"
       "COMPLETE\n"
       "1,1,0.8,2024-05-01 10:00:00,2024-05-01 10:05:00,0 days 00:05:00,\"('crop', 'blur')\",64,4.0,deep,5,0.05,False,"
       "1e5,n1,1,COMPLETE\n"
       "2,2,,2024-05-01 10:00:00,,,\"('flip',)\",16,,plain,3,0.01,True,adam,n1,1,FAIL\n",
       "value=score"},
      {"optuna.json",
       R"([{"number": 0, "values_0": 0.9, "params_lr": 0.00123, "params_layers": 3, "params_opt": "007", "params_batch": 16, "params_kind": "plain", "params_depth": null, "params_augs": ["flip"], "params_nesterov": true, "state": "COMPLETE"},
           {"number": 1, "values_0": 0.8, "params_lr": 0.05, "params_layers": 5, "params_opt": "1e5", "params_batch": 64, "params_kind": "deep", "params_depth": 4, "params_augs": ["crop", "blur"], "params_nesterov": false, "state": "COMPLETE"},
           {"number": 2, "values_0": 0.99, "params_lr": 0.05, "params_layers": 5, "params_opt": "1e5", "params_batch": 64, "params_kind": "plain", "params_depth": null, "params_augs": ["crop"], "params_nesterov": false, "state": "PRUNED"}])",
       "values_0=score"},
      {"ax.csv",
       "trial_index,arm_name,trial_status,generation_node,score,lr,layers,opt,batch,kind,depth,augs,nesterov\n"
       "0,0_0,COMPLETED,Sobol,0.9,0.00123,3,007,16,plain,2,flip,True\n"
       "1,1_0,COMPLETED,MBM,0.8,0.05,5,1e5,64,deep,4,crop+blur,False\n"
       "2,2_0,FAILED,MBM,,0.05,5,adam,64,deep,4,crop+blur,False\n",
       ""},
      {"deephyper.csv",
       "p:lr,p:layers,p:opt,p:batch,p:kind,p:depth,p:augs,p:nesterov,objective,job_id,job_status,m:timestamp_submit,"
       "m:timestamp_gather\n"
       "0.00123,3,007,16,plain,nan,flip,True,0.9,0,DONE,0.01,300.2\n"
       "0.05,5,1e5,64,deep,4,crop+blur,False,0.8,1,DONE,0.02,310.2\n"
       "0.01,5,adam,64,deep,4,crop,False,F_oom,2,DONE,0.02,310.2\n",
       "objective=score"},
      {"nni.json",
       R"([{"parameter": {"lr": 0.00123, "layers": 3, "opt": "007", "batch": 16, "kind": {"_name": "plain"}, "augs": ["flip"], "nesterov": true}, "value": "0.9", "trialJobId": "abc"},
           {"parameter": {"lr": 0.05, "layers": 5, "opt": "1e5", "batch": 64, "kind": {"_name": "deep", "depth": 4}, "augs": ["crop", "blur"], "nesterov": false}, "value": "0.8", "trialJobId": "def"}])",
       "value=score"},
      {"nni.csv",
       "lr,layers,opt,batch,kind,depth,augs,nesterov,reward,trialJobId\n"
       "0.00123,3,007,16,plain,,flip,True,0.9,abc\n"
       "0.05,5,1e5,64,deep,4,crop+blur,False,0.8,def\n",
       "reward=score"},
      {"nni.jsonl",
       R"({"parameter_id": 0, "parameter_source": "algorithm", "parameters": {"lr": 0.00123, "layers": 3, "opt": "007", "batch": 16, "kind": "plain", "augs": ["flip"], "nesterov": true}, "parameter_index": 0, "score": 0.9}
{"parameter_id": 1, "parameter_source": "algorithm", "parameters": {"lr": 0.05, "layers": 5, "opt": "1e5", "batch": 64, "kind": "deep", "depth": 4, "augs": ["crop", "blur"], "nesterov": false}, "parameter_index": 0, "score": 0.8}
)",
       ""},
      {"by-columns.json",
       R"({"lr": {"0": 0.00123, "1": 0.05}, "layers": {"0": 3, "1": 5}, "opt": {"0": "007", "1": "1e5"}, "batch": {"0": 16, "1": 64}, "kind": {"0": "plain", "1": "deep"}, "depth": {"0": null, "1": 4}, "augs": {"0": ["flip"], "1": ["crop", "blur"]}, "nesterov": {"0": true, "1": false}, "score": {"0": 0.9, "1": 0.8}})",
       ""},
      {"own-prefix.csv",
       "hp/lr,hp/layers,hp/opt,hp/batch,hp/kind,hp/depth,hp/augs,hp/nesterov,valid/score\n"
       "0.00123,3,007,16,plain,,flip,TRUE,0.9\n"
       "0.05,5,1e5,64,deep,4,crop+blur,FALSE,0.8\n",
       ""},
  };
  return all;
}

Unordered params_of(const Scratch& scratch, const std::string& run, int number) {
  const auto said = run_program(scratch, {"assay", "trial", run, std::to_string(number), "--json"});
  INFO(said.error);
  REQUIRE(said.code == 0);
  const auto record = Json::parse(said.out);
  CHECK(record["rungs"][0]["metrics"]["score"] == (number == 0 ? 0.9 : 0.8));
  Unordered short_names;
  for (const auto& [name, value] : record["params"].items())
    short_names[name.substr(name.rfind('.') + 1)] = Unordered::parse(value.dump());
  return short_names;
}

void check_both(const Scratch& scratch, const std::string& run) {
  CHECK(params_of(scratch, run, 0) == Unordered{{"lr", 0.00123},
                                                {"layers", 3},
                                                {"opt", "007"},
                                                {"batch", 16},
                                                {"kind", "plain"},
                                                {"augs", {"flip"}},
                                                {"nesterov", true}});
  CHECK(params_of(scratch, run, 1) == Unordered{{"lr", 0.05},
                                                {"layers", 5},
                                                {"opt", "1e5"},
                                                {"batch", 64},
                                                {"kind", "deep"},
                                                {"depth", 4},
                                                {"augs", {"crop", "blur"}},
                                                {"nesterov", false}});
}

/// What a message proposes, pasted behind a command.
std::string pasted(const std::string& message) {
  const auto at = message.find("--map");
  REQUIRE(at != std::string::npos);
  auto words = message.substr(at, message.find_first_of("\n(;", at) - at);
  while (!words.empty() && (words.back() == ' ' || words.back() == '.')) words.pop_back();
  return words;
}

tests::Said paste(const Scratch& scratch, const std::string& command, const std::string& words) {
  const auto assay = (std::filesystem::path(ASSAY_BIN) / "assay").string();
  return run_program(scratch, {"sh", "-c", "'" + assay + "' " + command + " " + words});
}

}  // namespace

TEST_CASE("exports of every tool, with parameters of every kind, are what they hold") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const auto& table = tables().at(GENERATE(range(std::size_t{0}, tables().size())));
  INFO(table.file);
  const Scratch scratch;
  scratch.write("c.toml", space);
  scratch.write(table.file, table.text);
  auto said = run_program(scratch, {"assay", "import", "c.toml", table.file, "--run", "r"});
  INFO(said.error << said.out);
  if (!table.map.empty()) {
    CHECK(said.code == 64);
    CHECK_THAT(said.error, ContainsSubstring("--map " + table.map));
    said = paste(scratch, "import c.toml " + table.file + " --run r", pasted(said.error));
    INFO(said.error << said.out);
    CHECK(said.code == 0);
  }
  CHECK(said.code == 0);
  CHECK_THAT(said.out, ContainsSubstring("imported 2 trials (0, 1); 3 of 3 trials are left"));
  check_both(scratch, "r");
  for (const std::string file : {"ours.csv", "ours.json"}) {
    INFO(file);
    CHECK(run_program(scratch, {"assay", "export", "r", "-o", file}).code == 0);
    const auto again = run_program(scratch, {"assay", "import", "c.toml", file, "--run", file + ".run"});
    INFO(again.error);
    CHECK(again.code == 0);
    check_both(scratch, file + ".run");
  }
}

TEST_CASE("a parameter that a table has under another name is never its default") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Scratch scratch;
  scratch.write("c.toml",
                "[params.training]\nlr = { float = [1e-5, 1.0], log = true }\nbatch_size = { choice = [16, 32] }\n"
                "momentum = { float = [0.0, 1.0] }\n[objectives]\nloss = { goal = \"min\" }\n[search]\nalgorithm = "
                "\"random\"\n");
  struct Case {
    std::string head, proposed;
  };
  const std::vector<Case> cases = {
      {"learning_rate,batch_size,momentum,loss", "--map learning_rate=params.training.lr"},
      {"config/learning_rate,config/batch_size,config/momentum,loss", "--map config/learning_rate=params.training.lr"},
      {"lr,batchSize,momentum,loss", "--map batchSize=params.training.batch_size"},
      {"lr,bs,momentum,loss", "--map bs=params.training.batch_size"},
      {"lr,batch_size,momentun,loss", "--map momentun=params.training.momentum"},
      {"my learning rate,batch_size,momentum,loss", "--map 'my learning rate=params.training.lr'"},
  };
  int number = 0;
  for (const auto& one : cases) {
    INFO(one.head);
    scratch.write("t.csv", one.head + "\n0.01,32,0.9,0.25\n");
    const auto run = "r" + std::to_string(number++);
    const auto refused = run_program(scratch, {"assay", "import", "c.toml", "t.csv", "--run", run});
    CHECK(refused.code == 64);
    CHECK_THAT(refused.error, ContainsSubstring(one.proposed));
    const auto said = paste(scratch, "import c.toml t.csv --run " + run, pasted(refused.error));
    INFO(said.error);
    REQUIRE(said.code == 0);
    const auto record = Json::parse(run_program(scratch, {"assay", "trial", run, "0", "--json"}).out);
    CHECK(Unordered::parse(record["params"].dump()) == Unordered{{"params.training.lr", 0.01},
                                                                 {"params.training.batch_size", 32},
                                                                 {"params.training.momentum", 0.9}});
  }
  scratch.write("part.csv", "lr,batch_size,loss\n0.01,32,0.25\n");
  const auto part = run_program(scratch, {"assay", "import", "c.toml", "part.csv", "--run", "part"});
  CHECK(part.code == 64);
  CHECK_THAT(part.error, ContainsSubstring("params.training.momentum") && ContainsSubstring("--defaults"));
  const auto meant = run_program(scratch, {"assay", "import", "c.toml", "part.csv", "--run", "part", "--defaults"});
  CHECK(meant.code == 0);
  CHECK_THAT(meant.error, ContainsSubstring("its default"));
}

TEST_CASE("every column of a table is used, ignored by name, or refused") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Scratch scratch;
  scratch.write("c.toml",
                "[params.training]\nlr = { float = [1e-5, 1.0], log = true }\n[objectives]\nloss = { goal = "
                "\"min\" }\n[search]\nalgorithm = \"random\"\n");
  scratch.write("t.csv", "config/lr,config/workers,loss,train_loss,pid,comment\n0.01,4,0.25,0.125,77,fine\n");
  const auto said = run_program(scratch, {"assay", "import", "c.toml", "t.csv", "--run", "r"});
  INFO(said.error);
  CHECK(said.code == 0);
  CHECK_THAT(said.out, ContainsSubstring("further metrics: train_loss") && ContainsSubstring("attributes: comment") &&
                           ContainsSubstring("ignored (bookkeeping of Ray Tune): pid") &&
                           ContainsSubstring("ignored (no parameter of this space): config/workers"));
  scratch.write("two.csv", "a/lr,b/lr,loss\n0.01,0.02,0.25\n");
  const auto two = run_program(scratch, {"assay", "import", "c.toml", "two.csv", "--run", "r"});
  CHECK(two.code == 64);
  CHECK_THAT(two.error,
             ContainsSubstring("a/lr and b/lr may each be params.training.lr") && ContainsSubstring("--map"));
  CHECK(paste(scratch, "import c.toml two.csv --run r", pasted(two.error)).code == 0);
}
