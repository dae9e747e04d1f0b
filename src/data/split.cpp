// Choosing rows: the search split, and nested subsets for data fidelities.
#include "data/split.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <numeric>

#include "base/command.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "data/bytes.hpp"
#include "data/strata.hpp"
#include "os/file.hpp"

namespace assay::data {
namespace {

using Rows = std::vector<std::int64_t>;

/// How many rows of each stratum go to the validation part: largest remainder, so that no stratum is off by a row.
Rows quotas(const Rows& sizes, double share) {
  const auto total = std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0});
  Rows quota(sizes.size());
  std::vector<std::pair<double, std::size_t>> remainders;
  auto left = std::llround(share * static_cast<double>(total));
  for (std::size_t s = 0; s < sizes.size(); ++s) {
    const double exact = share * static_cast<double>(sizes[s]);
    quota[s] = static_cast<std::int64_t>(std::floor(exact));
    left -= quota[s];
    remainders.emplace_back(std::floor(exact) - exact, s);
  }
  std::sort(remainders.begin(), remainders.end());
  for (const auto& [negative, s] : remainders) {
    if (left > 0 && negative < 0) ++quota[s], --left;
  }
  for (std::size_t s = 0; s < sizes.size(); ++s) {
    quota[s] = sizes[s] < 2 ? 0 : std::clamp<std::int64_t>(quota[s], 1, sizes[s] - 1);
  }
  return quota;
}

std::vector<Rows> rows_by_stratum(const Strata& strata) {
  std::vector<Rows> rows(static_cast<std::size_t>(strata.count));
  for (std::size_t row = 0; row < strata.of.size(); ++row) {
    rows[static_cast<std::size_t>(strata.of[row])].push_back(static_cast<std::int64_t>(row));
  }
  return rows;
}

Split complete(Rows valid, std::int64_t rows) {
  Split split;
  std::sort(valid.begin(), valid.end());
  std::size_t next = 0;
  for (std::int64_t row = 0; row < rows; ++row) {
    if (next < valid.size() && valid[next] == row) {
      ++next;
    } else {
      split.train.push_back(row);
    }
  }
  split.valid = std::move(valid);
  return split;
}

Split split_rows(const Strata& strata, double share, std::uint64_t seed) {
  auto rows = rows_by_stratum(strata);
  Rows sizes, valid;
  for (const auto& each : rows) sizes.push_back(static_cast<std::int64_t>(each.size()));
  const auto quota = quotas(sizes, share);
  for (std::size_t s = 0; s < rows.size(); ++s) {
    base::Rng rng(seed, "split", static_cast<std::int64_t>(s), "valid");
    rng.shuffle(rows[s]);
    valid.insert(valid.end(), rows[s].begin(), rows[s].begin() + quota[s]);
  }
  return complete(std::move(valid), static_cast<std::int64_t>(strata.of.size()));
}

/// How far the validation part's strata are from what is wanted; each stratum weighs by its size.
double distance(const std::vector<double>& have, const std::vector<double>& want, const Rows& extra) {
  double sum = 0;
  for (std::size_t s = 0; s < have.size(); ++s) {
    const double off = have[s] + static_cast<double>(extra[s]) - want[s];
    sum += off * off / std::max(want[s], 1.0);
  }
  return sum;
}

struct Group {
  Rows rows, counts;  ///< counts per stratum
};

std::vector<Group> collect_groups(const Dataset& dataset, const Strata& strata) {
  std::map<std::string_view, std::size_t> number;
  std::vector<Group> groups;
  for (std::size_t row = 0; row < strata.of.size(); ++row) {
    const auto [found, fresh] = number.emplace(dataset.groups[row], groups.size());
    if (fresh) groups.push_back({.rows = {}, .counts = Rows(static_cast<std::size_t>(strata.count))});
    auto& group = groups[found->second];
    group.rows.push_back(static_cast<std::int64_t>(row));
    ++group.counts[static_cast<std::size_t>(strata.of[row])];
  }
  return groups;
}

/// Groups in random order; each goes to the validation part if that brings its strata nearer to the wanted numbers.
Split split_groups(const Dataset& dataset, const Strata& strata, double share, std::uint64_t seed) {
  auto groups = collect_groups(dataset, strata);
  if (groups.size() < 2) {
    base::fail(
        base::Exit::data,
        "all rows of {} belong to one group; there is nothing to split, remove data.group or name another column",
        dataset.name);
  }
  base::Rng(seed, "split", 0, "groups").shuffle(groups);
  std::vector<double> want(static_cast<std::size_t>(strata.count), 0), have(want.size(), 0);
  for (const auto stratum : strata.of) want[static_cast<std::size_t>(stratum)] += share;
  const Rows none(want.size(), 0);
  Rows valid;
  for (const auto& group : groups) {
    if (distance(have, want, group.counts) >= distance(have, want, none)) continue;
    for (std::size_t s = 0; s < have.size(); ++s) have[s] += static_cast<double>(group.counts[s]);
    valid.insert(valid.end(), group.rows.begin(), group.rows.end());
  }
  if (valid.empty()) {  // every group is too large: the smallest is the least bad
    valid = std::min_element(groups.begin(), groups.end(), [](const auto& a, const auto& b) {
              return a.rows.size() < b.rows.size();
            })->rows;
  }
  return complete(std::move(valid), static_cast<std::int64_t>(strata.of.size()));
}

}  // namespace

