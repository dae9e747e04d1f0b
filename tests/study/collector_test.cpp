// The stream of a collector: what it holds, whoever joins it when, and that workers do learn from it.
#include "study/collector.hpp"

#include <catch2/catch_test_macros.hpp>
#include <memory>
#include <numeric>

#include "lab.hpp"
#include "os/file.hpp"
#include "study/liveness.hpp"
#include "study/log_reader.hpp"
#include "study/log_writer.hpp"
#include "study/names.hpp"

using namespace lab;
using namespace assay::study;
using namespace assay::trial;

namespace {

using Seen = std::vector<std::string>;

std::string segment(const std::string& log, std::uint64_t offset, const std::string& bytes) {
  return '\x01' + log + " " + std::to_string(offset) + " " + std::to_string(bytes.size()) + "\n" + bytes;
}

/// "log@offset:bytes" of each whole segment; `used` is what scan_stream returns.
Seen scan(std::string_view bytes, std::size_t* used = nullptr) {
  Seen seen;
  const auto count = scan_stream(bytes, [&](const Segment& one) {
    seen.push_back(one.log + "@" + std::to_string(one.offset) + ":" + std::string(one.bytes));
  });
  if (used != nullptr) *used = count;
  return seen;
}

const std::string three =
    segment("aa.0", 0, "7 12 {}\n8 13 {}\n") + segment("-", 0, "") + segment("bb.12", 4096, "9 14 {}\n");
const Seen three_seen = {"aa.0@0:7 12 {}\n8 13 {}\n", "-@0:", "bb.12@4096:9 14 {}\n"};

/// A worker that only writes its log: step after step of trial 0.
class Scribbler {
 public:
  Scribbler(const Layout& layout, const std::string& id) : log_(layout.log(), greet(id), 60) {}
  void write(int records) {
    for (int i = 0; i < records; ++i) log_.append(Reported{{0, 0}, 1, {++step_, 0, {}}}, Flush::written);
  }
  void leave() { log_.goodbye("done"); }

 private:
  LogWriter log_;
  std::int64_t step_ = 0;
};

/// What a reader has been told: steps by worker, in the order in which they came.
struct Follower {
  Follower(const Layout& layout, double silence)
      : reader(layout, "me", [this](const std::string& worker, Record record) {
          if (const auto* report = std::get_if<Reported>(&record)) steps[worker].push_back(report->report.step);
        }) {
    reader.follow_collector_from(2, silence);
  }
  /// True if every step up to `count` has come, in order and once.
  bool knows(const std::string& worker, std::size_t count) {
    std::vector<std::int64_t> all(count);
    std::iota(all.begin(), all.end(), 1);
    return steps[worker] == all;
  }
  bool learns(const std::string& worker, std::size_t count, double seconds = 10) {
    return eventually(
        [&] {
          reader.read();
          return knows(worker, count);
        },
        seconds);
  }
  std::map<std::string, std::vector<std::int64_t>> steps;
  LogReader reader;
};

/// Two workers and the collector that gathers for them.
struct Crowd {
  Crowd() : layout{folder.path() / "live"} {
    for (const auto& path : {layout.log(), layout.archive(), layout.collector()}) os::make_folders(path);
    first.emplace(layout, "aa");
    second.emplace(layout, "bb");
  }
  /// Elects a collector.
  void collect(std::int64_t epoch) {
    os::publish(layout.collector() / std::to_string(epoch), "cc");
    collector = std::make_unique<Collector>(layout, epoch);
  }
  bool gathers(std::int64_t epoch) const {
    return eventually([&] { return os::file_size(stream_name(layout.collector(), epoch)).value_or(0) > 0; });
  }
  Folder folder;
  Layout layout;
  std::optional<Scribbler> first, second;
  std::unique_ptr<Collector> collector;
};

}  // namespace

TEST_CASE("the end of a stream may be torn anywhere: nothing is lost once the rest is there") {
  CHECK(scan(three) == three_seen);
  for (std::size_t cut = 0; cut <= three.size(); ++cut) {
    INFO("cut at " << cut);
    std::size_t used = 0;
    auto seen = scan(std::string_view(three).substr(0, cut), &used);
    REQUIRE(used <= cut);
    const auto rest = scan(std::string_view(three).substr(used));
    seen.insert(seen.end(), rest.begin(), rest.end());
    CHECK(seen == three_seen);
  }
}

