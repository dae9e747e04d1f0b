#include "base/gzip.hpp"

#include <zlib.h>

#include <algorithm>

#include "base/error.hpp"

namespace assay::base {
namespace {

constexpr int gzip_window = 16 + MAX_WBITS;
constexpr std::size_t smallest_member = 18;  // header and trailer

/// Ends inflate's state on every way out.
struct Inflater {
  z_stream stream{};
  Inflater() { require(inflateInit2(&stream, gzip_window) == Z_OK, "zlib cannot start: out of memory"); }
  ~Inflater() { inflateEnd(&stream); }
  Inflater(const Inflater&) = delete;  // owns zlib's state
  Inflater& operator=(const Inflater&) = delete;
};

/// The size that the last member's trailer claims: a hint for the allocation, never trusted beyond zlib's best ratio.
std::size_t claimed_size(std::string_view packed) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < 4; ++i)
    size |= std::size_t{static_cast<unsigned char>(packed[packed.size() - 4 + i])} << (8 * i);
  return std::clamp<std::size_t>(size, 4096, packed.size() * 1032 + 4096);
}

}  // namespace

bool is_gzip(std::string_view text) { return text.size() > 2 && text[0] == '\x1f' && text[1] == '\x8b'; }

std::string gzip(std::string_view text) {
  z_stream stream{};
  require(deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, gzip_window, 8, Z_DEFAULT_STRATEGY) == Z_OK,
          "zlib cannot start: out of memory");
  std::string packed(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const int result = deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  require(result == Z_STREAM_END, "zlib cannot pack {} bytes", text.size());
  return packed;
}

Unzipped gunzip(std::string_view packed) {
  Unzipped result;
  if (packed.size() < smallest_member) {
    result.end = Unzipped::End::cut_off;
    return result;
  }
  Inflater inflater;
  auto& stream = inflater.stream;
  auto& bytes = result.bytes;
  bytes.resize(claimed_size(packed));
  std::size_t filled = 0;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  std::size_t left = packed.size();
  for (;;) {
    if (filled == bytes.size()) bytes.resize(bytes.size() + bytes.size() / 2);
    const auto room = static_cast<uInt>(std::min<std::size_t>(bytes.size() - filled, 1U << 30));
    const auto feed = static_cast<uInt>(std::min<std::size_t>(left, 1U << 30));
    stream.next_out = bytes.data() + filled;
    stream.avail_out = room;
    stream.avail_in = feed;
    const int status = inflate(&stream, Z_NO_FLUSH);
    filled += room - stream.avail_out;
    left -= feed - stream.avail_in;
    if (status == Z_STREAM_END) {
      if (!is_gzip({reinterpret_cast<const char*>(stream.next_in), left})) break;  // trailing zeros are padding
      inflateReset(&stream);
    } else if (status == Z_BUF_ERROR || (status == Z_OK && left == 0 && stream.avail_out > 0)) {
      result.end = Unzipped::End::cut_off;
      break;
    } else if (status != Z_OK) {
      result.end = Unzipped::End::damaged;
      result.fault = stream.msg ? stream.msg : "unknown";
      break;
    }
  }
  bytes.resize(filled);
  return result;
}

}  // namespace assay::base