Split make_split(const Dataset& dataset, double share, std::uint64_t seed) {
  if (dataset.rows() < 2)
    base::fail(base::Exit::data, "{} has {} rows; a split needs at least two", dataset.name, dataset.rows());
  const auto strata = strata_of(dataset);
  auto split = dataset.groups.empty() ? split_rows(strata, share, seed) : split_groups(dataset, strata, share, seed);
  if (split.valid.empty()) {
    base::fail(base::Exit::data,
               "{}: every class has a single row, so none can be held back for validation; give more rows",
               dataset.name);
  }
  return split;
}

void check_split(const Split& split, std::int64_t rows) {
  std::vector<char> seen(static_cast<std::size_t>(std::max<std::int64_t>(rows, 0)), 0);
  for (const auto* part : {&split.train, &split.valid}) {
    base::require(std::is_sorted(part->begin(), part->end()), "the rows of a split's part are not sorted");
    for (const auto row : *part) {
      base::require(row >= 0 && row < rows, "the split holds row {} of {}", row, rows);
      base::require(seen[static_cast<std::size_t>(row)]++ == 0, "the split holds row {} twice", row);
    }
  }
  const auto covered = static_cast<std::int64_t>(split.train.size() + split.valid.size());
  base::require(covered == rows, "the split covers {} of {} rows", covered, rows);
}

std::vector<std::int64_t> subset(const Dataset& dataset, const std::vector<std::int64_t>& rows, double share,
                                 std::uint64_t seed) {
  if (share >= 1) return rows;
  const auto strata = strata_of(dataset);
  std::vector<Rows> by_stratum(static_cast<std::size_t>(strata.count));
  for (const auto row : rows)
    by_stratum[static_cast<std::size_t>(strata.of[static_cast<std::size_t>(row)])].push_back(row);

  // One order of all rows, each stratum spread evenly over it, the first of each in front; a subset is a prefix.
  std::vector<std::pair<double, std::int64_t>> order;
  std::int64_t present = 0;
  for (std::size_t s = 0; s < by_stratum.size(); ++s) {
    auto& members = by_stratum[s];
    present += members.empty() ? 0 : 1;
    base::Rng rng(seed, "subset", static_cast<std::int64_t>(s), "order");
    rng.shuffle(members);
    for (std::size_t i = 0; i < members.size(); ++i) {
      order.emplace_back(i == 0 ? 0 : (static_cast<double>(i) + 0.5) / static_cast<double>(members.size()), members[i]);
    }
  }
  std::sort(order.begin(), order.end());
  const auto count = std::max<std::int64_t>(std::llround(share * static_cast<double>(rows.size())), present);
  Rows chosen;
  for (std::int64_t i = 0; i < count; ++i) chosen.push_back(order[static_cast<std::size_t>(i)].second);
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

void write_indices(const std::filesystem::path& file, const std::vector<std::int64_t>& rows,
                   const std::string& data_hash) {
  auto text = fmt::format("# rows {} of data {}\n", rows.size(), data_hash);
  for (const auto row : rows) fmt::format_to(std::back_inserter(text), "{}\n", row);
  os::publish(file, text);
}

namespace {

/// What makes the index files of RUN/split/ again.
std::string split_again(const std::filesystem::path& file) {
  return base::proposal({"split-data", file.parent_path().parent_path().string(), "--force"});
}

}  // namespace

std::vector<std::int64_t> read_indices(const std::filesystem::path& file, const std::string& data_hash) {
  const auto text = os::try_read_file(file);
  if (!text) fail_at(file, "there is no such index file; {} makes it", split_again(file));
  const auto header_end = std::min(text->find('\n'), text->size());
  const auto header = base::split(std::string_view(*text).substr(0, header_end), ' ');
  std::int64_t count = -1;
  if (header.size() == 6 && header[0] == "#")
    std::from_chars(header[2].data(), header[2].data() + header[2].size(), count);
  if (count < 0) fail_at(file, "is no index file of a split; {} makes it again", split_again(file));
  if (header[5] != data_hash) {
    fail_at(file, "belongs to other data (hash {}, the data have {}): the data changed, {} splits them again",
            header[5], data_hash, split_again(file));
  }
  std::vector<std::int64_t> rows;
  const char* at = text->data() + header_end;
  const char* const end = text->data() + text->size();
  while (at < end && ++at < end) {
    std::int64_t row = 0;
    const auto [next, error] = std::from_chars(at, end, row);
    if (error != std::errc() || next == end || *next != '\n') break;
    rows.push_back(row);
    at = next;
  }
  if (static_cast<std::int64_t>(rows.size()) != count || text->back() != '\n') {
    fail_at(file, "should hold {} rows but holds {}: the file is torn, {} makes it again", count, rows.size(),
            split_again(file));
  }
  return rows;
}

}  // namespace assay::data
