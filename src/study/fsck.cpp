#include "study/fsck.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "os/file.hpp"
#include "study/archive.hpp"
#include "study/definition.hpp"
#include "study/facts.hpp"
#include "study/names.hpp"
#include "study/record.hpp"

namespace assay::study {
namespace {

std::string text_of(const trial::ItemId& item) { return fmt::format("trial {} rung {}", item.trial, item.rung); }

/// What the logs say of an item.
struct Told {
  bool started = false;
  std::set<std::string> finished;  ///< workers that recorded a result which may be committed
  std::set<std::string> gave_up;   ///< workers whose infrastructure failure a commit makes the result
};

class Checker {
 public:
  explicit Checker(const Path& folder) : layout_{folder} {}

  StoreCheck run() {
    if (!has_store(layout_.stage)) {
      base::fail(base::Exit::upstream, "there is no study in {} yet: its stage has not been started",
                 layout_.stage.string());
    }
    if (!read_definition(layout_)) {
      broken("study/study.json is missing, without which nobody can read the study: bring it back from a copy");
    }
    // Names before logs: a result is recorded before its commit, so whatever is named now can be found afterwards.
    list();
    for (const auto& name : os::list_folder(layout_.workers())) tokens_.insert(name.substr(0, name.find('-')));
    read_logs();
    check_names();
    check_closing();
    return std::move(result_);
  }

 private:
  template <class... Args>
  void broken(fmt::format_string<Args...> text, Args&&... args) {
    result_.findings.push_back({true, fmt::format(text, std::forward<Args>(args)...)});
  }
  template <class... Args>
  void note(fmt::format_string<Args...> text, Args&&... args) {
    result_.findings.push_back({false, fmt::format(text, std::forward<Args>(args)...)});
  }

  void list() {
    list_names(layout_, [&](const trial::ItemId& item, int attempt) {
      if (attempt == 0) {
        commits_.insert(item);
      } else {
        claims_[item].insert(attempt);
      }
    });
  }

  void read_logs() {
    for (const auto& name : os::list_folder(layout_.log())) {
      if (name.front() == '.' || name.find(".tmp.") != std::string::npos) continue;
      if (const auto bytes = os::try_read_file(layout_.log() / name)) logs_[name] = *bytes;
    }
    for (const auto& name : os::list_folder(layout_.archive())) {
      if (!name.ends_with(".gz")) {
        note("archive/{} is left from a piece that was never published", name);
        continue;
      }
      ++result_.pieces;
      try {
        for (auto& log : read_piece(layout_.archive() / name)) add_packed(name, std::move(log));
      } catch (const base::Error& error) {
        broken("{}", error.what());
      }
    }
    for (const auto& [name, bytes] : logs_) read_log(name, bytes);
  }

  void add_packed(const std::string& piece, PackedLog log) {
    const auto there = logs_.find(log.name);
    if (there == logs_.end()) {
      logs_[log.name] = std::move(log.bytes);
    } else if (log.bytes.starts_with(there->second)) {
      there->second = std::move(log.bytes);  // it went on after it was read here
    } else {
      broken("the log {} is in archive/{} with other bytes", log.name, piece);
    }
  }

  void read_log(const std::string& name, const std::string& bytes) {
    ++result_.logs;
    const auto worker = name.substr(0, name.find('.'));
    Scanner scanner(bytes);
    bool first = true, ended = false;
    while (const auto json = scanner.next()) {
      ++result_.records;
      std::optional<Record> record;
      try {
        record = decode(*json);
      } catch (const std::exception& error) {
        broken("log {}: {}", name, error.what());
        continue;
      }
      if (!record) continue;
      const auto* hello = std::get_if<Hello>(&*record);
      if (first && (hello == nullptr || hello->worker.id != worker)) {
        broken("log {} does not begin with the greeting of its worker", name);
      }
      if (ended) broken("log {} goes on after its end", name);
      first = false;
      ended = ended || std::holds_alternative<Roll>(*record) || std::holds_alternative<Bye>(*record);
      take(worker, *record);
    }
    if (scanner.damaged() > 0) {
      note("log {}: {} damaged line{}, as a failed write leaves them", name, scanner.damaged(),
           scanner.damaged() == 1 ? "" : "s");
    }
  }

  void take(const std::string& worker, const Record& record) {
    if (const auto* start = std::get_if<Start>(&record)) told_[start->item].started = true;
    const auto* end = std::get_if<End>(&record);
    if (end == nullptr) return;
    auto& told = told_[end->item];
    (retriable(end->outcome) ? told.gave_up : told.finished).insert(worker);
    // Nothing was proposed, or every attempt died before it could record its parameters.
    const bool given_up = end->outcome.state == trial::State::failed && end->outcome.failure == trial::Failure::crash;
    if (end->outcome.state == trial::State::voided || given_up) told.started = true;
  }

