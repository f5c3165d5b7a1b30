#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "dialect/linkerd/read.hpp"
#include "dialect/linkerd/service_profile.hpp"
#include "dialect/linkerd/traffic_split.hpp"
#include "dialect/names.hpp"

namespace marty::dialect::linkerd {

using manifest::Resource;
using Kind = policy::StringMatch::Kind;
using Matches = std::vector<policy::RouteMatch>;

namespace {

constexpr std::size_t kMatchesMax = 64;

policy::StringMatch text_match(Kind kind, const std::string& text, Origin origin) {
  policy::StringMatch match{kind, text, false, origin, nullptr};
  std::string why;
  if (kind == Kind::kRegex) match.regex = policy::Regex::compile(text, why);
  return match;
}

/// A pattern covers the whole path already, so that Linkerd's own anchors can go.
std::string without_anchors(std::string_view pattern) {
  if (pattern.starts_with('^')) pattern.remove_prefix(1);
  if (pattern.ends_with('$') && !pattern.ends_with("\\$")) pattern.remove_suffix(1);
  return std::string(pattern);
}

/// Both hold; nothing when both say something of the same attribute, which one match cannot hold.
std::optional<policy::RouteMatch> both(const policy::RouteMatch& a, const policy::RouteMatch& b) {
  if ((a.method && b.method) || (a.uri && b.uri)) return {};
  auto joined = a;
  if (b.method) joined.method = b.method;
  if (b.uri) joined.uri = b.uri;
  return joined;
}

std::optional<Matches> matches_of(const RequestMatch& wire);

/// Every choice of one match of each list.
std::optional<Matches> product(const Matches& left, const std::optional<Matches>& right) {
  if (!right || left.size() * right->size() > kMatchesMax) return {};
  Matches all;
  for (const auto& a : left) {
    for (const auto& b : *right) {
      auto joined = both(a, b);
      if (!joined) return {};
      all.push_back(std::move(*joined));
    }
  }
  return all;
}

/// The condition as a list of matches of which any may hold; nothing when it cannot be put so (negations).
std::optional<Matches> matches_of(const RequestMatch& wire) {
  if (!wire.none.match.empty()) return {};
  policy::RouteMatch own;
  own.origin = wire.origin;
  if (wire.method) own.method = text_match(Kind::kExact, **wire.method, wire.method->origin);
  if (wire.path_regex)
    own.uri = text_match(Kind::kRegex, without_anchors(**wire.path_regex), wire.path_regex->origin);
  std::optional<Matches> all = Matches{own};
  if (wire.all)
    for (const auto& child : *wire.all)
      if (all) all = product(*all, matches_of(child));
  if (!wire.any || !all) return all;
  Matches any;
  for (const auto& child : *wire.any) {
    auto one = matches_of(child);
    if (!one) return {};
    any.insert(any.end(), one->begin(), one->end());
  }
  return product(*all, any);
}

std::optional<mesh::Classes::Class> class_of(const ServiceProfile::ResponseClass& wire) {
  const auto& condition = wire.condition;
  if (!condition.status || condition.all || condition.any || !condition.none.match.empty()) return {};
  const auto &min = *condition.status->min, &max = *condition.status->max;
  if (min == 0 || max == 0) return {};  // the proxy cannot read a 0 and drops the class
  return mesh::Classes::Class{static_cast<std::uint16_t>(min), static_cast<std::uint16_t>(max),
                              *wire.is_failure};
}

mesh::WeightedDestination override_of(std::string_view authority, Origin origin,
                                      const Sourced<manifest::IntOrString>& weight) {
  mesh::WeightedDestination to;
  const auto colon = authority.find(':');
  to.host = {std::string(authority.substr(0, colon)), origin};
  if (to.host.value.ends_with('.')) to.host.value.pop_back();
  if (colon != authority.npos)
    std::from_chars(authority.data() + colon + 1, authority.data() + authority.size(), to.port);
  const auto parts = thousandths(*weight).value_or(0);
  to.weight = {static_cast<std::uint32_t>(std::min<std::uint64_t>(parts, UINT32_MAX)), weight.origin};
  to.origin = origin;
  return to;
}

class ProfileReader {
 public:
  ProfileReader(const Resource& resource, Diagnostics& found) : resource_(resource), found_(found) {}

