// CIFAR binary records: one label byte, then the image by channels, rows, columns. 3,073 bytes for CIFAR-10; other
// sizes by [data] shape.
#include <algorithm>

#include "base/text.hpp"
#include "data/bytes.hpp"
#include "data/readers.hpp"

namespace assay::data {

Dataset read_cifar(const Request& request) {
  Dataset dataset;
  const auto wanted = wanted_shape(request.config);
  dataset.shape = wanted.empty() ? std::vector<std::int64_t>{3, 32, 32} : wanted;
  const auto pixels = static_cast<std::size_t>(base::element_count(dataset.shape));
  const auto record = pixels + 1;
  std::vector<std::string> hashes;
  for (const auto& file : request.files()) {
    const auto content = read_content(file, request.config);
    hashes.push_back(content.sha256);
    if (content.bytes.size() % record != 0) {
      fail_at(file,
              "has {} bytes, which is no multiple of the {} of a record ({} + label); the file is cut off, or set "
              "[data] shape",
              base::with_commas(static_cast<long long>(content.bytes.size())), record, base::shape_text(dataset.shape));
    }
    const auto rows = content.bytes.size() / record;
    const auto before = dataset.bytes.size();
    dataset.bytes.resize(before + rows * pixels);
    for (std::size_t i = 0; i < rows; ++i) {
      const auto* from = content.bytes.data() + i * record;
      if (wanted.empty() && *from > 9) {
        fail_at(file,
                "record {} has label {}, but CIFAR-10 has labels 0..9; the file is damaged (for other data, set [data] "
                "shape)",
                i, *from);
      }
      dataset.labels.push_back(*from);
      std::copy_n(from + 1, pixels, dataset.bytes.data() + before + i * pixels);
    }
  }
  dataset.sha256 = combined_hash(hashes);
  name_classes_by_number(dataset, request.train);
  return dataset;
}

}  // namespace assay::data
