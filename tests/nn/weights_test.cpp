#include "nn/weights.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <filesystem>

#include "base/error.hpp"
#include "os/host.hpp"

using namespace assay;
using Catch::Matchers::ContainsSubstring;

namespace {

struct Folder {
  os::Path path = std::filesystem::temp_directory_path() / ("assay-" + os::random_name());
  Folder() { os::make_folders(path); }
  ~Folder() { std::filesystem::remove_all(path); }
};

std::string failure(auto&& action) {
  try {
    action();
  } catch (const base::Error& error) {
    return std::string(base::to_string(error.code())) + ": " + error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("tensors of every type survive a file, with metadata") {
  const Folder folder;
  const auto file = folder.path / "state.safetensors";
  const nn::NamedTensors tensors = {
      {"weight", torch::randn({2, 3, 4, 5}).to(torch::MemoryFormat::ChannelsLast)},
      {"steps", torch::tensor(std::int64_t{1} << 40)},
      {"random", torch::arange(0, 255).to(torch::kUInt8)},
      {"half", torch::randn({3}).to(torch::kBFloat16)},
      {"flag", torch::tensor({true, false})},
      {"odd.double", torch::randn({1, 0, 7}, torch::kFloat64)},
      {"transposed", torch::randn({4, 6}).t()},
  };
  nn::save_tensors(file, tensors, {{"epoch", "3"}, {"note", "a \"quoted\" text, \xc3\xa9"}});
  const auto back = nn::load_tensors(file);
  REQUIRE(back.tensors.size() == tensors.size());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    CHECK(back.tensors[i].first == tensors[i].first);
    CHECK(back.tensors[i].second.scalar_type() == tensors[i].second.scalar_type());
    CHECK(torch::equal(back.tensors[i].second, tensors[i].second));
  }
  CHECK(back.metadata.at("epoch") == "3");
  CHECK(back.metadata.at("note") == "a \"quoted\" text, \xc3\xa9");
  CHECK(back.find("nothing") == nullptr);
}

TEST_CASE("a torn or foreign file is named") {
  const Folder folder;
  const auto file = folder.path / "w.safetensors";
  nn::save_tensors(file, {{"weight", torch::randn({100})}}, {});
  const auto whole = os::read_file(file);
  for (const std::size_t size : {std::size_t{0}, std::size_t{5}, std::size_t{40}, whole.size() - 1}) {
    os::publish(file, whole.substr(0, size));
    CHECK_THAT(failure([&] { nn::load_tensors(file); }),
               ContainsSubstring("data: ") && ContainsSubstring(file.string()));
  }
  auto huge = whole;  // a shape whose product overflows
  huge.replace(huge.find("[100]"), 5, "[1e9]");
  os::publish(file, huge);
  CHECK_THAT(failure([&] { nn::load_tensors(file); }), ContainsSubstring("data: "));
  os::publish(file, "this is some other file, not tensors");
  CHECK_THAT(failure([&] { nn::load_tensors(file); }), ContainsSubstring("not a safetensors file"));
  CHECK_THAT(failure([&] { nn::load_tensors(folder.path / "missing"); }),
             ContainsSubstring("input") || ContainsSubstring("io: "));
}

TEST_CASE("loading a module's state checks name, shape and type") {
  const Folder folder;
  const auto file = folder.path / "w.safetensors";
  torch::nn::Linear saved(3, 2), target(3, 2);
  nn::NamedTensors state;
  for (const auto& [name, tensor] : nn::state_of(*saved)) state.emplace_back("model." + name, tensor);
  nn::save_tensors(file, state, {});
  nn::load_state(*target, nn::load_tensors(file), "model.", file);
  CHECK(torch::equal(saved->weight, target->weight));
  CHECK(torch::equal(saved->bias, target->bias));
  CHECK(target->weight.requires_grad());

  torch::nn::Linear wider(4, 2);
  CHECK_THAT(failure([&] { nn::load_state(*wider, nn::load_tensors(file), "model.", file); }),
             ContainsSubstring("model.weight has shape [2, 3], but the network needs [2, 4]"));
  CHECK_THAT(failure([&] { nn::load_state(*target, nn::load_tensors(file), "modle.", file); }),
             ContainsSubstring("no tensor modle.weight (nearest: model.weight)"));
  nn::save_tensors(file, {{"weight", torch::zeros({2, 3}, torch::kInt64)}, {"bias", torch::zeros({2})}}, {});
  CHECK_THAT(failure([&] { nn::load_state(*target, nn::load_tensors(file), "", file); }),
             ContainsSubstring("weight has type I64, but the network needs F32"));
}
