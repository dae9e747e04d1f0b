// assay new: a commented TOML with every key.
#include <cstdio>

#include "apps/assay/verbs.hpp"
#include "base/command.hpp"
#include "config/settings.hpp"
#include "os/file.hpp"

namespace assay::apps {
namespace {

base::Exit make_new(const cli::Values& values) {
  const auto text = config::commented_toml();
  const auto file = values.text("FILE");
  if (!file) {
    std::fputs(text.c_str(), stdout);
    return base::Exit::done;
  }
  if (os::file_size(*file) || !os::publish_once(*file, text, os::Rights::by_umask)) {
    base::fail(base::Exit::config, "{} exists already; name another file", *file);
  }
  std::printf("%s: fill in [data] and [model], then: %s\n", file->c_str(),
              base::proposal({"assay", "check", *file}).c_str());
  return base::Exit::done;
}

}  // namespace

cli::Verb new_verb() {
  return {"new",
          "a commented configuration with every key",
          {{.name = "FILE", .help = "file to write (default: standard output)"}},
          make_new};
}

}  // namespace assay::apps
