#include "nn/weights.hpp"

#include <cstring>
#include <sstream>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace assay::nn {
namespace {

using base::Exit;
using base::Json;

struct Type {
  std::string_view name;
  torch::ScalarType type;
};

constexpr Type types[] = {{"F64", torch::kFloat64}, {"I64", torch::kInt64},     {"F32", torch::kFloat32},
                          {"I32", torch::kInt32},   {"BF16", torch::kBFloat16}, {"F16", torch::kFloat16},
                          {"U8", torch::kUInt8},    {"BOOL", torch::kBool}};

std::string_view type_name(torch::ScalarType type) {
  for (const auto& row : types) {
    if (row.type == type) return row.name;
  }
  base::fail(Exit::defect, "tensors of type {} cannot be saved", torch::toString(type));
}

std::string shape_text(torch::IntArrayRef sizes) {
  std::ostringstream text;
  text << sizes;
  return text.str();
}

/// The format's limit; a longer header means that this is another kind of file.
constexpr std::uint64_t longest_header = 100'000'000;

std::string header_of(const NamedTensors& tensors, const std::map<std::string, std::string>& metadata) {
  Json header = Json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::uint64_t offset = 0;
  for (const auto& [name, tensor] : tensors) {
    base::require(!header.contains(name), "two tensors are called {}", name);
    const auto end = offset + tensor.nbytes();
    header[name] = {
        {"dtype", type_name(tensor.scalar_type())}, {"shape", tensor.sizes().vec()}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  auto text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');  // values start at a multiple of 8 bytes
  return text;
}

/// One tensor's entry in the header, checked against the bytes that are there.
torch::Tensor tensor_from(const Json& entry, std::string_view values) {
  const auto dtype = entry.at("dtype").get<std::string>();
  const auto* type = std::find_if(std::begin(types), std::end(types), [&](const Type& t) { return t.name == dtype; });
  if (type == std::end(types)) throw std::runtime_error("type " + dtype + " is not supported");
  const auto shape = entry.at("shape").get<std::vector<std::int64_t>>();
  const auto begin = entry.at("data_offsets").at(0).get<std::uint64_t>();
  const auto end = entry.at("data_offsets").at(1).get<std::uint64_t>();
  auto size = static_cast<std::uint64_t>(c10::elementSize(type->type));
  for (const auto extent : shape) {
    if (extent < 0) throw std::runtime_error("negative extent");
    // No tensor has more bytes than the file; this also keeps the product from overflowing.
    if (extent > 0 && size > (values.size() + 8) / static_cast<std::uint64_t>(extent)) {
      throw std::runtime_error("the shape asks for more values than the file has");
    }
    size *= static_cast<std::uint64_t>(extent);
  }
  if (begin > end || end > values.size() || end - begin != size) {
    throw std::runtime_error("the values end before they should");
  }
  auto tensor = torch::empty(shape, torch::TensorOptions().dtype(type->type));
  if (size > 0) std::memcpy(tensor.data_ptr(), values.data() + begin, size);
  return tensor;
}

TensorFile parse(std::string_view content) {
  std::uint64_t length = 0;
  if (content.size() < sizeof length) throw std::runtime_error("it is shorter than its header");
  std::memcpy(&length, content.data(), sizeof length);
  if (length > longest_header || length > content.size() - sizeof length) {
    throw std::runtime_error("it is shorter than its header");
  }
  const auto header = Json::parse(content.substr(sizeof length, length));
  const auto values = content.substr(sizeof length + length);
  TensorFile file;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") {
      file.metadata = entry.get<std::map<std::string, std::string>>();
    } else {
      file.tensors.emplace_back(name, tensor_from(entry, values));
    }
  }
  return file;
}

void copy_checked(torch::Tensor target, const std::string& name, const TensorFile& file, const os::Path& path) {
  const auto* source = file.find(name);
  if (source == nullptr) {
    std::vector<std::string> names;
    for (const auto& [other, tensor] : file.tensors) names.push_back(other);
    const auto nearest = base::nearest_word(name, names);
    base::fail(Exit::data, "{}: there is no tensor {}{}: it was saved for another network", path.string(), name,
               nearest.empty() ? "" : " (nearest: " + nearest + ")");
  }
  if (source->sizes() != target.sizes()) {
    base::fail(Exit::data, "{}: tensor {} has shape {}, but the network needs {}", path.string(), name,
               shape_text(source->sizes()), shape_text(target.sizes()));
  }
  if (source->scalar_type() != target.scalar_type()) {
    base::fail(Exit::data, "{}: tensor {} has type {}, but the network needs {}", path.string(), name,
               type_name(source->scalar_type()), type_name(target.scalar_type()));
  }
  target.copy_(*source);
}

}  // namespace

void save_tensors(const os::Path& path, const NamedTensors& tensors, const std::map<std::string, std::string>& metadata,
                  os::Durable durable) {
  const torch::NoGradGuard no_gradients;
  const auto header = header_of(tensors, metadata);
  const std::uint64_t length = header.size();
  std::string content(reinterpret_cast<const char*>(&length), sizeof length);
  std::size_t size = content.size() + header.size();
  for (const auto& [name, tensor] : tensors) size += tensor.nbytes();
  content.reserve(size);
  content += header;
  for (const auto& [name, tensor] : tensors) {
    const auto plain = tensor.detach().cpu().contiguous();  // channels_last is a layout of ours only
    content.append(static_cast<const char*>(plain.data_ptr()), plain.nbytes());
  }
  os::publish(path, content, durable);
}

const torch::Tensor* TensorFile::find(std::string_view name) const {
  for (const auto& [other, tensor] : tensors) {
    if (other == name) return &tensor;
  }
  return nullptr;
}

TensorFile load_tensors(const os::Path& path) {
  const auto content = os::read_file(path);
  try {
    return parse(content);
  } catch (const std::exception& error) {
    base::fail(Exit::data, "{} is torn or not a safetensors file: {}", path.string(), error.what());
  }
}

NamedTensors state_of(const torch::nn::Module& module) {
  NamedTensors state;
  for (const auto& item : module.named_parameters()) state.emplace_back(item.key(), item.value());
  for (const auto& item : module.named_buffers()) state.emplace_back(item.key(), item.value());
  return state;
}

void load_state(torch::nn::Module& module, const TensorFile& file, std::string_view prefix, const os::Path& path) {
  const torch::NoGradGuard no_gradients;
  for (const auto& [name, tensor] : state_of(module)) copy_checked(tensor, std::string(prefix) + name, file, path);
}

}  // namespace assay::nn
