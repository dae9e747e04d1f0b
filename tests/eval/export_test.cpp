// What a final training exports must be usable without us: network.py, on the raw validation files, reproduces the
// metric that the trainer measured on them. Every format x task. LibTorch first: it has a CHECK of its own, which
// Catch2 replaces.
#include "nn/torch.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "base/json.hpp"
#include "base/random.hpp"
#include "data/dataset.hpp"
#include "data/split.hpp"
#include "eval/evaluators.hpp"
#include "nn/network_py.hpp"
#include "os/host.hpp"
#include "os/process.hpp"

using namespace assay;
namespace fs = std::filesystem;
using Catch::Approx;

namespace {

constexpr int rows = 96;

struct Case {
  std::string name;
  std::string data;    ///< lines of [data]; file names are relative to the folder
  std::string input;   ///< of the model
  std::string blocks;  ///< of the model
  void (*write)(const fs::path& folder, const std::string& part, base::Rng& rng);
};

void put(const fs::path& path, const std::string& content) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << content;
}

/// Numbers far from zero, categories, missing values, a column to ignore; the target last or by name.
void write_table(const fs::path& folder, const std::string& part, base::Rng& rng, bool regression) {
  std::string text = "id;height;colour;weight;answer\n";
  for (int i = 0; i < rows; ++i) {
    const double height = 1000 + 20 * rng.normal(), weight = 0.01 * rng.normal();
    const auto colour = static_cast<int>(rng.below(3));
    const double value = 50'000 + 30 * (height - 1000) + 4000 * weight + 200 * colour;
    const std::string target = regression ? fmt::format("{:.3f}", value) : value > 50'200 ? "high" : "low";
    const char* colours[] = {"red", "green", "\"blue; dark\""};
    text += fmt::format("{};{};{};{};{}\n", i, i % 9 == 4 ? "NA" : fmt::format("{:.3f}", height),
                        i % 11 == 5 ? "?" : colours[colour], i % 13 == 6 ? "" : fmt::format("{:.5f}", weight), target);
  }
  put(folder / (part + ".csv"), text);
}

void write_classes(const fs::path& folder, const std::string& part, base::Rng& rng) {
  write_table(folder, part, rng, false);
}
void write_values(const fs::path& folder, const std::string& part, base::Rng& rng) {
  write_table(folder, part, rng, true);
}

/// Without a header: 2 x 3 "pixels", the sum of which is the target.
void write_shaped(const fs::path& folder, const std::string& part, base::Rng& rng) {
  std::string text;
  for (int i = 0; i < rows; ++i) {
    double sum = 0;
    for (int k = 0; k < 6; ++k) {
      const double value = 5 + rng.normal();
      sum += value * (k + 1);
      text += fmt::format("{:.4f},", value);
    }
    text += fmt::format("{:.4f}\n", 700 + sum);
  }
  put(folder / (part + ".csv"), text);
}

/// An image of bytes whose class is seen in its brightness.
std::string pixels(int label, std::size_t count, base::Rng& rng) {
  std::string image;
  for (std::size_t i = 0; i < count; ++i)
    image += static_cast<char>(40 + 60 * label + static_cast<int>(rng.below(40)) + static_cast<int>(i % 7));
  return image;
}

std::string header(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) {
    for (const int shift : {24, 16, 8, 0}) text += static_cast<char>(value >> shift & 0xff);
  }
  return text;
}

void write_idx(const fs::path& folder, const std::string& part, base::Rng& rng) {
  std::string images = header({0x803, rows, 6, 6}), labels = header({0x801, rows});
  for (int i = 0; i < rows; ++i) images += pixels(i % 3, 36, rng), labels += static_cast<char>(i % 3);
  put(folder / (part + ".images"), images);
  put(folder / (part + ".labels"), labels);
}

void write_cifar(const fs::path& folder, const std::string& part, base::Rng& rng) {
  std::string records;
  for (int i = 0; i < rows; ++i) records += static_cast<char>(i % 3) + pixels(i % 3, 3 * 6 * 6, rng);
  put(folder / (part + ".bin"), records);
}

