// Reading records with simdjson: logs are read by everybody, and grow long.
#include <simdjson.h>

#include <limits>

#include "base/error.hpp"
#include "study/record.hpp"

namespace assay::study {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;
using simdjson::dom::object;

std::string text(const object& json, std::string_view key) {
  std::string_view value;
  return json[key].get(value) == simdjson::SUCCESS ? std::string(value) : std::string();
}

double number(const element& value) {
  double result = 0;
  return value.get(result) == simdjson::SUCCESS ? result : std::numeric_limits<double>::quiet_NaN();
}

double number(const object& json, std::string_view key, double absent = 0) {
  element value;
  return json[key].get(value) == simdjson::SUCCESS ? number(value) : absent;
}

std::int64_t integer(const object& json, std::string_view key, std::int64_t absent = 0) {
  std::int64_t value = absent;
  return json[key].get(value) == simdjson::SUCCESS ? value : absent;
}

trial::ItemId item(const object& json, std::string_view key = "item") {
  const simdjson::dom::array pair = json[key];
  return {pair.at(0).get_int64().value(), static_cast<int>(pair.at(1).get_int64().value())};
}

trial::Metrics metrics(const object& json) {
  trial::Metrics result;
  object values;
  if (json["metrics"].get(values) != simdjson::SUCCESS) return result;
  for (const auto& [name, value] : values) result.emplace_hint(result.end(), std::string(name), number(value));
  return result;
}

std::map<std::string, std::string> texts(const object& json, std::string_view key) {
  std::map<std::string, std::string> result;
  object values;
  if (json[key].get(values) != simdjson::SUCCESS) return result;
  for (const auto& [name, value] : values) result[std::string(name)] = std::string(value.get_string().value());
  return result;
}

trial::Fidelity fidelity(const object& json) {
  return {static_cast<int>(integer(json, "epochs", 1)), number(json, "data", 1), number(json, "width", 1),
          number(json, "resolution", 1)};
}

space::Value value_of(const element& value) {
  switch (value.type()) {
    case element_type::BOOL:
      return value.get_bool().value();
    case element_type::INT64:
      return value.get_int64().value();
    case element_type::DOUBLE:
      return value.get_double().value();
    case element_type::STRING:
      return std::string(value.get_string().value());
    case element_type::ARRAY: {
      std::vector<std::string> labels;
      const simdjson::dom::array items = value.get_array();
      for (const auto label : items) labels.emplace_back(label.get_string().value());
      return labels;
    }
    default:
      base::fail(base::Exit::data, "a parameter is neither scalar nor a list of texts");
  }
}

trial::Proposal proposal(const object& json) {
  trial::Proposal result;
  for (const auto& [name, value] : object(json["params"])) {
    result.params.emplace_hint(result.params.end(), std::string(name), value_of(value));
  }
  object at;
  if (json["at"].get(at) == simdjson::SUCCESS) result.at = fidelity(at);
  if (element from; json["from"].get(from) == simdjson::SUCCESS) result.from = item(json, "from");
  result.note = text(json, "note");
  result.tags = texts(json, "tags");
  return result;
}

trial::Outcome outcome(const object& json) {
  trial::Outcome result;
  result.state = trial::state_from(text(json, "state"));
  if (const auto failure = text(json, "failure"); !failure.empty()) result.failure = trial::failure_from(failure);
  result.reason = text(json, "reason");
  result.metrics = metrics(json);
  result.attributes = texts(json, "attributes");
  result.device_seconds = number(json, "device_seconds");
  bool again = false;
  result.again = json["again"].get(again) == simdjson::SUCCESS && again;
  return result;
}

Hello hello(const object& json) {
  const auto format = integer(json, "format");
  if (format > log_format) {
    base::fail(base::Exit::data,
               "this study was written by a newer version (log format {}, this one reads up to {}); use that one",
               format, log_format);
  }
  Hello result;
  result.worker.id = text(json, "worker");
  result.worker.host = text(json, "host");
  result.worker.boot = text(json, "boot");
  result.worker.pid = integer(json, "pid");
  result.worker.process_start = static_cast<std::uint64_t>(integer(json, "start"));
  result.worker.job = text(json, "job");
  result.worker.cores = static_cast<int>(integer(json, "cores"));
  result.worker.gpus = static_cast<int>(integer(json, "gpus"));
  result.worker.first_seen = number(json, "time");
  result.worker.pid_namespace = text(json, "pid_namespace");
  result.restart = static_cast<int>(integer(json, "restart"));
  result.worker.reservation = number(json, "patience");
  return result;
}

std::optional<Record> record(const object& json) {
  const auto kind = text(json, "is");
  const auto attempt = static_cast<int>(integer(json, "attempt", 1));
  if (kind == "report") {
    return Reported{item(json), attempt, {integer(json, "step"), number(json, "seconds"), metrics(json)}};
  }
  if (kind == "start")
    return Start{item(json), attempt, number(json, "time"), proposal(json["what"]), fidelity(json["at"])};
  if (kind == "end")
    return End{item(json), attempt, number(json, "time"), outcome(json["outcome"]),
               static_cast<int>(integer(json, "worked"))};
  if (kind == "won") return Won{item(json), text(json, "worker")};
  if (kind == "beat") return Beat{number(json, "time")};
  if (kind == "hello") return hello(json);
  if (kind == "roll") return Roll{};
  if (kind == "bye") return Bye{text(json, "reason"), number(json, "time")};
  return std::nullopt;
}

}  // namespace

std::optional<Record> decode(std::string_view json) {
  thread_local simdjson::dom::parser parser;
  try {
    return record(parser.parse(json.data(), json.size()));
  } catch (const simdjson::simdjson_error& error) {
    base::fail(base::Exit::data, "a log record cannot be read ({}): {:.200}", error.what(), json);
  }
}

}  // namespace assay::study
