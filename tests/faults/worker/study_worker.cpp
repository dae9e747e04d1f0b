// study_worker FOLDER TRIALS [lease=S] [heartbeat=S] [pack] [collect]: one worker of a small study with two rungs and
// three reports a trial, for tests that must start workers as programs. Exit codes as those of the drivers.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "study/rungs.hpp"

int main(int count, char** arguments) {
  using namespace lab;
  const std::vector<std::string> words(arguments + 1, arguments + count);
  if (words.size() < 2) {
    std::fprintf(stderr, "usage: study_worker FOLDER TRIALS [lease=S] [heartbeat=S] [pack] [collect]\n");
    return 64;
  }
  try {
    auto limits = patient(std::atoll(words[1].c_str()));
    for (std::size_t i = 2; i < words.size(); ++i) {
      const auto equals = words[i].find('=');
      const double value = equals == std::string::npos ? 0 : std::atof(words[i].c_str() + equals + 1);
      if (words[i].starts_with("lease=")) limits.lease_seconds = value;
      if (words[i].starts_with("heartbeat=")) limits.heartbeat_seconds = value;
      if (words[i] == "pack") {
        limits.pack_from = 2;
        limits.pack_seconds = 0.05;
      }
      if (words[i] == "collect") limits.collector_from = 2;
    }
    return work_on_rungs(words[0], limits);
  } catch (const base::Error& error) {
    std::fprintf(stderr, "study_worker: %s\n", error.what());
    return static_cast<int>(error.code());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "study_worker: unexpected: %s\n", error.what());
    return 70;
  }
}
