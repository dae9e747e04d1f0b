#include "study/archive.hpp"

#include <zlib.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/json.hpp"
#include "os/file.hpp"

namespace assay::study {
namespace {

using base::Exit;
using base::Json;

constexpr int piece_format = 1;
constexpr int gzip = 16 + MAX_WBITS;

std::string pack(const std::string& text) {
  z_stream stream{};
  base::require(deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, gzip, 8, Z_DEFAULT_STRATEGY) == Z_OK,
                "zlib cannot start: out of memory");
  std::string packed(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const int result = deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  base::require(result == Z_STREAM_END, "zlib cannot pack {} bytes", text.size());
  return packed;
}

std::string unpack(const std::string& packed, const std::filesystem::path& name) {
  z_stream stream{};
  base::require(inflateInit2(&stream, gzip) == Z_OK, "zlib cannot start: out of memory");
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string text;
  int result = Z_OK;
  while (result == Z_OK) {
    const auto filled = text.size();
    text.resize(filled + std::max<std::size_t>(65536, 4 * packed.size()));
    stream.next_out = reinterpret_cast<Bytef*>(text.data() + filled);
    stream.avail_out = static_cast<uInt>(text.size() - filled);
    result = inflate(&stream, Z_NO_FLUSH);
    text.resize(text.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  if (result != Z_STREAM_END) base::fail(Exit::io, "{} is damaged: it cannot be unpacked", name.string());
  return text;
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
  return os::publish_once(name, pack(head.dump() + "\n" + bytes));
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
