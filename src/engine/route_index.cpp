#include "engine/route_index.hpp"

#include <algorithm>

#include "policy/ascii.hpp"

namespace marty::engine {
namespace {

constexpr std::size_t kNamesMax = 64;
constexpr std::uint32_t kNone = UINT32_MAX;
using Kind = policy::StringMatch::Kind;

}  // namespace

RouteIndex::RouteIndex(const VirtualHost& host) {
  for (const auto& route : host.routes) {
    if (route.matches.empty()) entries_.push_back({&route, nullptr, 0});
    for (const auto& match : route.matches) {
      std::uint64_t needs = 0;
      for (const auto& header : match.headers)
        if (const auto at = number(header.name)) needs |= std::uint64_t{1} << *at;
      entries_.push_back({&route, &match, needs});
    }
  }
  for (std::uint32_t i = 0; i < entries_.size(); ++i) file(i);
  std::sort(prefix_lengths_.begin(), prefix_lengths_.end());
}

std::optional<std::size_t> RouteIndex::number(const std::string& name) {
  if (name.starts_with(':')) return std::nullopt;
  for (std::size_t i = 0; i < names_.size(); ++i)
    if (names_[i].text == name) return i;
  if (names_.size() == kNamesMax) return std::nullopt;
  names_.push_back({name, {}});
  return names_.size() - 1;
}

void RouteIndex::file(std::uint32_t entry) {
  const auto* match = entries_[entry].match;
  if (match && match->uri && !match->uri->ignore_case) {
    const auto& uri = *match->uri;
    if (uri.kind == Kind::kExact) return by_path_[uri.text].push_back(entry);
    if (uri.kind == Kind::kPrefix || uri.kind == Kind::kPathPrefix) {
      auto text = uri.text;
      while (uri.kind == Kind::kPathPrefix && text.ends_with('/')) text.pop_back();
      const auto length = text.size();
      if (std::find(prefix_lengths_.begin(), prefix_lengths_.end(), length) == prefix_lengths_.end())
        prefix_lengths_.push_back(length);
      return by_prefix_[std::move(text)].push_back(entry);
    }
  }
  if (match) {
    for (const auto& header : match->headers) {
      if (header.match.kind != Kind::kExact || header.match.ignore_case) continue;
      if (const auto at = number(header.name))
        return names_[*at].by_value[header.match.text].push_back(entry);
    }
  }
  rest_.push_back(entry);
}

template <class Visit>
void RouteIndex::each_known(std::span<const Header> headers, Visit visit) const {
  for (const auto& header : headers)
    for (std::size_t i = 0; i < names_.size(); ++i)
      if (policy::equals_ignoring_case(header.name, names_[i].text)) visit(i, header.value);
}

void RouteIndex::search(const Bucket& bucket, const policy::RequestView& request, std::uint64_t present,
                        std::uint32_t& best) const {
  for (const auto index : bucket) {
    if (index >= best) return;
    const auto& entry = entries_[index];
    if ((entry.needs & present) != entry.needs) continue;
    if (entry.match && !entry.match->matches(request)) continue;
    best = index;
    return;
  }
}

RouteIndex::Found RouteIndex::find(const policy::RequestView& request) const {
  const auto path = request.path_only();
  std::uint64_t present = 0;
  each_known(request.headers,
             [&](std::size_t name, std::string_view) { present |= std::uint64_t{1} << name; });
  std::uint32_t best = kNone;
  const auto look_in = [&](const TextMap<Bucket>& filed, std::string_view key) {
    if (const auto bucket = filed.find(key); bucket != filed.end())
      search(bucket->second, request, present, best);
  };
  if (!by_path_.empty()) look_in(by_path_, path);
  for (const auto length : prefix_lengths_) {
    if (length > path.size()) break;
    look_in(by_prefix_, path.substr(0, length));
  }
  if (present != 0)
    each_known(request.headers,
               [&](std::size_t name, std::string_view value) { look_in(names_[name].by_value, value); });
  search(rest_, request, present, best);
  if (best == kNone) return {};
  return {entries_[best].route, entries_[best].match};
}

}  // namespace marty::engine