  mesh::RouteTable table(const ServiceProfile& wire) const {
    mesh::RouteTable table;
    table.kind = mesh::RouteTable::Kind::kServiceProfile;
    table.ns = *resource_.ns;
    table.name = *resource_.name;
    table.hosts.push_back(resource_.name);
    table.origin = resource_.name.origin;
    for (const auto& one : wire.routes) {
      auto matches = matches_of(one.condition);
      if (!matches) {
        not_here(one.condition.origin, "this condition cannot be carried out here: its route is left out");
        continue;
      }
      table.routes.push_back(route(one, std::move(*matches)));
    }
    for (const auto& one : wire.dst_overrides) {
      auto to = override_of(*one.authority, one.authority.origin, one.weight);
      if (*to.weight != 0) table.overrides.push_back(std::move(to));
    }
    if (wire.retry_budget) {
      auto& budget = table.budget.emplace();
      budget.ratio = wire.retry_budget->retry_ratio;
      budget.min_per_second = wire.retry_budget->min_retries_per_second;
      budget.ttl = wire.retry_budget->ttl;
      budget.origin = wire.retry_budget->origin;
    }
    return table;
  }

 private:
  mesh::Route route(const ServiceProfile::Route& wire, Matches matches) const {
    mesh::Route route;
    route.name = *wire.name;
    route.matches = std::move(matches);
    route.timeout = wire.timeout;
    route.origin = wire.origin;
    auto& classes = route.classes.emplace();
    classes.retryable = wire.is_retryable;
    for (const auto& one : wire.response_classes) {
      if (const auto read = class_of(one)) {
        classes.classes.push_back(*read);
      } else {
        not_here(one.origin,
                 "only a status with both min and max is carried out here: this class is left out");
      }
    }
    return route;
  }

  void not_here(Origin origin, std::string text) const {
    found_.warning("not-enforced", {origin, 0}, std::move(text)).object = resource_.ref();
  }

  const Resource& resource_;
  Diagnostics& found_;
};

}  // namespace

void read_service_profile(const Resource& resource, mesh::Model& model, Diagnostics& found) {
  const auto wire = decode_service_profile(resource, found);
  auto table = ProfileReader(resource, found).table(wire.spec);
  // The SMI extension writes its overrides into the profile that is there.
  for (auto& known : model.route_tables) {
    if (known.kind != table.kind || known.ns != table.ns || known.name != table.name) continue;
    if (table.overrides.empty()) table.overrides = known.overrides;
    known = std::move(table);
    return;
  }
  model.route_tables.push_back(std::move(table));
}

void read_traffic_split(const Resource& resource, mesh::Model& model, Diagnostics& found) {
  const auto wire = decoded<TrafficSplit>(resource, found).spec;
  std::vector<mesh::WeightedDestination> overrides;
  for (const auto& backend : wire.backends) {
    auto to = override_of(fqdn(*backend.service, *resource.ns), backend.service.origin, backend.weight);
    if (*to.weight != 0) overrides.push_back(std::move(to));
  }
  const auto apex = fqdn(*wire.service, *resource.ns);
  for (auto& known : model.route_tables) {
    if (known.kind != mesh::RouteTable::Kind::kServiceProfile || known.ns != *resource.ns ||
        known.name != apex)
      continue;
    known.overrides = std::move(overrides);
    return;
  }
  mesh::RouteTable table;
  table.kind = mesh::RouteTable::Kind::kServiceProfile;
  table.ns = *resource.ns;
  table.name = apex;
  table.hosts.push_back({apex, wire.service.origin});
  table.overrides = std::move(overrides);
  table.origin = resource.name.origin;
  model.route_tables.push_back(std::move(table));
}

}  // namespace marty::dialect::linkerd
