#include "data/bytes.hpp"

#include <algorithm>
#include <optional>

#include "base/gzip.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "base/version.hpp"
#include "os/file.hpp"

namespace assay::data {
namespace {

namespace fs = std::filesystem;

/// The hash that a checksums.txt ("sha256  relative/path") gives for the file, with the list's name.
std::optional<std::pair<std::string, fs::path>> listed_hash(const fs::path& file) {
  std::error_code ignored;
  const auto absolute = fs::absolute(file, ignored).lexically_normal();
  for (const auto& folder : {absolute.parent_path(), absolute.parent_path().parent_path()}) {
    const auto list = os::try_read_file(folder / "checksums.txt");
    if (!list) continue;
    for (const auto& line : base::split(*list, '\n')) {
      const auto entry = base::trim(line);
      if (entry.size() < 67 || entry.front() == '#') continue;
      const auto name = base::trim(entry.substr(64));
      if ((folder / (name.front() == '*' ? name.substr(1) : name)).lexically_normal() == absolute) {
        return std::pair{std::string(entry.substr(0, 64)), folder / "checksums.txt"};
      }
    }
  }
  return {};
}

std::string lower(std::string text) {
  for (auto& c : text) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return text;
}

void check_hash(const fs::path& file, const std::string& hash, const config::Config& config) {
  for (const auto& [name, node] : config.node("data.sha256").items()) {
    if (name != file.filename() && name != file) continue;
    if (lower(node.string()) == hash) return;
    fail_at(file, "its SHA-256 is {}, but {} ({}) says {}; get the file again, or correct the entry", hash, node.path(),
            base::to_string(node.where()), node.string());
  }
  const auto listed = listed_hash(file);
  if (!listed || lower(listed->first) == hash) return;
  fail_at(file, "its SHA-256 is {}, but {} says {}; the file is damaged or another version, get it again", hash,
          listed->second.string(), listed->first);
}

std::string read_whole(const fs::path& file) {
  std::error_code ignored;
  if (!fs::exists(file, ignored)) {
    if (file.is_absolute()) fail_at(file, "there is no such file; correct the path in [data]");
    fail_at(file,
            "there is no such file beside the configuration, in {} or in {}; correct the path in [data], or get a "
            "known data "
            "set with datasets/fetch",
            fs::current_path(ignored).string(), base::share_folder());
  }
  if (fs::is_directory(file, ignored))
    fail_at(file, "is a folder, but a file is expected; only format = \"images\" reads folders");
  try {
    return os::read_file(file);
  } catch (const base::Error& error) {
    throw base::Error(base::Exit::data, error.what());
  }
}

}  // namespace

std::vector<std::uint8_t> unpack(std::string_view packed, const fs::path& file) {
  auto unzipped = base::gunzip(packed);
  switch (unzipped.end) {
    case base::Unzipped::End::whole:
      break;
    case base::Unzipped::End::cut_off:
      fail_at(file, "the gzip data end too early after {} bytes; the file is cut off, get it again",
              base::with_commas(static_cast<long long>(unzipped.bytes.size())));
    case base::Unzipped::End::damaged:
      fail_at(file, "the gzip data are damaged ({}); get the file again", unzipped.fault);
  }
  return std::move(unzipped.bytes);
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t length = lead < 0x80   ? 1
                               : lead < 0xc2 ? 0
                               : lead < 0xe0 ? 2
                               : lead < 0xf0 ? 3
                               : lead < 0xf5 ? 4
                                             : 0;
    if (length == 0 || at + length > text.size()) return false;
    for (std::size_t i = 1; i < length; ++i) {
      if ((static_cast<unsigned char>(text[at + i]) & 0xc0) != 0x80) return false;
    }
    if (length > 2) {  // overlong forms, surrogates and what is beyond the last code point
      const auto second = static_cast<unsigned char>(text[at + 1]);
      if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) || (lead == 0xf0 && second < 0x90) ||
          (lead == 0xf4 && second > 0x8f)) {
        return false;
      }
    }
    at += length;
  }
  return true;
}

Content read_content(const fs::path& file, const config::Config& config) {
  const auto raw = read_whole(file);
  if (raw.empty()) fail_at(file, "the file is empty; get it again");
  Content content{.file = file, .bytes = {}, .sha256 = base::sha256(raw)};
  check_hash(file, content.sha256, config);
  if (base::is_gzip(raw)) {
    content.bytes = unpack(raw, file);
    if (content.bytes.empty()) fail_at(file, "the unpacked file is empty; get it again");
  } else {
    content.bytes.assign(raw.begin(), raw.end());
  }
  return content;
}

}  // namespace assay::data
