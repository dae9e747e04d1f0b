// What a worker does for all the others now and then: collect, and pack ended logs.
#include <vector>

#include "base/log.hpp"
#include "base/time.hpp"
#include "os/file.hpp"
#include "study/archive.hpp"
#include "study/outputs.hpp"
#include "study/study_impl.hpp"

namespace assay::study {
namespace {

/// Of the workers that miss a collector one in so many stands for election at each look: a thousand links at once would
/// do no harm, but no good either.
constexpr int candidates = 8;
/// Of the logs of one piece: small pieces can be unpacked while others are read.
constexpr std::uint64_t most_packed_bytes = 16 << 20;

/// Every line sound, and `roll` or `bye` the last.
bool is_whole(const std::string& log) {
  Scanner scanner(log);
  std::string_view last;
  while (const auto json = scanner.next()) last = *json;
  if (last.empty() || scanner.consumed() != log.size()) return false;
  const auto record = decode(last);
  return record && (std::holds_alternative<Roll>(*record) || std::holds_alternative<Bye>(*record));
}

}  // namespace

void Study::Impl::collect() {
  if (collector && !collector->running()) collector.reset();
  const bool many = limits.collector_from > 0 && reader.live() >= static_cast<std::size_t>(limits.collector_from);
  if (!many || collector || reader.following() || facts.closed()) return;
  if (races.below(candidates) != 0) return;
  const auto epoch = newest_epoch(layout.collector()) + 1;
  os::make_folders(layout.collector());
  if (names.claim_name(layout.collector() / std::to_string(epoch))) {
    base::log_detail("this worker collects for all (number {})", epoch);
    collector = std::make_unique<Collector>(layout, epoch);
  }
}

void Study::Impl::pack() {
  const double now = base::boot_seconds();
  if (limits.pack_from <= 0 || now - packed < limits.pack_seconds) return;
  packed = now;
  pack_logs();
  for (const auto& name : reader.packed_twice()) os::remove_all(layout.log() / name);
  pack_old_outputs();
}

void Study::Impl::pack_logs() {
  const auto of = [this](const std::string& id) -> const trial::WorkerInfo& {
    return facts.workers()[static_cast<std::size_t>(facts.worker(id))].info;
  };
  const auto ended = reader.packable([&](const std::string& id) { return liveness.process_gone(of(id)); });
  if (ended.size() < static_cast<std::size_t>(limits.pack_from)) return;
  std::vector<PackedLog> logs;
  std::uint64_t bytes = 0;
  for (const auto& one : ended) {
    auto content = os::try_read_file(layout.log() / one.name);
    // What this client sees of the file may be older than what was heard of it.
    if (!content || content->size() < one.seen || (one.ended && !is_whole(*content))) continue;
    bytes += content->size();
    const bool dead = !one.ended && liveness.proven_dead(of(one.worker));
    logs.push_back({one.name, dead, std::move(*content)});
    if (bytes > most_packed_bytes) break;
  }
  const auto piece = layout.archive() / fmt::format("{}-{}.gz", self.worker.id, pieces++);
  if (logs.empty() || !publish_piece(piece, logs)) return;
  const auto back = read_piece(piece);
  for (std::size_t i = 0; i < logs.size(); ++i) {
    if (back.at(i).bytes == logs[i].bytes) os::remove_all(layout.log() / logs[i].name);
  }
}

void Study::Impl::pack_old_outputs() {
  if (limits.pack_outputs_from <= 0 || facts.first_free() < limits.pack_outputs_from) return;
  // A trial that a higher rung may go on with keeps its folder until the study is closed.
  if (definition.fidelities.size() > 1 && !facts.closed()) return;
  if (reader.live() > candidates && races.below(candidates) != 0) return;
  const double before = base::unix_seconds() - limits.pack_outputs_seconds;
  const auto ended = [&](trial::TrialId trial) {
    const auto at = facts.ended_at(trial);
    return at && *at < before;
  };
  const auto dead = [&](const std::string& id) { return gone(facts.worker(id)); };
  pack_outputs(layout, self.worker.id, limits.pack_outputs_from, ended, dead, unpackable);
}

}  // namespace assay::study
