// The records of a worker's log, as values, as JSON text, and framed as lines `<bytes> <crc32> <json>\n`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "trial/trial.hpp"
#include "trial/view.hpp"

namespace assay::study {

/// Version of the log format; readers refuse newer ones.
inline constexpr int log_format = 1;

/// First record of every log file: who writes it.
struct Hello {
  trial::WorkerInfo worker;
  int restart = 0;  ///< Slurm's restart count
};
struct Start {
  trial::ItemId item;
  int attempt = 1;
  double time = 0;  ///< Unix seconds
  trial::Proposal what;
  trial::Fidelity at;
};
struct Reported {
  trial::ItemId item;
  int attempt = 1;
  trial::Report report;
};
struct End {
  trial::ItemId item;
  int attempt = 1;
  double time = 0;
  trial::Outcome outcome;
  int worked = 0;  ///< the attempt that did the work, where somebody else tells its end by hand; 0: this one
};
/// The commit name of `item` is known to hold the token of `worker`. A hint that spares others a look at the name.
struct Won {
  trial::ItemId item;
  std::string worker;
};
struct Beat {
  double time = 0;
};
/// The log goes on in the next file.
struct Roll {};
struct Bye {
  std::string reason;
  double time = 0;
};
using Record = std::variant<Hello, Start, Reported, End, Won, Beat, Roll, Bye>;

/// JSON text without line breaks.
std::string encode(const Record& record);
/// Nothing for a kind that this version does not know. `json` needs no padding. Error(data) if it is no record, or of a
/// newer format.
std::optional<Record> decode(std::string_view json);

/// One log line.
std::string frame(std::string_view json);

/// Takes framed lines off the front of `bytes`. Torn or damaged lines in the middle are skipped and counted; an
/// unfinished last line is left for the next time.
class Scanner {
 public:
  explicit Scanner(std::string_view bytes) : bytes_(bytes) {}
  /// The JSON of the next whole record; nothing at the end.
  std::optional<std::string_view> next();
  /// Bytes that need not be read again.
  std::size_t consumed() const { return consumed_; }
  std::int64_t damaged() const { return damaged_; }

 private:
  std::string_view bytes_;
  std::size_t consumed_ = 0;
  std::int64_t damaged_ = 0;
};

}  // namespace assay::study
