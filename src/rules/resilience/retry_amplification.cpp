#include <fmt/format.h>

#include <map>
#include <set>

#include "rules/calls.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// One call of the outermost caller should not become more tries than this at the innermost server.
constexpr std::uint64_t kTriesMax = 32;

/// The most tries a caller's sidecar makes for a host, and why.
struct Tries {
  std::uint64_t count = 3;  ///< of a host no VirtualService speaks of: Istio's default of 2 retries
  Origin origin;            ///< of the attempts; unknown: the default
  bool on_answers = false;  ///< also after an answer such as 503, so that inner failures multiply
};

/// Errors that come from behind the server too. Istio's default has none of them for HTTP.
constexpr std::uint32_t kOnAnswers = policy::Retry::k5xx | policy::Retry::kGatewayError |
                                     policy::Retry::kRetriableStatusCodes | policy::Retry::kReset;

bool answers_retried(const policy::Retry::Config& config) {
  if ((*config.on & kOnAnswers) == policy::Retry::kRetriableStatusCodes) return !config.status_codes.empty();
  return (*config.on & kOnAnswers) != 0;
}

std::map<std::string, Tries> tries_by_host(const mesh::Model& model) {
  std::map<std::string, Tries> out;
  for (const auto& table : model.route_tables) {
    Tries most{1, {}, false};
    for (const auto& route : table.routes) {
      if (route.direct) continue;
      const auto config = route.retries.value_or(policy::Retry::Config{});
      const std::uint64_t count = 1 + std::uint64_t{*config.attempts};
      const bool on_answers = *config.attempts > 0 && answers_retried(config);
      if (std::pair(on_answers, count) > std::pair(most.on_answers, most.count))
        most = {count, config.attempts.origin, on_answers};
    }
    for (const auto& host : table.hosts) out.emplace(*host, most);
  }
  return out;
}

/// Who calls whom, and how often for one call from outside.
class Chains {
 public:
  explicit Chains(const Estate& estate) : tries_(tries_by_host(estate.model())) {
    std::multimap<const Pods*, const Resource*> behind;
    for (const auto* service : estate.of("Service"))
      for (const auto* pods : estate.pods_of(*service)) behind.emplace(pods, service);
    each_call(estate, [&](const Call& call) {
      if (!estate.istio_injected(call.from.ns(), &call.from)) return;
      const auto [first, last] = behind.equal_range(&call.from);
      if (first == last) entries_.insert(&call.service);
      for (auto own = first; own != last; ++own) {
        if (own->second == &call.service) continue;
        calls_[own->second].insert(&call.service);
        entries_.insert(own->second);
        called_.insert(&call.service);
      }
    });
  }

  /// Services that nobody among the files calls, but that call others.
  std::vector<const Resource*> entries() const {
    std::vector<const Resource*> out;
    for (const auto* one : entries_)
      if (!called_.contains(one)) out.push_back(one);
    return out;
  }

  struct Worst {
    std::uint64_t product = 1;
    const Resource* next = nullptr;
  };
  /// The most tries one call handled by this Service causes at the end of the chains below it.
  const Worst& below(const Resource& service) {
    const auto [known, fresh] = worst_.try_emplace(&service);
    if (!fresh) return known->second;  // on a cycle: what is known so far
    Worst worst;
    const auto next = calls_.find(&service);
    if (next != calls_.end()) {
      for (const auto* called : next->second) {
        const auto& tries = of(*called);
        const auto inner = below(*called);
        // Failures from further in are retried only by who retries on answers.
        const auto product =
            tries.on_answers ? tries.count * inner.product : std::max(tries.count, inner.product);
        if (product > worst.product) worst = {std::min<std::uint64_t>(product, UINT32_MAX), called};
      }
    }
    return worst_[&service] = worst;
  }

  const Tries& of(const Resource& service) const {
    static const Tries by_default;
    const auto known = tries_.find(fmt::format("{}.{}.svc.cluster.local", *service.name, *service.ns));
    return known == tries_.end() ? by_default : known->second;
  }

 private:
  std::map<std::string, Tries> tries_;
  std::map<const Resource*, std::set<const Resource*>> calls_;
  std::set<const Resource*> entries_, called_;
  std::map<const Resource*, Worst> worst_;
};

void tell(Chains& chains, const Resource& entry, Report& report) {
  std::string names = *entry.name, factors;
  std::vector<Note> notes;
  std::set<const Resource*> seen;
  for (const auto* hop = chains.below(entry).next; hop != nullptr && seen.insert(hop).second;
       hop = chains.below(*hop).next) {
    const auto& tries = chains.of(*hop);
    names += " → " + *hop->name;
    factors += fmt::format("{}{}", factors.empty() ? "" : " × ", tries.count);
    if (tries.origin.known())
      notes.push_back({{tries.origin, 1}, fmt::format("{} tries of '{}'", tries.count, *hop->name)});
    else
      notes.push_back(
          {{}, fmt::format("{} tries of '{}': Istio's default, written nowhere", tries.count, *hop->name)});
  }
  const auto* first = chains.below(entry).next;
  const auto where = chains.of(*first).origin;
  auto& finding =
      report.object(*first, fmt::format("{}: one call can become {} = {} tries at the end of the chain",
                                        names, factors, chains.below(entry).product));
  if (where.known()) finding.where = {where, 1};
  finding.notes = std::move(notes);
  finding.notes.push_back({{}, "retry at one place of a chain, best next to the server that fails"});
}

