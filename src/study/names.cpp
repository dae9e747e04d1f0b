#include "study/names.hpp"

#include <charconv>

#include "base/error.hpp"
#include "os/file.hpp"

namespace assay::study {
namespace {

/// File systems allow 32,000 (ext3) to 65,000 (ext4) links to one file.
constexpr std::int64_t links_per_token = 10'000;

std::string item_text(const trial::ItemId& item) {
  return std::to_string(item.trial) + "." + std::to_string(item.rung);
}

/// "41.0.2" -> {41, 0}, 2; "41.0" -> {41, 0}, 0.
std::optional<std::pair<trial::ItemId, int>> parse_name(std::string_view name) {
  std::int64_t parts[3] = {0, 0, 0};
  int count = 0;
  const char* at = name.data();
  const char* const end = name.data() + name.size();
  for (; count < 3 && at < end; ++count) {
    const auto [after, error] = std::from_chars(at, end, parts[count]);
    if (error != std::errc()) return std::nullopt;
    if (after < end && *after != '.') return std::nullopt;
    at = after < end ? after + 1 : end;
  }
  if (count < 2 || at != end) return std::nullopt;
  return std::pair{trial::ItemId{parts[0], static_cast<int>(parts[1])}, static_cast<int>(parts[2])};
}

}  // namespace

Path Layout::claim(const trial::ItemId& item, int attempt) const {
  return block(item.trial) / (item_text(item) + "." + std::to_string(attempt));
}

Path Layout::commit(const trial::ItemId& item) const { return block(item.trial) / item_text(item); }

Path Layout::attempt(const trial::ItemId& item, int attempt) const {
  return stage / "trials" / std::to_string(item.trial) / (std::to_string(item.rung) + "." + std::to_string(attempt));
}

std::optional<std::string> owner(const Path& name) { return os::try_read_file(name); }

void list_names(const Layout& layout, const std::function<void(const trial::ItemId&, int attempt)>& visit) {
  const auto claims = layout.study() / "claims";
  for (const auto& block : os::list_folder(claims)) {
    for (const auto& name : os::list_folder(claims / block)) {
      if (const auto parsed = parse_name(name)) visit(parsed->first, parsed->second);
    }
  }
}

Claimant::Claimant(Layout layout, std::string worker) : layout_(std::move(layout)), worker_(std::move(worker)) {}

const Path& Claimant::token() {
  if (token_.empty() || links_ >= links_per_token) {
    token_ = layout_.workers() / (worker_ + (tokens_ == 0 ? "" : "-" + std::to_string(tokens_)));
    ++tokens_;
    links_ = 0;
    os::publish_once(token_, worker_);
  }
  ++links_;
  return token_;
}

std::optional<std::string> Claimant::link(const Path& token, const Path& name, const std::string& owner_of_token) {
  if (os::link_name(token, name) == os::Link::mine) return std::nullopt;
  auto there = owner(name);
  base::require(there && *there != owner_of_token, "the name {} was refused and is not there", name.string());
  return there;
}

std::optional<std::string> Claimant::claim(const trial::ItemId& item, int attempt) {
  if (blocks_.insert(item.trial / 1000).second) os::make_folders(layout_.block(item.trial));
  return link(token(), layout_.claim(item, attempt), worker_);
}

bool Claimant::claim_name(const Path& name) { return !link(token(), name, worker_); }

std::string Claimant::commit(const trial::ItemId& item, const std::string& winner) {
  if (blocks_.insert(item.trial / 1000).second) os::make_folders(layout_.block(item.trial));
  const auto other = link(winner == worker_ ? token() : layout_.workers() / winner, layout_.commit(item), winner);
  return other.value_or(winner);
}

}  // namespace assay::study
