// Facts about a cluster that stay outside run folders and scripts: account, partition, modules, flags. One TOML file.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "run/run.hpp"

namespace assay::launch {

struct Site {
  std::string source;  ///< where it came from, for messages
  std::string account, partition, qos, constraint, memory;
  std::vector<std::string> modules;  ///< loaded by every job
  std::vector<std::string> sbatch_args, srun_args;
  std::vector<std::string> drop;             ///< flags that this cluster refuses: "--mem", "--requeue"
  std::string prologue;                      ///< shell text, run by every job before the program
  std::string launcher = "srun --mpi=pmix";  ///< starts jobs of several ranks
  std::string gpus;                          ///< request for GPUs, "--gpus-per-node={n}"; empty: ask for none
  int gpus_per_node = 0;
  int cpus = 1;                             ///< cores per rank
  int workers_per_job = 1;                  ///< where nodes are given whole: so many workers share a job
  int workers_per_gpu = 1;                  ///< small networks leave a GPU idle: so many share one
  int max_requeue = 10;                     ///< restarts after exit code 75
  int lead = 120;                           ///< seconds between the warning signal and the time limit
  std::map<std::string, std::string> time;  ///< stage -> time limit in Slurm's notation
};

/// Reads a site file; Error(config) with place and nearest key.
Site read_site(const std::filesystem::path& file);

/// `file` if given, else $ASSAY_SITE, RUN/site.toml, ~/.config/assay/site.toml; nothing if there is none.
std::optional<std::filesystem::path> find_site(const std::optional<std::filesystem::path>& file,
                                               const std::filesystem::path& run_folder);

/// What sinfo and scontrol tell about this cluster: default partition, cores, GPUs, MPI starter.
struct Probe {
  std::string version, cluster;
  struct Partition {
    std::string name, time_limit, gres;
    bool initial = false;  ///< the default partition
    int nodes = 0, cpus = 0, gpus = 0;
    long memory_mb = 0;
  };
  std::vector<Partition> partitions;
  std::vector<std::string> mpi;  ///< srun --mpi=list
  bool accounting = false;
};
/// Pure: the texts of `sinfo -h -o "%P|%D|%c|%m|%G|%l"`, `scontrol show config`, `srun --mpi=list`.
Probe parse_probe(const std::string& sinfo, const std::string& config, const std::string& mpi);
/// Asks the cluster; Error(config) if there is no Slurm here.
Probe probe_cluster();
Site propose_site(const Probe& probe);
std::string to_toml(const Site& site, const Probe& probe);

/// "2-08:00:00", "08:00:00", "30" (minutes) -> seconds; nothing for UNLIMITED and the like.
std::optional<double> slurm_seconds(const std::string& text);

}  // namespace assay::launch
