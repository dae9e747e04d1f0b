// assay new: a commented TOML with every key.
#include <cstdio>

#include "apps/assay/verbs.hpp"
#include "base/command.hpp"
#include "config/settings.hpp"
#include "os/file.hpp"

namespace assay::apps {
namespace {

base::Exit make_new(const cli::Values& values) {
  const auto file = values.text("FILE");
  const auto text = values.flag("--keys") ? config::keys_table() : config::commented_toml();
  if (!file) {
    std::fputs(text.c_str(), stdout);
    return base::Exit::done;
  }
  if (os::file_size(*file) || !os::publish_once(*file, text, os::Rights::by_umask)) {
    base::fail(base::Exit::config, "{} exists already; name another file", *file);
  }
  if (values.flag("--keys")) return base::Exit::done;
  std::printf("%s: fill in [data] and [model], then: %s\n", file->c_str(),
              base::proposal({"assay", "check", *file}).c_str());
  return base::Exit::done;
}

}  // namespace

cli::Verb new_verb() {
  return {"new",
          "a commented configuration with every key",
          {{.name = "FILE", .help = "file to write (default: standard output)"},
           {.kind = cli::Option::Kind::flag, .name = "--keys", .help = "a table of all keys instead, in Markdown"}},
          make_new};
}

}  // namespace assay::apps
