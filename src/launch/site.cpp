#include "launch/site.hpp"

#include <algorithm>
#include <cctype>

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "config/document.hpp"
#include "os/file.hpp"
#include "os/host.hpp"
#include "os/process.hpp"

namespace assay::launch {
namespace {

namespace fs = std::filesystem;
using base::Exit;
using config::Node;

std::vector<std::string> texts(const Node& node) {
  if (node.is_string()) return {node.string()};
  std::vector<std::string> result;
  if (!node.is_array()) node.fail("a text or a list of texts is expected, found " + node.type_name());
  for (const auto& [key, item] : node.items()) result.push_back(item.string());
  return result;
}

int positive(const Node& node) {
  const auto value = node.integer();
  if (value < 0 || value > 100000) node.fail("a number from 0 to 100000 is expected");
  return static_cast<int>(value);
}

void read_times(const Node& node, Site& site) {
  if (!node.is_table()) node.fail("is a table of limits per stage: [time], and below it search = \"08:00:00\"");
  for (const auto& [stage, limit] : node.items()) {
    site.time[run::to_string(run::stage_from(stage))] =
        limit.is_integer() ? std::to_string(limit.integer()) : limit.string();
    if (!slurm_seconds(site.time[run::to_string(run::stage_from(stage))])) {
      limit.fail("a time limit as Slurm writes it is expected, for instance \"08:00:00\", \"2-00:00:00\" or minutes");
    }
  }
}

void read_key(const std::string& key, const Node& node, Site& site) {
  const std::map<std::string, std::string*> plain = {{"account", &site.account}, {"partition", &site.partition},
                                                     {"qos", &site.qos},         {"constraint", &site.constraint},
                                                     {"memory", &site.memory},   {"prologue", &site.prologue},
                                                     {"gpus", &site.gpus},       {"launcher", &site.launcher}};
  const std::map<std::string, std::vector<std::string>*> lists = {{"modules", &site.modules},
                                                                  {"sbatch_args", &site.sbatch_args},
                                                                  {"srun_args", &site.srun_args},
                                                                  {"drop", &site.drop}};
  const std::map<std::string, int*> numbers = {
      {"gpus_per_node", &site.gpus_per_node},     {"cpus", &site.cpus},
      {"max_requeue", &site.max_requeue},         {"workers_per_job", &site.workers_per_job},
      {"workers_per_gpu", &site.workers_per_gpu}, {"lead", &site.lead}};
  if (const auto found = plain.find(key); found != plain.end()) {
    *found->second = node.string();
  } else if (const auto list = lists.find(key); list != lists.end()) {
    *list->second = texts(node);
  } else if (const auto number = numbers.find(key); number != numbers.end()) {
    *number->second = positive(node);
  } else if (key == "time") {
    read_times(node, site);
  } else {
    std::vector<std::string> keys = {"time"};
    for (const auto& [name, value] : plain) keys.push_back(name);
    for (const auto& [name, value] : lists) keys.push_back(name);
    for (const auto& [name, value] : numbers) keys.push_back(name);
    std::sort(keys.begin(), keys.end());
    const auto near = base::nearest_word(key, keys);
    node.fail(
        "unknown key" + (near.empty() ? "; known are " + base::join(keys, ", ") : ", did you mean \"" + near + "\"?"),
        near);
  }
}

/// "gpu:a100:4(S:0-1),tmp:1" -> 4.
int gpus_in(const std::string& gres) {
  int count = 0;
  for (auto item : base::split(gres, ',')) {
    item = item.substr(0, item.find('('));
    const auto parts = base::split(item, ':');
    if (parts.front() != "gpu") continue;
    const auto& last = parts.back();
    const bool number =
        !last.empty() && std::all_of(last.begin(), last.end(), [](unsigned char c) { return std::isdigit(c); });
    count += number ? std::stoi(last) : 1;
  }
  return count;
}

std::string config_value(const std::string& config, const std::string& key) {
  for (const auto& line : base::split(config, '\n')) {
    const auto equals = line.find('=');
    if (equals != std::string::npos && base::trim(line.substr(0, equals)) == key) {
      return std::string(base::trim(line.substr(equals + 1)));
    }
  }
  return "";
}

}  // namespace

std::optional<double> slurm_seconds(const std::string& text) {
  std::string rest = text;
  double days = 0;
  if (const auto dash = rest.find('-'); dash != std::string::npos) {
    days = std::atof(rest.substr(0, dash).c_str());
    rest = rest.substr(dash + 1);
    rest += std::string(std::count(rest.begin(), rest.end(), ':') == 0   ? ":00:00"
                        : std::count(rest.begin(), rest.end(), ':') == 1 ? ":00"
                                                                         : "");
  }
  if (rest.empty() ||
      !std::all_of(rest.begin(), rest.end(), [](unsigned char c) { return std::isdigit(c) || c == ':'; })) {
    return std::nullopt;
  }
  std::vector<double> parts;
  for (const auto& part : base::split(rest, ':')) parts.push_back(std::atof(part.c_str()));
  const double sum = parts.size() == 1   ? parts[0] * 60
                     : parts.size() == 2 ? parts[0] * 60 + parts[1]
                     : parts.size() == 3 ? parts[0] * 3600 + parts[1] * 60 + parts[2]
                                         : -1;
  if (sum < 0) return std::nullopt;
  return days * 86400 + sum;
}

Site read_site(const fs::path& file) {
  Site site;
  site.source = file.string();
  const auto root =
      config::Document::parse(os::read_file(file), file.string(), {}, [](std::string_view) { return false; });
  for (const auto& [key, node] : root.items()) read_key(key, node, site);
  return site;
}

std::optional<fs::path> find_site(const std::optional<fs::path>& file, const fs::path& run_folder) {
  std::vector<std::pair<fs::path, bool>> places;  // path, must exist
  if (file) places.emplace_back(*file, true);
  if (const auto variable = os::environment("ASSAY_SITE")) places.emplace_back(*variable, true);
  places.emplace_back(run_folder / "site.toml", false);
  if (const auto home = os::environment("HOME"))
    places.emplace_back(fs::path(*home) / ".config/assay/site.toml", false);
  for (const auto& [place, must] : places) {
    if (os::file_size(place)) return place;
    if (must)
      base::fail(Exit::config, "the site file {} does not exist; {} makes one", place.string(),
                 base::proposal({"assay", "site", place.string()}));
  }
  return std::nullopt;
}

Probe parse_probe(const std::string& sinfo, const std::string& config, const std::string& mpi) {
  Probe probe;
  for (const auto& line : base::split(sinfo, '\n')) {
    const auto fields = base::split(line, '|');
    if (fields.size() < 6) continue;
    auto name = std::string(base::trim(fields[0]));
    const bool initial = name.ends_with('*');
    if (initial) name.pop_back();
    // A partition with nodes of different kinds has several lines: the largest kind is kept, the nodes are added up.
    auto found =
        std::find_if(probe.partitions.begin(), probe.partitions.end(), [&](const auto& p) { return p.name == name; });
    if (found == probe.partitions.end()) {
      probe.partitions.push_back({.name = name, .initial = initial});
      found = probe.partitions.end() - 1;
    }
    found->nodes += std::atoi(fields[1].c_str());
    found->cpus = std::max(found->cpus, std::atoi(fields[2].c_str()));
    found->memory_mb = std::max(found->memory_mb, std::atol(fields[3].c_str()));
    const int gpus = gpus_in(fields[4]);
    if (gpus >= found->gpus) found->gpus = gpus, found->gres = fields[4];
    found->time_limit = fields[5];
  }
  probe.version = config_value(config, "SLURM_VERSION");
  probe.cluster = config_value(config, "ClusterName");
  probe.accounting = config_value(config, "AccountingStorageType").find("slurmdbd") != std::string::npos;
  for (const auto& line : base::split(mpi, '\n')) {
    const auto word = std::string(base::trim(line));
    if (!word.empty() && word.find(' ') == std::string::npos && word.find(':') == std::string::npos)
      probe.mpi.push_back(word);
    // newer versions list everything in one line: "... specific pmix plugin versions available: pmix_v4"
  }
  return probe;
}

Probe probe_cluster() {
  const auto sinfo = os::capture({"sinfo", "-h", "-o", "%P|%D|%c|%m|%G|%l"});
  if (sinfo.ended.code == 127) {
    base::fail(Exit::config,
               "there is no Slurm here (sinfo is not in PATH): run it on this machine, or submit from the cluster");
  }
  if (sinfo.ended.code != 0) {
    base::fail(Exit::io,
               "sinfo failed: the Slurm controller does not answer; try again later or ask your administrators");
  }
  return parse_probe(sinfo.output, os::capture({"scontrol", "show", "config"}).output,
                     os::capture({"sh", "-c", "srun --mpi=list 2>&1"}).output);
}

Site propose_site(const Probe& probe) {
  Site site;
  site.source = "probed";
  if (probe.partitions.empty()) return site;
  auto chosen = std::find_if(probe.partitions.begin(), probe.partitions.end(), [](const auto& p) { return p.initial; });
  if (chosen == probe.partitions.end()) chosen = probe.partitions.begin();
  if (!chosen->initial) site.partition = chosen->name;
  site.gpus_per_node = chosen->gpus;
  if (chosen->gpus > 0) site.gpus = "--gpus-per-node={n}";
  site.cpus = chosen->gpus > 0 ? std::clamp(chosen->cpus / chosen->gpus, 1, 8) : 1;
  const bool pmix = probe.mpi.empty() || std::any_of(probe.mpi.begin(), probe.mpi.end(),
                                                     [](const auto& m) { return m.starts_with("pmix"); });
  site.launcher = pmix ? "srun --mpi=pmix" : "mpirun";
  return site;
}

std::string to_toml(const Site& site, const Probe& probe) {
  const auto quoted = [](const std::string& text) { return config::to_toml(base::Json(text)); };
  std::string text =
      fmt::format("# Site facts for Assay's jobs on cluster \"{}\" (Slurm {}).\n", probe.cluster, probe.version);
  for (const auto& partition : probe.partitions) {
    text += fmt::format("# partition {}{}: {} nodes, {} cores, {} MB, {} GPUs, limit {}\n", partition.name,
                        partition.initial ? " (default)" : "", partition.nodes, partition.cpus, partition.memory_mb,
                        partition.gpus, partition.time_limit);
  }
  const auto optional = [&](const char* key, const std::string& value, const char* example) {
    text += value.empty() ? fmt::format("# {} = {}\n", key, example) : fmt::format("{} = {}\n", key, quoted(value));
  };
  optional("account", site.account, "\"my-project\"");
  optional("partition", site.partition, "\"gpu\"");
  optional("qos", site.qos, "\"normal\"");
  optional("constraint", site.constraint, "\"a100\"");
  optional("memory", site.memory, "\"16G\"           # per node; left out: the partition's default");
  optional("gpus", site.gpus, "\"--gpus-per-node={n}\"");
  text += fmt::format(
      "gpus_per_node = {}\ncpus = {}                       # cores per worker (per rank of a worker of several GPUs)\n",
      site.gpus_per_node, site.cpus);
  text += fmt::format("launcher = {}  # starts workers of several ranks\n", quoted(site.launcher));
  text +=
      "# modules = [\"openmpi/4.1\"]     # besides those that the build recorded\n"
      "# sbatch_args = []\n# srun_args = []\n# drop = [\"--requeue\"]         # flags that this cluster refuses\n"
      "# prologue = \"source ~/env.sh\"\n";
  text += fmt::format("max_requeue = {}                # restarts of a job that was stopped early\n", site.max_requeue);
  text += fmt::format("lead = {}                      # seconds of warning before the time limit\n", site.lead);
  text +=
      "\n# [time]                        # limits per stage; left out: the partition's default\n# search = "
      "\"08:00:00\"\n";
  return text;
}

}  // namespace assay::launch