  void check_names() {
    for (const auto& [item, attempts] : claims_) {
      for (const int attempt : attempts) check_claim(item, attempt, attempts);
      if (item.rung > 0 && !claims_.contains({item.trial, item.rung - 1})) {
        broken("{} is claimed, and the rung below is not", text_of(item));
      }
    }
    for (const auto& item : commits_) check_commit(item);
  }

  void check_claim(const trial::ItemId& item, int attempt, const std::set<int>& attempts) {
    ++result_.claims;
    if (attempt > 1 && !attempts.contains(attempt - 1)) {
      broken("{}: attempt {} is claimed, and attempt {} is not", text_of(item), attempt, attempt - 1);
    }
    const auto holder = owner(layout_.claim(item, attempt));
    if (!holder || !tokens_.contains(*holder)) {
      broken("{}: attempt {} belongs to no worker (it says \"{:.40}\")", text_of(item), attempt, holder.value_or(""));
    }
  }

  void check_commit(const trial::ItemId& item) {
    ++result_.commits;
    if (!claims_.contains(item)) broken("{} has a result, and was never claimed", text_of(item));
    const auto winner = owner(layout_.commit(item));
    if (!winner || !tokens_.contains(*winner)) {
      broken("the commit of {} belongs to no worker (it says \"{:.40}\")", text_of(item), winner.value_or(""));
      return;
    }
    const auto& told = told_[item];
    if (!told.finished.contains(*winner) && !told.gave_up.contains(*winner)) {
      broken("{} is committed to worker {}, whose log holds no result of it", text_of(item), *winner);
    }
    if (!told.started) broken("{} is committed, and no log holds its parameters", text_of(item));
  }

  void check_closing() {
    // Results before closings: one is published after the other.
    std::set<int> done;
    const auto newest = newest_name();
    for (int number = 1; number <= newest; ++number) {
      if (os::file_size(layout_.done(number))) done.insert(number);
    }
    const auto now = read_generation(layout_);
    list();  // workers may have gone on meanwhile
    if (now.number < newest) {
      broken("study/reopened.{} is missing, and there are names of a later reopening", now.number + 1);
    }
    if (!now.closed() && done.contains(now.number)) {
      broken("{} is there, and the study is not closed", layout_.done(now.number).filename().string());
    }
    if (now.before) check_members(*now.before, now.number - 1, done.contains(now.number - 1));
    if (!now.closed()) return;
    check_members(*now.members, now.number, done.contains(now.number));
    for (const auto& item : now.members->items) {
      if (now.outside.contains(item.trial))
        broken("{} counts again, and an earlier closing left it out", text_of(item));
    }
    if (!now.before) return;
    for (const auto& item : now.before->items) {
      if (!now.members->items.contains(item))
        broken("{} was a member of closing {}, and is none of the next one", text_of(item), now.number - 1);
    }
  }

  /// The highest generation that any name speaks of.
  int newest_name() const {
    int newest = 1;
    const auto look = [&](const Path& folder, std::string_view head, std::string_view tail) {
      for (const auto& name : os::list_folder(folder)) {
        if (!name.starts_with(head) || !name.ends_with(tail) || name.size() <= head.size() + tail.size()) continue;
        const auto number = base::integer_in(name.substr(head.size(), name.size() - head.size() - tail.size()));
        if (number) newest = std::max(newest, static_cast<int>(*number));
      }
    };
    look(layout_.study(), "closed.", "");
    look(layout_.study(), "reopened.", "");
    look(layout_.stage, "done.", ".json");
    return newest;
  }

  void check_members(const trial::Members& members, int generation, bool done) {
    std::int64_t open = 0;
    for (const auto& item : members.items) {
      if (!claims_.contains(item)) broken("{} is a member of the closed study, and was never claimed", text_of(item));
      open += commits_.contains(item) ? 0 : 1;
    }
    if (open > 0 && done) {
      broken("{} is there, and {} members have no result", layout_.done(generation).filename().string(), open);
    }
  }

  const Layout layout_;
  StoreCheck result_;
  std::map<std::string, std::string> logs_;  ///< name -> bytes
  std::set<std::string> tokens_;             ///< ids of workers
  std::map<trial::ItemId, std::set<int>> claims_;
  std::set<trial::ItemId> commits_;
  std::map<trial::ItemId, Told> told_;
};

}  // namespace

bool StoreCheck::broken() const {
  return std::any_of(findings.begin(), findings.end(), [](const Finding& finding) { return finding.broken; });
}

bool has_store(const Path& folder) {
  const Layout layout{folder};
  if (os::file_size(layout.definition())) return true;
  for (const auto& place : {layout.log(), layout.archive(), layout.study() / "claims"}) {
    if (!os::list_folder(place).empty()) return true;
  }
  return os::file_size(layout.closed()).has_value();
}

StoreCheck check_store(const std::filesystem::path& folder) { return Checker(folder).run(); }

}  // namespace assay::study
