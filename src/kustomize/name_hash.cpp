#include "kustomize/name_hash.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <map>

#include "kustomize/scalars.hpp"
#include "kustomize/transformers.hpp"

namespace marty::kustomize {

namespace {

/// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
constexpr std::array<std::uint32_t, 64> kRound{
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

void mix(std::array<std::uint32_t, 8>& state, const unsigned char* block) {
  std::array<std::uint32_t, 64> w{};
  for (std::size_t i = 0; i < 16; ++i)
    for (std::size_t j = 0; j < 4; ++j) w[i] = w[i] << 8 | block[4 * i + j];
  for (std::size_t i = 16; i < 64; ++i) {
    const auto a = std::rotr(w[i - 15], 7) ^ std::rotr(w[i - 15], 18) ^ w[i - 15] >> 3;
    const auto b = std::rotr(w[i - 2], 17) ^ std::rotr(w[i - 2], 19) ^ w[i - 2] >> 10;
    w[i] = w[i - 16] + a + w[i - 7] + b;
  }
  auto [a, b, c, d, e, f, g, h] = state;
  for (std::size_t i = 0; i < 64; ++i) {
    const auto s1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
    const auto t1 = h + s1 + ((e & f) ^ (~e & g)) + kRound[i] + w[i];
    const auto s0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
    const auto t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
  }
  const std::array<std::uint32_t, 8> sum{a, b, c, d, e, f, g, h};
  for (std::size_t i = 0; i < 8; ++i) state[i] += sum[i];
}

/// The length of the UTF-8 character a text begins with; 0 when it is none.
std::size_t character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t size = first >= 0xC2 && first < 0xE0 ? 2 : first >= 0xE0 && first < 0xF0 ? 3 : 4;
  if (first < 0xC2 || first > 0xF4) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const unsigned second = byte(1);
  const bool out_of_range = (first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
                            (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F);
  return out_of_range ? 0 : size;
}

}  // namespace

std::string sha256_hex(std::string_view text) {
  std::array<std::uint32_t, 8> state{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                     0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::string padded(text);
  padded += '\x80';
  padded.resize((padded.size() + 8 + 63) / 64 * 64);
  const std::uint64_t bits = text.size() * 8;
  for (std::size_t i = 0; i < 8; ++i) padded[padded.size() - 1 - i] = static_cast<char>(bits >> 8 * i);
  for (std::size_t at = 0; at < padded.size(); at += 64)
    mix(state, reinterpret_cast<const unsigned char*>(padded.data()) + at);
  std::string out;
  for (const auto word : state) out += fmt::format("{:08x}", word);
  return out;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const auto size = character(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

std::string go_json_string(std::string_view text) {
  std::string out = "\"";
  for (std::size_t at = 0; at < text.size();) {
    const auto size = character(text.substr(at));
    const auto one = text.substr(at, std::max<std::size_t>(size, 1));
    const auto c = static_cast<unsigned char>(one[0]);
    at += one.size();
    if (size == 0) {
      out += "\\ufffd";
    } else if (one == "\"" || one == "\\") {
      out += fmt::format("\\{}", one);
    } else if (one == "\n" || one == "\r" || one == "\t" || one == "\b" || one == "\f") {
      out += fmt::format("\\{}", c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : c == '\b' ? 'b' : 'f');
    } else if (c < 0x20 || one == "<" || one == ">" || one == "&") {
      out += fmt::format("\\u{:04x}", c);
    } else if (one == "\xE2\x80\xA8" || one == "\xE2\x80\xA9") {
      out += one.back() == '\xA8' ? "\\u2028" : "\\u2029";
    } else {
      out += one;
    }
  }
  return out + '"';
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i)
      group = group << 8 | (i < count ? static_cast<unsigned char>(bytes[at + i]) : 0u);
    for (std::size_t i = 0; i < 4; ++i) out += i <= count ? kLetters[group >> (18 - 6 * i) & 63] : '=';
  }
  return out;
}

namespace {

/// As Go's encoding/json: keys sorted, no spaces.
std::string go_json(const Node& node) {
  if (node.is_null()) return "null";
  if (node.is_scalar()) return node.is_text ? go_json_string(node.text) : node.text;
  std::string out;
  if (node.is_sequence()) {
    for (const Node& item : node.children) out += (out.empty() ? "" : ",") + go_json(item);
    return "[" + out + "]";
  }
  std::map<std::string, std::string> entries;
  for (std::size_t i = 0; i < node.size(); ++i)
    entries[node.entry(i).key.text] = go_json(node.entry(i).value);
  for (const auto& [key, value] : entries)
    out += (out.empty() ? "" : ",") + go_json_string(key) + ":" + value;
  return "{" + out + "}";
}

/// What the hash is made of. The name is always empty: kustomize looks it up in a way that never finds it,
/// and now every cluster's names depend on that.
std::string hashed_text(const Object& object) {
  Node root = object.root;
  settle_scalars(root);
  Node out = Node::mapping();
  const auto take = [&](const char* field, bool always) {
    const Node* value = root.find(field);
    if (value && (always || value->is_mapping())) {
      out.add(field, *value);
    } else if (always) {
      out.add(field, Node::string(""));
    }
  };
  out.add("kind", Node::string(std::string(object.kind())));
  out.add("name", Node::string(""));
  take("data", true);
  if (object.kind() == "Secret") {
    take("type", true);
    take("stringData", false);
  } else {
    take("binaryData", false);
  }
  return go_json(out);
}

std::string name_hash(const Object& object) {
  std::string hash = sha256_hex(hashed_text(object)).substr(0, 10);
  // No vowels and nothing that looks like one, so that no hash is a word.
  constexpr std::string_view kFrom = "013ae", kTo = "ghkmt";
  for (char& c : hash) {
    if (const auto at = kFrom.find(c); at != kFrom.npos) c = kTo[at];
  }
  return hash;
}

}  // namespace

void add_hashes(Objects& objects, Diagnostics& found) {
  for (Object& object : objects) {
    if (!object.wants_hash) continue;
    if (object.kind() != "ConfigMap" && object.kind() != "Secret") {
      found
          .error(
              "kustomize-unsupported", object.root.range(),
              fmt::format("marty knows no name hash for a generated object that became a {}", object.kind()))
          .notes.push_back({{}, "set 'disableNameSuffixHash: true' in its options"});
      continue;
    }
    object.remember();
    Node& name = *object.root.find("metadata")->find("name");
    name = Node::string(fmt::format("{}-{}", name.text, name_hash(object)), name.origin);
  }
}

}  // namespace marty::kustomize
