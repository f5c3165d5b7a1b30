#include "rules/splits.hpp"

#include <fmt/format.h>

#include "rules/subsets.hpp"

namespace marty::rules {

namespace {

using See = std::function<void(const Resource&, const std::vector<SplitSide>&)>;

void in_virtual_service(const Estate& estate, const Subsets& subsets, const Resource& resource,
                        const See& see) {
  for (const Way& pattern : {Way("spec.http[].route"), Way("spec.tcp[].route"), Way("spec.tls[].route")})
    each(resource.root, pattern, [&](const Place& route) {
      std::vector<SplitSide> sides;
      each(route.node, "[]", [&](const Place& to) {
        const auto host = text(to.node, "destination.host"), subset = text(to.node, "destination.subset");
        const auto* service = estate.service(host, *resource.ns);
        if (service == nullptr) return;
        auto name = subset.empty() ? std::string(host) : fmt::format("{} {}", host, subset);
        sides.push_back({std::move(name), subsets.pods(*service, subset),
                         number(to.node, "weight").value_or(0), &to.node, to.node.find("weight"),
                         route.path + to.path});
      });
      if (sides.size() > 1) see(resource, sides);
    });
}

/// Backends that are Services, by the pattern of their list and the field with the name.
void in_backends(const Estate& estate, const Resource& resource, std::string_view list,
                 std::string_view field, std::int64_t by_default, const See& see) {
  each(resource.root, list, [&](const Place& backends) {
    std::vector<SplitSide> sides;
    each(backends.node, "[]", [&](const Place& one) {
      const auto kind = text(one.node, "kind"), ns = text(one.node, "namespace");
      const auto* service =
          estate.find("Service", ns.empty() ? std::string_view(*resource.ns) : ns, text(one.node, field));
      if (service == nullptr || (!kind.empty() && kind != "Service")) return;
      sides.push_back({*service->name, estate.pods_of(*service),
                       number(one.node, "weight").value_or(by_default), &one.node, one.node.find("weight"),
                       backends.path + one.path});
    });
    if (sides.size() > 1) see(resource, sides);
  });
}

}  // namespace

std::uint64_t SplitSide::replicas() const {
  std::uint64_t sum = 0;
  for (const auto* one : pods) sum += one->replicas;
  return sum;
}

void each_split(const Estate& estate, const See& see) {
  const Subsets subsets(estate);
  for (const auto* resource : estate.of("VirtualService"))
    in_virtual_service(estate, subsets, *resource, see);
  for (const auto* kind : {"HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute"})
    for (const auto* resource : estate.of(kind))
      in_backends(estate, *resource, "spec.rules[].backendRefs", "name", 1, see);
  for (const auto* resource : estate.of("TrafficSplit"))
    in_backends(estate, *resource, "spec.backends", "service", 0, see);
}

}  // namespace marty::rules