void check(const Estate& estate, Report& report) {
  if (estate.model().route_tables.empty()) return;
  Chains chains(estate);
  std::set<const Resource*> said;  // by the first hop
  for (const auto* entry : chains.entries()) {
    const auto worst = chains.below(*entry);
    if (worst.product > kTriesMax && said.insert(worst.next).second) tell(chains, *entry, report);
  }
}

}  // namespace

extern const Rule retry_amplification{
    .id = "retry-amplification",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "retries along a chain of calls multiply",
    .why =
        "Each hop that retries on errors repeats all the tries of the hops behind it: three hops with four "
        "retries each turn one request into 125 at the last server, in the moment when it is overloaded. A "
        "route that does not speak of retries has Istio's default of two. The chain is read from the "
        "addresses in the pods' environment, and a hop counts when it retries on answers (5xx, "
        "gateway-error), not only on connections that fail.",
    .bad = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  ports: [{name: http, port: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: "web:1", ports: [{containerPort: 8080}],
         env: [{name: NEXT, value: "http://pets:8080"}]}
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  selector: {app: pets}
  ports: [{name: http, port: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec:
      containers:
      - {name: pets, image: "pets:1", ports: [{containerPort: 8080}],
         env: [{name: NEXT, value: "http://store:8080"}]}
---
apiVersion: v1
kind: Service
metadata: {name: store, namespace: shop}
spec:
  selector: {app: store}
  ports: [{name: http, port: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: store, namespace: shop}
spec:
  selector: {matchLabels: {app: store}}
  template:
    metadata: {labels: {app: store}}
    spec:
      containers:
      - {name: store, image: "store:1", ports: [{containerPort: 8080}],
         env: [{name: NEXT, value: "http://disk:8080"}]}
---
apiVersion: v1
kind: Service
metadata: {name: disk, namespace: shop}
spec:
  selector: {app: disk}
  ports: [{name: http, port: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: disk, namespace: shop}
spec:
  selector: {matchLabels: {app: disk}}
  template:
    metadata: {labels: {app: disk}}
    spec: {containers: [{name: disk, image: "disk:1", ports: [{containerPort: 8080}]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - match: [{method: {exact: GET}}]
    route: [{destination: {host: pets}}]
    retries: {attempts: 4, retryOn: 5xx} # <<
  - route: [{destination: {host: pets}}]
    retries: {attempts: 0}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: store, namespace: shop}
spec:
  hosts: [store]
  http:
  - match: [{method: {exact: GET}}]
    route: [{destination: {host: store}}]
    retries: {attempts: 4, retryOn: 5xx}
  - route: [{destination: {host: store}}]
    retries: {attempts: 0}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: disk, namespace: shop}
spec:
  hosts: [disk]
  http:
  - match: [{method: {exact: GET}}]
    route: [{destination: {host: disk}}]
    retries: {attempts: 2, retryOn: 5xx}
  - route: [{destination: {host: disk}}]
    retries: {attempts: 0}
)",
    .good = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  ports: [{name: http, port: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: "web:1", ports: [{containerPort: 8080}],
         env: [{name: NEXT, value: "http://pets:8080"}]}
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  selector: {app: pets}
  ports: [{name: http, port: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec:
      containers:
      - {name: pets, image: "pets:1", ports: [{containerPort: 8080}],
         env: [{name: NEXT, value: "http://store:8080"}]}
---
apiVersion: v1
kind: Service
metadata: {name: store, namespace: shop}
spec:
  selector: {app: store}
  ports: [{name: http, port: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: store, namespace: shop}
spec:
  selector: {matchLabels: {app: store}}
  template:
    metadata: {labels: {app: store}}
    spec:
      containers:
      - {name: store, image: "store:1", ports: [{containerPort: 8080}],
         env: [{name: NEXT, value: "http://disk:8080"}]}
---
apiVersion: v1
kind: Service
metadata: {name: disk, namespace: shop}
spec:
  selector: {app: disk}
  ports: [{name: http, port: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: disk, namespace: shop}
spec:
  selector: {matchLabels: {app: disk}}
  template:
    metadata: {labels: {app: disk}}
    spec: {containers: [{name: disk, image: "disk:1", ports: [{containerPort: 8080}]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - match: [{method: {exact: GET}}]
    route: [{destination: {host: pets}}]
    retries: {attempts: 2, retryOn: 5xx}
  - route: [{destination: {host: pets}}]
    retries: {attempts: 0}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: store, namespace: shop}
spec:
  hosts: [store]
  http:
  - match: [{method: {exact: GET}}]
    route: [{destination: {host: store}}]
    retries: {attempts: 0}
  - route: [{destination: {host: store}}]
    retries: {attempts: 0}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: disk, namespace: shop}
spec:
  hosts: [disk]
  http:
  - match: [{method: {exact: GET}}]
    route: [{destination: {host: disk}}]
    retries: {attempts: 2, retryOn: 5xx}
  - route: [{destination: {host: disk}}]
    retries: {attempts: 0}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
