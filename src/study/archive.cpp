#include "study/archive.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/gzip.hpp"
#include "base/json.hpp"
#include "os/file.hpp"

namespace assay::study {
namespace {

using base::Exit;
using base::Json;

constexpr int piece_format = 1;
std::string unpack(const std::string& packed, const std::filesystem::path& name) {
  const auto unzipped = base::gunzip(packed);
  if (unzipped.end != base::Unzipped::End::whole)
    base::fail(Exit::io, "{} is damaged: it cannot be unpacked", name.string());
  return {unzipped.bytes.begin(), unzipped.bytes.end()};
}

}  // namespace

bool publish_piece(const std::filesystem::path& name, const std::vector<PackedLog>& logs) {
  Json head = {{"format", piece_format}, {"logs", Json::array()}};
  std::string bytes;
  for (const auto& log : logs) {
    head["logs"].push_back({{"name", log.name}, {"dead", log.dead}, {"bytes", log.bytes.size()}});
    bytes += log.bytes;
  }
  os::make_folders(name.parent_path());
  return os::publish_once(name, base::gzip(head.dump() + "\n" + bytes));
}

std::vector<PackedLog> read_piece(const std::filesystem::path& name) {
  const auto text = unpack(os::read_file(name), name);
  const auto end = text.find('\n');
  const auto head = Json::parse(text.substr(0, end), nullptr, false);
  if (end == std::string::npos || head.is_discarded()) base::fail(Exit::io, "{} is damaged: no head", name.string());
  if (head.at("format").get<int>() > piece_format) {
    base::fail(Exit::data, "{} was written by a newer version; use that one", name.string());
  }
  std::vector<PackedLog> logs;
  auto at = end + 1;
  for (const auto& entry : head.at("logs")) {
    const auto size = entry.at("bytes").get<std::size_t>();
    if (at + size > text.size()) base::fail(Exit::io, "{} is damaged: it ends too early", name.string());
    logs.push_back({entry.at("name").get<std::string>(), entry.at("dead").get<bool>(), text.substr(at, size)});
    at += size;
  }
  return logs;
}

}  // namespace assay::study
