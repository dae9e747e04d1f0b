#include "base/random.hpp"

#include <cmath>
#include <numbers>

namespace assay::base {
namespace {

// FNV-1a with a final mix: only names of streams go through it.
std::uint64_t hash_name(std::uint64_t value, std::string_view text) {
  for (const char c : text) value = (value ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
  return (value ^ 0xff) * 0x100000001b3ull;
}

std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

}  // namespace

Rng::Rng(std::uint64_t seed, std::string_view stage, std::int64_t trial, std::string_view purpose) {
  const auto name = hash_name(hash_name(0xcbf29ce484222325ull, stage), purpose);
  const auto key = mix(seed ^ mix(name));
  const auto stream = mix(static_cast<std::uint64_t>(trial) + 0x9e3779b97f4a7c15ull * (name | 1));
  key_ = {static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32)};
  counter_ = {0, 0, static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(stream >> 32)};
}

void Rng::refill() {
  auto c = counter_;
  auto k = key_;
  for (int round = 0; round < 10; ++round) {
    const auto p0 = std::uint64_t{0xD2511F53} * c[0];
    const auto p1 = std::uint64_t{0xCD9E8D57} * c[2];
    c = {static_cast<std::uint32_t>(p1 >> 32) ^ c[1] ^ k[0], static_cast<std::uint32_t>(p1),
         static_cast<std::uint32_t>(p0 >> 32) ^ c[3] ^ k[1], static_cast<std::uint32_t>(p0)};
    k[0] += 0x9E3779B9;
    k[1] += 0xBB67AE85;
  }
  words_ = c;
  used_ = 0;
  if (++counter_[0] == 0) ++counter_[1];
}

Rng::result_type Rng::operator()() {
  if (used_ > 2) refill();
  const auto value = std::uint64_t{words_[used_]} << 32 | words_[used_ + 1];
  used_ += 2;
  return value;
}

double Rng::uniform() { return static_cast<double>((*this)() >> 11) * 0x1.0p-53; }

std::int64_t Rng::below(std::int64_t n) {
  const auto range = static_cast<std::uint64_t>(n);
  const auto limit = max() - max() % range;
  auto value = (*this)();
  while (value >= limit) value = (*this)();
  return static_cast<std::int64_t>(value % range);
}

double Rng::normal() {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

std::uint64_t derive_seed(std::uint64_t seed, std::string_view stage, std::int64_t trial, std::string_view purpose) {
  return Rng(seed, stage, trial, purpose)();
}

}  // namespace assay::base