TEST_CASE("who joins a stream in the middle of a segment begins with the next one") {
  std::vector<std::size_t> begins;
  for (auto at = three.find('\x01'); at != std::string::npos; at = three.find('\x01', at + 1)) begins.push_back(at);
  REQUIRE(begins.size() == three_seen.size());
  for (std::size_t cut = 0; cut <= three.size(); ++cut) {
    INFO("joined at " << cut);
    const auto missed = std::lower_bound(begins.begin(), begins.end(), cut) - begins.begin();
    CHECK(scan(std::string_view(three).substr(cut)) == Seen(three_seen.begin() + missed, three_seen.end()));
  }
}

TEST_CASE("a segment that was torn for good is passed over, what comes behind it is not") {
  const auto whole = segment("bb.0", 8, "9 14 {}\n");
  const auto torn = segment("aa.0", 0, "7 12 {}\n8 13 {}\n");
  for (std::size_t kept = 1; kept < torn.size(); ++kept) {
    INFO("torn after " << kept);
    CHECK(scan(torn.substr(0, kept) + whole) == Seen{"bb.0@8:9 14 {}\n"});
  }
}

TEST_CASE("a reader whose logs never change learns from the stream alone") {
  Crowd crowd;
  crowd.first->write(20);
  crowd.second->write(5);
  crowd.collect(1);
  REQUIRE(crowd.gathers(1));
  // The logs as they are now, and the living stream beside them.
  const Layout frozen{crowd.folder.path() / "frozen"};
  os::make_folders(frozen.study());
  std::filesystem::copy(crowd.layout.log(), frozen.log());
  os::make_folders(frozen.archive());
  std::filesystem::create_directory_symlink(crowd.layout.collector(), frozen.collector());
  Follower follower(frozen, 15);
  follower.reader.read();  // the first look finds the crowd, the next one the stream
  follower.reader.read();
  CHECK(follower.reader.following());
  CHECK(follower.reader.epoch() == 1);
  CHECK(follower.knows("aa", 20));
  CHECK(follower.knows("bb", 5));

  crowd.first->write(300);
  CHECK(follower.learns("aa", 320));
  // A worker that has just come (logs are listed every five seconds), and one that leaves.
  Scribbler third(crowd.layout, "dd");
  third.write(7);
  CHECK(follower.learns("dd", 7));
  crowd.second->write(1);
  crowd.second->leave();
  CHECK(follower.learns("bb", 6));
  CHECK(follower.reader.workers().at("bb").ended);
  CHECK(os::list_folder(frozen.log()).size() == 2);
}

TEST_CASE("a stream that falls silent is left for the logs, and for the stream of the next collector") {
  Crowd crowd;
  crowd.collect(1);
  REQUIRE(crowd.gathers(1));
  Follower follower(crowd.layout, 2.5);
  follower.reader.read();
  crowd.first->write(3);
  REQUIRE(follower.learns("aa", 3));
  REQUIRE(follower.reader.following());
  crowd.collector.reset();
  crowd.first->write(3);
  follower.reader.read();
  CHECK(follower.knows("aa", 3));  // the stream is still believed
  CHECK(follower.learns("aa", 6, 4));
  CHECK_FALSE(follower.reader.following());

  crowd.collect(2);
  REQUIRE(crowd.gathers(2));
  CHECK(eventually([&] {
    follower.reader.read();
    return follower.reader.following();
  }));
  CHECK(follower.reader.epoch() == 2);
  crowd.second->write(4);
  CHECK(follower.learns("bb", 4));
  CHECK(follower.knows("aa", 6));
  // The stream before the last one is read by nobody: the third collector removes it.
  CHECK(os::file_size(stream_name(crowd.layout.collector(), 1)));
  crowd.collector.reset();
  crowd.collect(3);
  CHECK_FALSE(os::file_size(stream_name(crowd.layout.collector(), 1)));
  CHECK(os::file_size(stream_name(crowd.layout.collector(), 2)));
}