void write_images(const fs::path& folder, const std::string& part, base::Rng& rng) {
  for (int i = 0; i < rows; ++i) {
    const char* classes[] = {"ant", "bee", "cat"};
    put(folder / part / classes[i % 3] / fmt::format("{:03}.ppm", i), "P6\n6 6\n255\n" + pixels(i % 3, 3 * 6 * 6, rng));
  }
}

const std::string table_lines =
    "format = \"csv\"\ndelimiter = \";\"\ntarget = \"answer\"\nignore = [\"id\"]\ntrain = \"train.csv\"\nvalid = "
    "\"valid.csv\"\n";
const std::string flat = "{ op = \"linear\", width = 16, act = \"relu\" }, { op = \"linear\", width = \"classes\" }";
const std::string conv =
    "{ op = \"conv\", kernel = 3, width = 8 }, { op = \"pool\", kind = \"global-avg\" }, { op = \"linear\", width = "
    "\"classes\" }";

std::vector<Case> cases() {
  return {
      {"table, classes", table_lines, "[6]", flat, write_classes},
      {"table, regression", table_lines, "[6]", flat, write_values},
      {"shaped table, regression",
       "format = \"csv\"\nshape = [1, 2, 3]\ntask = \"regression\"\ntrain = \"train.csv\"\nvalid = \"valid.csv\"\n",
       "[1, 2, 3]", conv, write_shaped},
      {"shaped table, flat network",
       "format = \"csv\"\nshape = [1, 2, 3]\ntask = \"regression\"\ntrain = \"train.csv\"\nvalid = \"valid.csv\"\n",
       "[6]", flat, write_shaped},
      {"idx",
       "format = \"idx\"\ntrain = \"train.images\"\ntrain_labels = \"train.labels\"\nvalid = "
       "\"valid.images\"\nvalid_labels = \"valid.labels\"\n",
       "[1, 6, 6]", conv, write_idx},
      {"cifar, flat network", "format = \"cifar\"\nshape = [3, 6, 6]\ntrain = \"train.bin\"\nvalid = \"valid.bin\"\n",
       "[108]", flat, write_cifar},
      {"images", "format = \"images\"\ntrain = \"train\"\nvalid = \"valid\"\n", "[3, 6, 6]", conv, write_images},
  };
}

/// Reads the raw validation files on its own and prints what the exported network makes of them.
const std::string script = R"(
import csv, importlib.util, json, pathlib, sys
import numpy, torch
root = pathlib.Path(sys.argv[1])
def module_in(folder):
    spec = importlib.util.spec_from_file_location("network", folder / "network.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
def images_of(folder, model):
    if (folder / "valid.images").exists():
        raw = numpy.frombuffer((folder / "valid.images").read_bytes()[16:], numpy.uint8).reshape(-1, 1, 6, 6)
        return raw, list((folder / "valid.labels").read_bytes()[8:])
    if (folder / "valid.bin").exists():
        raw = numpy.frombuffer((folder / "valid.bin").read_bytes(), numpy.uint8).reshape(-1, 109)
        return raw[:, 1:].reshape(-1, 3, 6, 6), raw[:, 0].tolist()
    raw, labels = [], []
    for file in sorted((folder / "valid").glob("*/*.ppm")):
        raw.append(numpy.frombuffer(file.read_bytes()[-108:], numpy.uint8).reshape(6, 6, 3).transpose(2, 0, 1))
        labels.append(model.classes.index(file.parent.name))
    return numpy.stack(raw), labels
def measure(folder):
    network = module_in(folder)
    model = network.load()
    if model.table:
        rows = network.read_rows(folder / "valid.csv", model.table)
        answers = [row[-1] for row in rows]
        predicted = model.predict(model.encode(rows))
        network.main([str(folder / "valid.csv"), str(folder / "out.csv")])
        written = list(csv.reader(open(folder / "out.csv")))
        assert written[0] == ["prediction"] and [str(p) for p in predicted] == [row[0] for row in written[1:]]
        if not model.classes:
            errors = numpy.array(predicted) - numpy.array([float(a) for a in answers])
            return {"rmse": float(numpy.sqrt((errors ** 2).mean()))}
        return {"accuracy": float(numpy.mean([p == a for p, a in zip(predicted, answers)]))}
    raw, labels = images_of(folder, model)
    names = model.predict(torch.from_numpy(raw.copy()))
    return {"accuracy": float(numpy.mean([p == model.classes[l] for p, l in zip(names, labels)]))}
print(json.dumps({folder.name: measure(folder) for folder in sorted(root.iterdir())}))
)";

