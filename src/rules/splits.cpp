#include "rules/splits.hpp"

#include <fmt/format.h>

#include "rules/subsets.hpp"

namespace marty::rules {

namespace {

using See = FunctionRef<void(const Split&)>;

/// `side_of` returns nothing for what is no Service of the files.
template <class SideOf>
void each_list(const Resource& resource, const Place& list, See see, const SideOf& side_of) {
  if (!list.node.is_sequence() || list.node.size() < 2) return;
  Split split{resource, list, {}};
  for (const Node& item : list.node.children) {
    auto side = side_of(item);
    if (!side) continue;
    side->where = &item;
    side->index = static_cast<std::size_t>(&item - list.node.children.data());
    side->weigh = item.find("weight");
    split.sides.push_back(std::move(*side));
  }
  if (split.sides.size() > 1) see(split);
}

std::optional<SplitSide> side_of_route(const Estate& estate, const Resource& resource, const Node& to) {
  const auto host = text(to, "destination.host"), subset = text(to, "destination.subset");
  const auto* service = estate.service(host, *resource.ns);
  if (service == nullptr) return std::nullopt;
  return SplitSide{host, subset, estate.subsets().pods(*service, subset), number(to, "weight").value_or(0)};
}

/// `field` holds the Service's name.
std::optional<SplitSide> side_of_backend(const Estate& estate, const Resource& resource, const Node& to,
                                         const Way& field, std::int64_t by_default) {
  const auto kind = text(to, "kind"), ns = text(to, "namespace");
  const auto* service =
      estate.find("Service", ns.empty() ? std::string_view(*resource.ns) : ns, text(to, field));
  if (service == nullptr || (!kind.empty() && kind != "Service")) return std::nullopt;
  return SplitSide{*service->name, {}, estate.pods_of(*service), number(to, "weight").value_or(by_default)};
}

}  // namespace

std::string SplitSide::name() const {
  return subset.empty() ? std::string(host) : fmt::format("{} {}", host, subset);
}

std::uint64_t SplitSide::replicas() const {
  std::uint64_t sum = 0;
  for (const auto* one : pods) sum += one->replicas;
  return sum;
}

std::string Split::path(const SplitSide& side) const {
  return fmt::format("{}[{}]", list.path.words(), side.index);
}

void each_split(const Estate& estate, See see) {
  each(estate.of("VirtualService"), {"spec.http[].route", "spec.tcp[].route", "spec.tls[].route"},
       [&](const Resource* resource, const Place& list) {
         each_list(*resource, list, see,
                   [&](const Node& to) { return side_of_route(estate, *resource, to); });
       });
  for (const auto* kind : {"HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute"})
    each(estate.of(kind), "spec.rules[].backendRefs", [&](const Resource* resource, const Place& list) {
      each_list(*resource, list, see,
                [&](const Node& to) { return side_of_backend(estate, *resource, to, "name", 1); });
    });
  each(estate.of("TrafficSplit"), "spec.backends", [&](const Resource* resource, const Place& list) {
    each_list(*resource, list, see,
              [&](const Node& to) { return side_of_backend(estate, *resource, to, "service", 0); });
  });
}

}  // namespace marty::rules
