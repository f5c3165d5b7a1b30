#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "rules/admission.hpp"
#include "rules/comparison.hpp"
#include "rules/rate_bucket.hpp"

namespace marty::rules::catalog {
namespace {

using Name = std::pair<std::string_view, std::string_view>;

/// One cluster, with what is asked of it often.
struct Cluster {
  const Side& side;
  InboundPrograms doors;
  std::map<Name, const mesh::Service*> services;
  std::map<Name, const mesh::Workload*> behind;  ///< one workload of each service

  explicit Cluster(const Side& s) : side(s), doors(s.estate) {
    const auto& model = s.estate.model();
    for (const auto& service : model.services) {
      const Name name(service.ns, service.name);
      services.emplace(name, &service);
      if (const auto all = doors.behind(service); !all.empty()) behind.emplace(name, all.front());
    }
  }
  Admission admission(std::shared_ptr<const engine::Program> program) const {
    const bool istio = side.estate.model().mesh_kind != mesh::MeshKind::kLinkerd;
    return {std::move(program), istio ? side.estate.settings().trust_domain : "cluster.local"};
  }
};

/// Finds what a service's pods in one cluster do otherwise than in another.
class Pair {
 public:
  Pair(const Cluster& first, const Cluster& second, Report& report)
      : first_(first), second_(second), report_(report) {}

  void look(const mesh::Service& one, const mesh::Service& other) {
    const Name name(one.ns, one.name);
    const auto here = first_.behind.find(name), there = second_.behind.find(name);
    if (here == first_.behind.end() || there == second_.behind.end()) return;
    for (const auto& port : one.ports) {
      const auto twin = std::find_if(other.ports.begin(), other.ports.end(),
                                     [&](const auto& p) { return p.port == port.port; });
      if (twin == other.ports.end()) continue;
      const auto of = fmt::format("{}/{}:{}", one.ns, one.name, port.port);
      const auto first = first_.doors.at(*here->second, port.target_port ? port.target_port : port.port);
      const auto second =
          second_.doors.at(*there->second, twin->target_port ? twin->target_port : twin->port);
      callers(of, one, other, first, second);
      limits(of, one, other, *first, *second);
    }
  }

 private:
  void callers(const std::string& of, const mesh::Service& one, const mesh::Service& other,
               const std::shared_ptr<const engine::Program>& first,
               const std::shared_ptr<const engine::Program>& second) {
    for (const auto& found : differences(first_.admission(first), second_.admission(second),
                                         [](const Caller&, const std::string&) { return false; })) {
      const bool in_first = found.first.in;
      const auto text =
          fmt::format("{} {} of {} by {} is let in by {}, and refused by {}{}", found.method, found.path, of,
                      called(found.caller), (in_first ? first_ : second_).side.name,
                      (in_first ? second_ : first_).side.name,
                      found.more == 0 ? "" : fmt::format(" ({} more such)", found.more));
      say(found.caller, text, in_first, place(first_, one, found.first.origin),
          place(second_, other, found.second.origin));
    }
  }

  void limits(const std::string& of, const mesh::Service& one, const mesh::Service& other,
              const engine::Program& first, const engine::Program& second) {
    const auto here = rate_bucket(first), there = rate_bucket(second);
    if (!here && !there) return;
    if (here && there && here->text == there->text) return;
    const auto text = [](const std::optional<RateBucket>& bucket) {
      return bucket ? bucket->text : std::string("any number");
    };
    const bool weaker_first = !here || (there && here->burst > there->burst);
    auto* finding = say("limit",
                        fmt::format("each pod of {} takes {} in {}, and {} in {}", of, text(here),
                                    first_.side.name, text(there), second_.side.name),
                        weaker_first, place(first_, one, here ? here->origin : Origin{}),
                        place(second_, other, there ? there->origin : Origin{}));
    // Clusters of another size may have other numbers.
    if (finding != nullptr && here && there) finding->severity = Severity::kInfo;
  }