trial::Metrics train_and_export(const Case& item, const fs::path& folder) {
  base::Rng rng(1, "test", 0, item.name);
  item.write(folder, "train", rng);
  item.write(folder, "valid", rng);
  const bool classes = item.write != write_values && item.write != write_shaped;
  put(folder / "run.toml",
      fmt::format("[data]\n{}[model]\ninput = {}\nblocks = [{}]\n[training]\nepochs = 3\nbatch_size = 16\nlr = "
                  "1e-2\n[objectives]\n{}\n",
                  item.data, item.input, item.blocks, classes ? "accuracy.goal = \"max\"" : "rmse.goal = \"min\""));
  const auto run = run::Run::open(folder / "run", folder / "run.toml");
  const auto space = std::make_shared<const space::Space>(space::Space::load(run.config(), "search", "full"));
  const auto dataset = data::read(run.config(), data::Part::train);
  const auto split = data::make_split(dataset, 0.1, 1);
  const auto stage = run.folder(run::Stage::split);
  fs::create_directories(stage);
  data::write_indices(stage / "train.idx", split.train, dataset.sha256);
  data::write_indices(stage / "valid.idx", split.valid, dataset.sha256);
  eval::Context context{.run = run, .stage = run::Stage::full, .space = space, .device = "cpu", .threads = 1};
  context.rows = eval::Rows::final;
  context.keep_weights = true;
  trial::Work work;
  work.what.params = space->defaults();
  work.at = {.epochs = 3};
  work.folder = folder / "export";
  struct Quiet : trial::Reporter {
    trial::Verdict report(std::int64_t, const trial::Metrics&) override { return trial::Verdict::go_on; }
  } quiet;
  const auto outcome = eval::make_evaluator(context)->run(work, quiet);
  INFO(outcome.reason);
  REQUIRE(outcome.state == trial::State::done);
  for (const char* name : {"network.json", "weights.safetensors"}) fs::rename(folder / "export" / name, folder / name);
  put(folder / "network.py", std::string(nn::network_py()));
  return outcome.metrics;
}

std::string python() { return os::environment("ASSAY_PYTHON").value_or(ASSAY_PYTHON); }

}  // namespace

TEST_CASE("network.py reproduces the trainer's metric on the raw validation files") {
  if (os::capture({python(), "-c", "import torch, numpy"}, 120).ended.code != 0) {
    SKIP(python() << " has no torch: set ASSAY_PYTHON to a Python that has it");
  }
  const auto root = fs::temp_directory_path() / ("assay-export-" + os::random_name());
  std::map<std::string, trial::Metrics> trained;
  for (const auto& item : cases()) {
    INFO(item.name);
    trained[item.name] = train_and_export(item, root / item.name);
  }
  const auto said = os::capture({python(), "-c", script, root.string()}, 240);
  INFO(said.output);
  REQUIRE(said.ended.code == 0);
  const auto found = base::Json::parse(said.output.substr(said.output.find("{\"")));
  CHECK(trained.size() == cases().size());
  for (const auto& [name, metrics] : trained) {
    INFO(name);
    const auto& measured = found.at(name);
    const std::string metric = metrics.contains("rmse") ? "rmse" : "accuracy";
    CHECK(measured.at(metric).get<double>() == Approx(metrics.at(metric)).epsilon(1e-4));
  }
  fs::remove_all(root);
}
