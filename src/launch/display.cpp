#include "launch/display.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>

#include "base/time.hpp"
#include "run/line.hpp"

namespace assay::launch {
namespace {

constexpr double plain_period = 10;

/// Terminal columns; lines longer than that would wrap and spoil the redrawing.
std::size_t columns() {
  winsize size{};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 120;
}

}  // namespace

void Display::erase() {
  if (drawn_ > 0) std::printf("\x1b[%dA\x1b[J", drawn_);
  drawn_ = 0;
}

void Display::draw() {
  if (!terminal_ || all_ended_) return;
  for (const run::Stage stage : run::all_stages) {
    if (stage < next_) continue;
    const auto found = open_.find(stage);
    auto line = found == open_.end() ? run::stage_line(stage, "waiting", "") : found->second;
    if (line.size() >= columns()) line.resize(columns() - 1);
    std::printf("%s\n", line.c_str());
    ++drawn_;
  }
  std::fflush(stdout);
}

void Display::running(run::Stage stage, const std::string& text) {
  if (quiet_) return;
  open_[stage] = run::stage_line(stage, "", text);
  if (terminal_) {
    erase();
    draw();
  } else if (base::steady_seconds() - last_printed_ > plain_period) {
    if (last_printed_ > 0) std::printf("%s\n", open_[stage].c_str());
    std::fflush(stdout);
    last_printed_ = base::steady_seconds();
  }
}

void Display::ended(run::Stage stage, const std::string& line, bool warning) {
  if (quiet_ && !warning) return;
  erase();
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
  open_.erase(stage);
  all_ended_ = stage == run::Stage::report;
  if (!all_ended_) next_ = static_cast<run::Stage>(static_cast<int>(stage) + 1);
  last_printed_ = base::steady_seconds();
  draw();
}

void Display::message(const std::string& line, bool warning) {
  if (quiet_ && !warning) return;
  erase();
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
  draw();
}

}  // namespace assay::launch
