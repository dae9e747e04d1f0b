// Exceptions to exit codes, sentences and records.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <ios>
#include <new>
#include <system_error>

#include "base/log.hpp"
#include "base/time.hpp"
#include "cli/stage.hpp"
#include "os/host.hpp"
#include "run/source_places.hpp"

namespace assay::cli {
namespace {

using base::Exit;
using base::Json;

int number(const char* name, int otherwise) {
  const auto text = os::environment(name);
  return text ? std::atoi(text->c_str()) : otherwise;
}

}  // namespace

Launched launched() {
  if (os::environment("OMPI_COMM_WORLD_SIZE"))
    return {number("OMPI_COMM_WORLD_RANK", 0), number("OMPI_COMM_WORLD_SIZE", 1)};
  // srun sets the step's variables; under mpirun they describe its helper step and are passed over above.
  if (os::environment("PMIX_RANK")) return {number("PMIX_RANK", 0), number("SLURM_STEP_NUM_TASKS", 1)};
  if (os::environment("PMI_RANK")) return {number("PMI_RANK", 0), number("PMI_SIZE", 1)};
  return {};
}

Exit exit_of(const std::exception& error) {
  if (const auto* known = dynamic_cast<const base::Error*>(&error)) return known->code();
  if (dynamic_cast<const std::filesystem::filesystem_error*>(&error) ||
      dynamic_cast<const std::ios_base::failure*>(&error)) {
    return Exit::io;
  }
  return Exit::defect;
}

Json error_record(const std::exception& error) {
  const auto code = exit_of(error);
  Json record = {{"kind", base::to_string(code)},
                 {"code", static_cast<int>(code)},
                 {"message", run::in_source(error.what())},
                 {"rank", launched().rank},
                 {"host", os::host_name()},
                 {"pid", static_cast<std::int64_t>(::getpid())},
                 {"job", os::job_id().value_or("")},
                 {"time", base::utc_text(base::unix_seconds())}};
  if (const auto trial = os::environment("ASSAY_TRIAL")) record["trial"] = std::atoll(trial->c_str());
  const auto* known = dynamic_cast<const base::Error*>(&error);
  if (known != nullptr && known->where()) {
    record["file"] = known->where()->file;
    record["line"] = known->where()->line;
    record["column"] = known->where()->column;
  }
  if (known != nullptr && !known->nearest().empty()) record["nearest"] = known->nearest();
  return record;
}

int run_tool(const std::function<Exit()>& body) {
  try {
    return static_cast<int>(body());
  } catch (const std::bad_alloc&) {
    std::fputs("error: out of memory\n", stderr);
    return static_cast<int>(Exit::io);
  } catch (const std::exception& error) {
    const auto code = exit_of(error);
    const char* prefix = code == Exit::defect ? "error (a defect of ours, please report it): " : "error: ";
    base::write_log(base::Level::quiet, prefix, run::in_source(error.what()));
    return static_cast<int>(code);
  }
}

}  // namespace assay::cli