  /// Where nobody wrote anything: the Service.
  static Origin place(const Cluster& cluster, const mesh::Service& service, Origin written) {
    const auto* resource = cluster.side.estate.find("Service", service.ns, service.name);
    if (written.known() || resource == nullptr) return written;
    const Node* name = get(resource->root, "metadata.name");
    return name != nullptr ? name->origin : resource->root.origin;
  }

  /// At the side that lets more through, once for each pair of places.
  Diagnostic* say(const std::string& what, const std::string& text, bool weaker_first, Origin first,
                  Origin second) {
    const auto key = [](Origin at) { return std::tuple(at.file, at.line, at.column); };
    if (!said_.emplace(what, key(first), key(second)).second) return nullptr;
    const auto& weaker = weaker_first ? first_ : second_;
    const auto& stricter = weaker_first ? second_ : first_;
    auto& finding = report_.at(weaker.side.estate, weaker_first ? first : second, text);
    finding.notes = {{{weaker_first ? second : first, 0}, fmt::format("what {} says", stricter.side.name)},
                     {{}, "give every cluster that a failover may lead to the same policies"}};
    return &finding;
  }

  using Where = std::tuple<std::uint16_t, std::uint32_t, std::uint16_t>;
  const Cluster &first_, &second_;
  Report& report_;
  std::set<std::tuple<std::string, Where, Where>> said_;
};

void compare(const Comparison& comparison, Report& report) {
  if (comparison.of != Comparison::Of::kClusters) return;
  std::vector<std::unique_ptr<const Cluster>> clusters;
  std::map<std::pair<const Cluster*, const Cluster*>, Pair> pairs;
  std::map<Name, const Cluster*> first;  // that has a service
  for (const auto& side : comparison.sides) {
    const auto* second = clusters.emplace_back(std::make_unique<Cluster>(side)).get();
    for (const auto& [name, service] : second->services) {
      const auto [known, fresh] = first.emplace(name, second);
      const auto* one = known->second;
      if (fresh || one->side.estate.model().mesh_kind != side.estate.model().mesh_kind) continue;
      pairs.try_emplace({one, second}, *one, *second, report)
          .first->second.look(*one->services.at(name), *service);
    }
  }
}

}  // namespace

extern const Rule clusters_differ_in_policy{
    .id = "clusters-differ-in-policy",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a service lets other callers, or more requests, through in another cluster",
    .why =
        "Policies hold in the cluster whose pods they select: a PeerAuthentication, an AuthorizationPolicy "
        "or a rate limit that was applied in one cluster does nothing for the pods of the same service in "
        "another. Requests reach those as well, in an outage of the first all of them. So the weakest "
        "cluster decides what the service is protected by, and a caller that only one cluster names gets 403 "
        "after a failover. The pods of both clusters are asked the same: every caller, method and path that "
        "either names, a stranger, and somebody without a certificate.",
    .bad = R"(
# === cluster east
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: cart, namespace: shop}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{name: http, port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: cart
      containers: [{name: web, image: "web:1", ports: [{containerPort: 80}]}]
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: web, namespace: shop}
spec:
  rules: [{from: [{source: {principals: [cluster.local/ns/shop/sa/cart]}}]}]
# === cluster west
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: cart, namespace: shop}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop} # <<
spec: {selector: {app: web}, ports: [{name: http, port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: cart
      containers: [{name: web, image: "web:1", ports: [{containerPort: 80}]}]
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
)",
    .good = R"(
# === cluster east
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: cart, namespace: shop}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{name: http, port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: cart
      containers: [{name: web, image: "web:1", ports: [{containerPort: 80}]}]
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: web, namespace: shop}
spec:
  rules: [{from: [{source: {principals: [cluster.local/ns/shop/sa/cart]}}]}]
# === cluster west
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: cart, namespace: shop}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{name: http, port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: cart
      containers: [{name: web, image: "web:1", ports: [{containerPort: 80}]}]
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: web, namespace: shop}
spec:
  rules: [{from: [{source: {principals: [cluster.local/ns/shop/sa/cart]}}]}]
)",
    .compare = compare,
};

}  // namespace marty::rules::catalog
