// The lines of `assay run`: redrawn in place on a terminal, one after the other elsewhere.
#pragma once

#include <map>
#include <string>

#include "run/run.hpp"

namespace assay::launch {

class Display {
 public:
  /// `quiet`: only what is marked as a warning.
  Display(bool terminal, bool quiet) : terminal_(terminal && !quiet), quiet_(quiet) {}
  Display(const Display&) = delete;             // owns the lines on the screen
  Display& operator=(const Display&) = delete;  // owns the lines on the screen

  /// A stage's state while it runs; elsewhere than on a terminal printed every ten seconds at most.
  void running(run::Stage stage, const std::string& text);
  /// A stage's last line.
  void ended(run::Stage stage, const std::string& line, bool warning = false);
  /// A line of its own: warnings, restarts.
  void message(const std::string& line, bool warning = true);

 private:
  void erase();
  void draw();

  bool terminal_ = false, quiet_ = false;
  int drawn_ = 0;  ///< lines on the screen that the next drawing replaces
  double last_printed_ = 0;
  std::map<run::Stage, std::string> open_;  ///< lines not final yet
  run::Stage next_ = run::Stage::split;     ///< the first stage without a final line
  bool all_ended_ = false;
};

}  // namespace assay::launch
