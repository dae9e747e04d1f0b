// assay completion: what a shell reads to complete the command lines of assay and of the stages.
#include "cli/completion.hpp"

#include <cstdio>

#include "apps/assay/verbs.hpp"
#include "config/settings.hpp"

namespace assay::apps {

cli::Verb completion_verb(std::vector<cli::Verb> verbs) {
  cli::Verb verb = {"completion",
                    "completion of verbs, options, keys and run folders: eval \"$(assay completion bash)\"",
                    {{.name = "SHELL", .help = "bash", .required = true, .choices = {"bash"}}},
                    {}};
  verbs.push_back(verb);
  verb.run = [verbs = std::move(verbs)](const cli::Values&) {
    std::fputs(cli::bash_completion(verbs, cli::stage_options(), config::settings()).c_str(), stdout);
    return base::Exit::done;
  };
  return verb;
}

}  // namespace assay::apps
