// Which networks are equal: see network.hpp.
#include <algorithm>
#include <bit>
#include <map>
#include <tuple>

#include "arch/builder.hpp"
#include "arch/network.hpp"
#include "arch/primitives.hpp"
#include "base/hash.hpp"

namespace assay::arch {
namespace {

/// 128 bits that any number of words went through. Meant against chance, not against malice, and much cheaper than
/// SHA-256; the steps are those of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
struct Digest {
  std::uint64_t a = 0x9e3779b97f4a7c15, b = 0xc2b2ae3d27d4eb4f;

  void add(std::uint64_t word) {
    a = mixed(a ^ word) + 0x9e3779b97f4a7c15;
    b = mixed(std::rotl(b, 23) + word) ^ a;
  }
  void add(std::string_view text) {
    add(text.size());
    for (std::size_t i = 0; i < text.size(); i += 8) {
      std::uint64_t word = 0;
      for (std::size_t j = i; j < std::min(i + 8, text.size()); ++j)
        word = word << 8 | static_cast<unsigned char>(text[j]);
      add(word);
    }
  }
  void add(const Digest& other) {
    add(other.a);
    add(other.b);
  }
  auto operator<=>(const Digest&) const = default;

 private:
  static std::uint64_t mixed(std::uint64_t x) {
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return x ^ x >> 31;
  }
};

Digest label_of(const Node& node) {
  Digest label;
  label.add(node.op);
  for (const auto& [name, value] : node.attributes) {
    label.add(name);
    label.add(value.index());
    if (const auto* whole = std::get_if<std::int64_t>(&value)) label.add(static_cast<std::uint64_t>(*whole));
    if (const auto* number = std::get_if<double>(&value)) label.add(std::bit_cast<std::uint64_t>(*number));
    if (const auto* text = std::get_if<std::string>(&value)) label.add(*text);
  }
  return label;
}

/// Node -> how often it is an addend.
using Terms = std::map<std::size_t, std::uint64_t>;

/// A node of the reduced graph. Its inputs are in order, or terms where the order does not matter.
struct Reduced {
  Digest label;
  std::vector<std::size_t> inputs;
  Terms terms;
  Digest up, down;
};

/// The network without what can be computed in several ways: sums are flat, and what has neither weights nor chance of
/// its own stands once for equal inputs.
class Reduction {
 public:
  explicit Reduction(const Network& network) : network_(network) {
    for (std::size_t i = 0; i < network.nodes.size(); ++i) visit(i);
    output_ = place(network.nodes.size() - 1);
  }

  std::string hash() {
    for (auto& node : nodes_) node.up = from_inputs(node);
    from_uses();
    std::vector<Digest> all;
    for (const auto& node : nodes_) all.push_back(node.down);
    std::sort(all.begin(), all.end());
    std::string bytes;
    for (const auto& digest : all) {
      for (const auto word : {digest.a, digest.b}) {
        for (int shift = 0; shift < 64; shift += 8) bytes.push_back(static_cast<char>(word >> shift & 255));
      }
    }
    return base::sha256(bytes);
  }

 private:
  void visit(std::size_t index) {
    const auto& node = network_.nodes[index];
    auto& terms = sums_.emplace_back();
    places_.push_back(unknown);
    if (node.op == "add") {
      for (const auto input : node.inputs) {
        const auto from = static_cast<std::size_t>(input);
        if (network_.nodes[from].op != "add") {
          ++terms[place(from)];
          continue;
        }
        for (const auto& [term, times] : sums_[from]) terms[term] += times;  // modulo 2^64
      }
      return;
    }
    const auto& row = primitive(node.op);
    Reduced reduced{.label = label_of(node)};
    std::vector<Shape> shapes;
    for (const auto input : node.inputs) {
      const auto from = place(static_cast<std::size_t>(input));
      if (row.commutative) {
        ++reduced.terms[from];
      } else {
        reduced.inputs.push_back(from);
      }
      shapes.push_back(network_.nodes[static_cast<std::size_t>(input)].shape);
    }
    const bool own = node.op == "dropout" || row.cost(node, shapes).parameters > 0;
    places_[index] = own ? push(std::move(reduced)) : shared(std::move(reduced));
  }

  /// Where a node of the network stands; a sum gets its place when somebody other than a sum needs it.
  std::size_t place(std::size_t index) {
    if (places_[index] == unknown) {
      Reduced sum{.terms = sums_[index]};
      sum.label.add("add");
      places_[index] = shared(std::move(sum));
    }
    return places_[index];
  }

  std::size_t push(Reduced reduced) {
    nodes_.push_back(std::move(reduced));
    return nodes_.size() - 1;
  }

  std::size_t shared(Reduced reduced) {
    const auto key = std::tuple(reduced.label, reduced.inputs, reduced.terms);
    const auto found = known_.find(key);
    if (found != known_.end()) return found->second;
    return known_[key] = push(std::move(reduced));
  }

  Digest from_inputs(const Reduced& node) const {
    auto digest = node.label;
    for (const auto input : node.inputs) digest.add(nodes_[input].up);
    std::vector<std::pair<Digest, std::uint64_t>> terms;
    for (const auto& [term, times] : node.terms) terms.emplace_back(nodes_[term].up, times);
    std::sort(terms.begin(), terms.end());
    for (const auto& [term, times] : terms) {
      digest.add(term);
      digest.add(times);
    }
    return digest;
  }

  /// A node's tree of inputs does not say whether a layer is used twice or stands there twice: its uses do.
  void from_uses() {
    std::vector<std::vector<Digest>> uses(nodes_.size());
    uses[output_].emplace_back();
    for (auto i = nodes_.size(); i-- > 0;) {
      auto& node = nodes_[i];
      std::sort(uses[i].begin(), uses[i].end());
      node.down = node.up;
      for (const auto& use : uses[i]) node.down.add(use);
      const auto tell = [&](std::size_t input, std::uint64_t how) {
        auto use = node.down;
        use.add(how);
        uses[input].push_back(use);
      };
      for (std::size_t slot = 0; slot < node.inputs.size(); ++slot) tell(node.inputs[slot], slot);
      for (const auto& [term, times] : node.terms) tell(term, times);
    }
  }

  static constexpr auto unknown = static_cast<std::size_t>(-1);
  const Network& network_;
  std::vector<Reduced> nodes_;
  std::vector<std::size_t> places_;  ///< of the network's nodes among nodes_
  std::vector<Terms> sums_;          ///< of the network's nodes that are sums
  std::map<std::tuple<Digest, std::vector<std::size_t>, Terms>, std::size_t> known_;
  std::size_t output_ = 0;
};

}  // namespace

std::string canonical_hash(const Network& network) { return Reduction(simplify(network)).hash(); }

}  // namespace assay::arch
