// Every rule that check_store knows, broken once.
#include <catch2/catch_test_macros.hpp>
#include <fstream>

#include "lab.hpp"
#include "os/file.hpp"
#include "study/fsck.hpp"
#include "study/names.hpp"

using namespace lab;
using namespace assay::study;
using namespace assay::trial;

namespace {

/// A finished study of five trials, and the path of its only log.
struct Sample {
  Folder folder;
  Layout layout{folder.path()};
  Sample() {
    RandomPlanner planner;
    Study study(folder.path(), definition(), limits(5));
    drain(study, planner);
    study.leave("done");
  }
  Path log() const { return layout.log() / os::list_folder(layout.log()).front(); }
  std::string worker() const { return log().filename().string().substr(0, 16); }
  bool finds(const std::string& words) const {
    for (const auto& finding : check_store(folder.path()).findings) {
      if (finding.broken && finding.text.find(words) != std::string::npos) return true;
    }
    return false;
  }
};

}  // namespace

TEST_CASE("a sound store has no findings") {
  const Sample study;
  const auto check = check_store(study.folder.path());
  CHECK(check.findings.empty());
  CHECK(check.commits == 5);
  CHECK(check.claims == 5);
  CHECK(check.logs == 1);
  CHECK_THROWS_AS(check_store(study.folder.path() / "elsewhere"), base::Error);
}

TEST_CASE("a lost log leaves commits without results") {
  const Sample study;
  os::remove_all(study.log());
  CHECK(study.finds("whose log holds no result of it"));
  CHECK(study.finds("no log holds its parameters"));
}

TEST_CASE("names that belong to nobody") {
  const Sample study;
  std::ofstream(study.layout.claim({2, 0}, 2)) << "nobody";
  CHECK(study.finds("trial 2 rung 0: attempt 2 belongs to no worker"));
  os::remove_all(study.layout.commit({3, 0}));
  std::ofstream(study.layout.commit({3, 0})) << "nobody";
  CHECK(study.finds("the commit of trial 3 rung 0 belongs to no worker"));
}

TEST_CASE("gaps in attempts and rungs, members never claimed") {
  const Sample study;
  const auto token = study.layout.workers() / study.worker();
  os::link_name(token, study.layout.claim({1, 0}, 3));
  CHECK(study.finds("attempt 3 is claimed, and attempt 2 is not"));
  os::link_name(token, study.layout.claim({1, 2}, 1));
  CHECK(study.finds("trial 1 rung 2 is claimed, and the rung below is not"));
  os::remove_all(study.layout.claim({4, 0}, 1));
  CHECK(study.finds("trial 4 rung 0 is a member of the closed study, and was never claimed"));
  CHECK(study.finds("trial 4 rung 0 has a result, and was never claimed"));
}

TEST_CASE("logs that go on after their end, or begin as another one") {
  const Sample study;
  const auto bytes = os::read_file(study.log());
  std::ofstream(study.log(), std::ios::app) << bytes.substr(0, bytes.find('\n') + 1);
  CHECK(study.finds("goes on after its end"));
  std::ofstream(study.layout.log() / "aaaaaaaaaaaaaaaa.0") << bytes;
  CHECK(study.finds("does not begin with the greeting of its worker"));
}

TEST_CASE("a damaged piece, and done.json without a closing") {
  const Sample study;
  os::make_folders(study.layout.archive());
  std::ofstream(study.layout.archive() / "x-0.gz") << "not packed";
  CHECK(study.finds("is damaged"));
  os::remove_all(study.layout.closed());
  std::ofstream(study.folder.path() / "done.json") << "{}";
  CHECK(study.finds("the study is not closed"));
}

TEST_CASE("a store without study.json is broken, one of another version is left alone") {
  const Sample study;
  auto definition = base::Json::parse(os::read_file(study.layout.definition()));
  os::remove_all(study.layout.definition());
  CHECK(study.finds("study.json is missing"));
  CHECK(has_store(study.folder.path()));
  CHECK_FALSE(has_store(study.folder.path() / "elsewhere"));
  definition["format"] = 99;
  os::publish(study.layout.definition(), definition.dump());
  const auto refused = [](const auto& body) {
    try {
      body();
    } catch (const base::Error& error) {
      return error.code() == base::Exit::data &&
             std::string(error.what()).find("another version of Assay") != std::string::npos;
    }
    return false;
  };
  CHECK(refused([&] { check_store(study.folder.path()); }));
  CHECK(refused([&] { Reader(study.folder.path()).founded(); }));
  CHECK(refused([&] { Study::join(study.folder.path(), limits(5)); }));
  CHECK(refused([&] { Study(study.folder.path(), lab::definition(), limits(5)); }));
}
