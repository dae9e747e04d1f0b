#include "study/record.hpp"

#include <charconv>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"
#include "trial/json.hpp"

namespace assay::study {
namespace {

using base::Json;

Json header(const char* kind) {
  Json json;
  json["is"] = kind;
  return json;
}

Json header(const char* kind, const trial::ItemId& item, int attempt) {
  Json json = header(kind);
  json["item"] = Json::array({item.trial, item.rung});
  json["attempt"] = attempt;
  return json;
}

struct Encoder {
  Json operator()(const Hello& hello) const {
    Json json = header("hello");
    json["format"] = log_format;
    json["worker"] = hello.worker.id;
    json["host"] = hello.worker.host;
    json["boot"] = hello.worker.boot;
    json["pid"] = hello.worker.pid;
    json["start"] = hello.worker.process_start;
    json["pid_namespace"] = hello.worker.pid_namespace;
    json["job"] = hello.worker.job;
    json["restart"] = hello.restart;
    json["cores"] = hello.worker.cores;
    json["gpus"] = hello.worker.gpus;
    json["time"] = hello.worker.first_seen;
    if (hello.worker.reservation > 0) json["patience"] = hello.worker.reservation;
    return json;
  }
  Json operator()(const Start& start) const {
    Json json = header("start", start.item, start.attempt);
    json["time"] = start.time;
    json["what"] = to_json(start.what);
    json["at"] = to_json(start.at);
    return json;
  }
  Json operator()(const Reported& reported) const {
    Json json = header("report", reported.item, reported.attempt);
    json["step"] = reported.report.step;
    json["seconds"] = reported.report.seconds;
    json["metrics"] = trial::to_json(reported.report.metrics);
    return json;
  }
  Json operator()(const End& end) const {
    Json json = header("end", end.item, end.attempt);
    json["time"] = end.time;
    json["outcome"] = to_json(end.outcome);
    if (end.worked > 0) json["worked"] = end.worked;
    return json;
  }
  Json operator()(const Won& won) const {
    Json json = header("won");
    json["item"] = Json::array({won.item.trial, won.item.rung});
    json["worker"] = won.worker;
    return json;
  }
  Json operator()(const Beat& beat) const {
    Json json = header("beat");
    json["time"] = beat.time;
    return json;
  }
  Json operator()(const Roll&) const { return header("roll"); }
  Json operator()(const Bye& bye) const {
    Json json = header("bye");
    json["reason"] = bye.reason;
    json["time"] = bye.time;
    return json;
  }
};

}  // namespace

std::string encode(const Record& record) {
  // Reasons quote output of commands, which may be no UTF-8.
  return std::visit(Encoder{}, record).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string frame(std::string_view json) { return fmt::format("{} {:08x} {}\n", json.size(), base::crc32(json), json); }

std::optional<std::string_view> Scanner::next() {
  for (;;) {
    const auto rest = bytes_.substr(consumed_);
    const auto end = rest.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    consumed_ += end + 1;
    const auto line = rest.substr(0, end);
    std::size_t size = 0;
    const auto [after, error] = std::from_chars(line.data(), line.data() + line.size(), size);
    const auto digits = static_cast<std::size_t>(after - line.data());
    std::uint32_t sum = 0;
    const bool shaped =
        error == std::errc() && line.size() == digits + 10 + size && line[digits] == ' ' && line[digits + 9] == ' ';
    if (shaped) std::from_chars(line.data() + digits + 1, line.data() + digits + 9, sum, 16);
    if (shaped && sum == base::crc32(line.substr(digits + 10))) return line.substr(digits + 10);
    if (!line.empty()) ++damaged_;
  }
}

}  // namespace assay::study
