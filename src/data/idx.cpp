// IDX (MNIST and its kin): big-endian magic 0x0000TTDD (type, dimensions), DD sizes, then the values.
#include <algorithm>

#include "base/text.hpp"
#include "data/bytes.hpp"
#include "data/readers.hpp"

namespace assay::data {
namespace {

std::uint32_t big_endian(const Content& content, std::size_t at) {
  const auto* byte = content.bytes.data() + at;
  return std::uint32_t{byte[0]} << 24 | std::uint32_t{byte[1]} << 16 | std::uint32_t{byte[2]} << 8 | byte[3];
}

/// Sizes of all dimensions after checking magic and length; strips the header from the bytes.
std::vector<std::int64_t> take_header(Content& content, std::size_t least, std::size_t most, const char* what) {
  if (content.bytes.size() < 4)
    fail_at(content.file, "has only {} bytes and no IDX header; get the file again", content.bytes.size());
  const auto magic = big_endian(content, 0);
  const std::size_t dimensions = magic & 0xff;
  if (magic >> 16 != 0) fail_at(content.file, "is no IDX file (magic number {:#010x}); check [data] format", magic);
  if ((magic >> 8 & 0xff) != 8) {
    fail_at(content.file, "holds values of IDX type {:#04x}; only unsigned bytes (0x08) are read", magic >> 8 & 0xff);
  }
  if (dimensions < least || dimensions > most) {
    fail_at(content.file, "has magic number {} ({} dimensions), which are no {}; are images and labels exchanged?",
            magic, dimensions, what);
  }
  const auto header = 4 + 4 * dimensions;
  if (content.bytes.size() < header) fail_at(content.file, "ends within its header; the file is cut off, get it again");
  std::vector<std::int64_t> sizes;
  std::uint64_t expected = 1;
  for (std::size_t i = 0; i < dimensions; ++i) {
    sizes.push_back(big_endian(content, 4 + 4 * i));
    if (sizes.back() == 0) fail_at(content.file, "has a dimension of size 0; the file holds nothing");
    expected *= static_cast<std::uint64_t>(sizes.back());
    if (expected > (std::uint64_t{1} << 40))
      fail_at(content.file, "claims more than 10^12 values; the header is damaged");
  }
  const auto found = content.bytes.size() - header;
  if (found != expected) {
    fail_at(content.file, "should hold {} values by its header but holds {}; the file is {}, get it again",
            base::with_commas(static_cast<long long>(expected)), base::with_commas(static_cast<long long>(found)),
            found < expected ? "cut off" : "damaged");
  }
  content.bytes.erase(content.bytes.begin(), content.bytes.begin() + static_cast<std::ptrdiff_t>(header));
  return sizes;
}

/// {n, h, w} -> {1, h, w}; {n, c, h, w} -> {c, h, w}.
std::vector<std::int64_t> image_shape(const std::vector<std::int64_t>& sizes) {
  std::vector<std::int64_t> shape(sizes.begin() + 1, sizes.end());
  if (shape.size() == 2) shape.insert(shape.begin(), 1);
  return shape;
}

void append(Dataset& dataset, Content images, Content labels) {
  const auto sizes = take_header(images, 3, 4, "images (2051)");
  const auto count = take_header(labels, 1, 1, "labels (2049)").front();
  if (sizes.front() != count) {
    fail_at(images.file, "holds {} images, but {} holds {} labels; name the two files of one set",
            base::with_commas(sizes.front()), labels.file.string(), base::with_commas(count));
  }
  const auto shape = image_shape(sizes);
  if (!dataset.shape.empty() && shape != dataset.shape) {
    fail_at(images.file, "holds images of {}, the file before it {}", base::shape_text(shape),
            base::shape_text(dataset.shape));
  }
  dataset.shape = shape;
  dataset.labels.insert(dataset.labels.end(), labels.bytes.begin(), labels.bytes.end());
  if (dataset.bytes.empty()) {
    dataset.bytes = std::move(images.bytes);
  } else {
    dataset.bytes.insert(dataset.bytes.end(), images.bytes.begin(), images.bytes.end());
  }
}

}  // namespace

Dataset read_idx(const Request& request) {
  const auto images = request.files();
  const auto labels = request.config.texts(request.key("_labels"));
  if (images.size() != labels.size()) {
    request.config.node(request.key())
        .fail(fmt::format("{} image files but {} label files; list them pairwise", images.size(), labels.size()));
  }
  Dataset dataset;
  std::vector<std::string> hashes;
  for (std::size_t i = 0; i < images.size(); ++i) {
    auto image_content = read_content(images[i], request.config);
    auto label_content = read_content(labels[i], request.config);
    hashes.push_back(image_content.sha256);
    hashes.push_back(label_content.sha256);
    append(dataset, std::move(image_content), std::move(label_content));
  }
  dataset.sha256 = combined_hash(hashes);
  name_classes_by_number(dataset, request.train);
  return dataset;
}

}  // namespace assay::data
