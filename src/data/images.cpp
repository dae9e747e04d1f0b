// Image folders: <root>/<class>/<any name>.png|jpg|bmp|..., all of one size. Sorted by name, so that row numbers mean
// the same on every machine.
#define STB_IMAGE_IMPLEMENTATION
#define STBI_NO_HDR
#define STBI_NO_LINEAR
#define STBI_FAILURE_USERMSG
#include <stb/stb_image.h>

#include <algorithm>
#include <memory>

#include "base/hash.hpp"
#include "data/bytes.hpp"
#include "data/readers.hpp"
#include "os/file.hpp"

namespace assay::data {
namespace {

namespace fs = std::filesystem;

bool is_image(const std::string& name) {
  auto extension = fs::path(name).extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const char* known : {".png", ".jpg", ".jpeg", ".bmp", ".tga", ".gif", ".psd", ".pgm", ".ppm"}) {
    if (extension == known) return true;
  }
  return false;
}

std::vector<std::string> class_folders(const fs::path& root) {
  std::error_code ignored;
  if (!fs::is_directory(root, ignored))
    fail_at(root, "is no folder; format = \"images\" wants a folder with one folder of images per class");
  auto names = os::list_folder(root);
  std::erase_if(names,
                [&](const auto& name) { return name.front() == '.' || !fs::is_directory(root / name, ignored); });
  if (names.empty())
    fail_at(root, "holds no folders; put the images of each class into a folder with the name of the class");
  return names;
}

std::string remedy(const std::vector<std::int64_t>& shape) {
  return fmt::format("set [data] shape = [1, {0}, {1}] to take all as grey, or [3, {0}, {1}] as colour", shape[1],
                     shape[2]);
}

/// Decodes into the dataset; the first image settles the shape. `convert`: [data] shape says which colours are wanted.
void append(Dataset& dataset, const Content& content, const fs::path& first, bool convert) {
  int width = 0, height = 0, channels = 0;
  const auto* data = content.bytes.data();
  const auto size = static_cast<int>(content.bytes.size());
  if (!stbi_info_from_memory(data, size, &width, &height, &channels)) {
    fail_at(content.file, "is no image that can be read ({}); remove or replace it", stbi_failure_reason());
  }
  const int colours = channels <= 2 ? 1 : 3;
  if (dataset.shape.empty()) dataset.shape = {colours, height, width};
  if (height != dataset.shape[1] || width != dataset.shape[2]) {
    fail_at(content.file, "is {} x {} pixels, but {} are {} x {}; bring all images to one size", height, width,
            first.empty() ? "[data] shape" : first.string(), dataset.shape[1], dataset.shape[2]);
  }
  const int wanted = static_cast<int>(dataset.shape[0]);
  if (!convert && colours != wanted) {
    fail_at(content.file, "is {}, but {} is {}; {}", colours == 1 ? "grey" : "in colour",
            first.empty() ? "the training set" : first.string(), wanted == 1 ? "grey" : "in colour",
            remedy(dataset.shape));
  }
  const std::unique_ptr<stbi_uc, void (*)(void*)> pixels(
      stbi_load_from_memory(data, size, &width, &height, &channels, wanted), stbi_image_free);
  if (!pixels) fail_at(content.file, "cannot be decoded ({}); the file is damaged, replace it", stbi_failure_reason());
  const auto area = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  const auto before = dataset.bytes.size();
  dataset.bytes.resize(before + area * static_cast<std::size_t>(wanted));
  for (std::size_t c = 0; c < static_cast<std::size_t>(wanted); ++c) {
    for (std::size_t i = 0; i < area; ++i) {
      dataset.bytes[before + c * area + i] = pixels.get()[i * static_cast<std::size_t>(wanted) + c];
    }
  }
}

}  // namespace

Dataset read_images(const Request& request) {
  Dataset dataset;
  const auto wanted = wanted_shape(request.config);
  if (!wanted.empty() && (wanted.size() != 3 || (wanted[0] != 1 && wanted[0] != 3))) {
    request.config.node("data.shape").fail("images have 1 or 3 channels: [channels, height, width]");
  }
  dataset.shape = request.train ? request.train->shape : wanted;
  const fs::path root = request.config.text(request.key());
  const auto folders = class_folders(root);
  for (const auto& folder : folders) {
    if (!is_utf8(folder)) fail_at(root / folder, "the name of this class is not UTF-8; rename the folder");
  }
  dataset.class_names = request.train ? request.train->class_names : folders;

  base::Sha256 hash;
  fs::path first;
  for (const auto& folder : folders) {
    const auto& known = dataset.class_names;
    const auto label = std::find(known.begin(), known.end(), folder);
    if (label == known.end())
      fail_at(root / folder, "the training folder has no class \"{}\"; remove the folder or correct its name", folder);
    const auto before = dataset.labels.size();
    for (const auto& name : os::list_folder(root / folder)) {
      if (!is_image(name)) continue;
      const auto content = read_content(root / folder / name, request.config);
      append(dataset, content, first, !wanted.empty());
      if (first.empty()) first = content.file;
      dataset.labels.push_back(static_cast<std::int32_t>(label - known.begin()));
      hash.update(folder + "/" + name + "\n" + content.sha256 + "\n");
    }
    if (dataset.labels.size() == before)
      fail_at(root / folder, "holds no images (png, jpg, bmp, tga, gif, pgm, ppm); add some or remove the folder");
  }
  dataset.sha256 = hash.hex();
  return dataset;
}

}  // namespace assay::data
