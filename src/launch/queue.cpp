#include "launch/queue.hpp"

#include <chrono>
#include <map>
#include <thread>

#include "base/error.hpp"
#include "base/text.hpp"
#include "os/process.hpp"

namespace assay::launch {

std::vector<QueuedJob> parse_queue(const std::string& text) {
  std::vector<QueuedJob> jobs;
  for (const auto& line : base::split(text, '\n')) {
    const auto fields = base::split(base::trim(line), '|');
    if (fields.size() < 6) continue;
    jobs.push_back({.id = fields[0],
                    .array_id = fields[1],
                    .name = fields[2],
                    .state = fields[3],
                    .elapsed = fields[4],
                    .reason = fields[5]});
  }
  return jobs;
}

std::optional<std::vector<QueuedJob>> queued_jobs(const std::vector<std::string>& names, int tries) {
  for (int attempt = 0; attempt < tries; ++attempt) {
    if (attempt > 0) std::this_thread::sleep_for(std::chrono::seconds(3 * attempt));
    const auto answer =
        os::capture({"squeue", "-h", "-o", "%i|%F|%j|%T|%M|%r", "--name=" + base::join(names, ",")}, 40);
    if (answer.ended.code == 127) return std::nullopt;
    if (answer.ended.code == 0) return parse_queue(answer.output);
  }
  base::fail(base::Exit::io,
             "squeue does not answer: the Slurm controller is busy or down. Nothing was changed; try again later.");
}

std::string explain(const std::string& reason) {
  static const std::map<std::string, std::string> meanings = {
      {"Priority", "other jobs come first"},
      {"Resources", "waits for free nodes"},
      {"Dependency", "waits for an earlier stage"},
      {"DependencyNeverSatisfied", "an earlier stage failed: this job will never start; submit again after mending it"},
      {"BeginTime", "was requeued just now and starts again shortly"},
      {"JobHeldUser", "held: scontrol release starts it"},
      {"JobHeldAdmin", "held by an administrator"},
      {"launch failed requeued held", "the node could not start it: scontrol release tries again"},
      {"PartitionTimeLimit", "asks for more time than the partition allows: it will never start"},
      {"PartitionNodeLimit", "asks for more nodes than the partition has: it will never start"},
      {"PartitionDown", "the partition is down"},
      {"PartitionInactive", "the partition is inactive"},
      {"ReqNodeNotAvail", "needed nodes are down or reserved (often a maintenance ahead)"},
      {"JobArrayTaskLimit", "held back by the array's own limit of running tasks"},
      {"QOSGrpGRES", "your group's GPU quota is used up; it starts when GPUs of the group come free"},
      {"QOSMaxGRESPerUser", "your GPU quota is used up"},
      {"QOSGrpCpuLimit", "your group's core quota is used up"},
      {"QOSMaxCpuPerUserLimit", "your core quota is used up"},
      {"QOSMaxJobsPerUserLimit", "your limit of running jobs is reached"},
      {"QOSMaxSubmitJobPerUserLimit", "your limit of submitted jobs is reached"},
      {"AssocGrpGRES", "your account's GPU quota is used up"},
      {"AssocGrpCpuLimit", "your account's core quota is used up"},
      {"AssocGrpCPUMinutesLimit", "your account has no compute time left"},
      {"AssocMaxJobsLimit", "your account's limit of running jobs is reached"},
      {"BadConstraints", "no node satisfies its constraint: it will never start"},
      {"Licenses", "waits for licences"},
      {"NodeDown", "a node it needs is down"},
  };
  const auto found = meanings.find(reason);
  if (found != meanings.end()) return found->second;
  // Newer versions add details: "ReqNodeNotAvail, UnavailableNodes:n1".
  const auto head = meanings.find(reason.substr(0, reason.find(',')));
  return head != meanings.end() ? head->second : reason;
}

bool hopeless(const QueuedJob& job) { return job.state == "PENDING" && job.reason == "DependencyNeverSatisfied"; }

}  // namespace assay::launch
