#include "stats/staircase.hpp"

#include <algorithm>

namespace assay::stats {

Staircase::Cover Staircase::cover(double x, double y) const {
  const auto right = std::upper_bound(steps_.begin(), steps_.end(), x, [](double a, const Step& b) { return a < b.x; });
  auto place = static_cast<std::size_t>(right - steps_.begin());
  Cover cover{0, place, place};
  double floor = right == steps_.end() ? 0 : right->y, edge = x;
  while (floor < y) {
    const double left = place > 0 ? steps_[place - 1].x : 0;
    cover.area += (edge - left) * (y - floor);
    cover.first = place;
    if (place == 0) break;
    edge = left;
    floor = steps_[--place].y;
    if (floor == y) cover.first = place;  // as high, but not as far
  }
  return cover;
}

double Staircase::gain(double x, double y) const { return cover(x, y).area; }

double Staircase::add(double x, double y) {
  const auto [gained, first, last] = cover(x, y);
  if (!(gained > 0)) return 0;
  area_ += gained;
  const auto at = steps_.begin() + static_cast<std::ptrdiff_t>(first);
  if (first < last) {
    *at = {x, y};
    steps_.erase(at + 1, steps_.begin() + static_cast<std::ptrdiff_t>(last));
  } else {
    steps_.insert(at, {x, y});
  }
  return gained;
}

}  // namespace assay::stats
