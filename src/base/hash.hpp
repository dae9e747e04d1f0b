// SHA-256 (FIPS 180-4): identities of configurations, networks and files. Own code because no library for it is on
// every cluster without root, and it is sixty lines.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace assay::base {

/// Feed bytes, then ask once for the 64 hexadecimal digits.
class Sha256 {
 public:
  void update(const void* data, std::size_t size);
  void update(std::string_view text) { update(text.data(), text.size()); }
  std::string hex();

 private:
  void block(const unsigned char* bytes);

  std::array<std::uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<unsigned char, 64> buffer_{};
  std::uint64_t size_ = 0;
};

std::string sha256(std::string_view text);

/// The first 16 digits: enough to tell configurations apart in messages and names.
std::string short_hash(std::string_view text);

/// CRC-32 (zlib's polynomial) of a record, to tell a torn log line from a whole one.
std::uint32_t crc32(std::string_view text);

}  // namespace assay::base
