#include "rules/retries.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "rules/calls.hpp"

namespace marty::rules {

namespace {

/// Errors that come from behind the server too. Istio's default has none of them for HTTP.
constexpr std::uint32_t kOnAnswers = policy::Retry::k5xx | policy::Retry::kGatewayError |
                                     policy::Retry::kRetriableStatusCodes | policy::Retry::kReset;

bool answers_retried(const policy::Retry::Config& config) {
  if ((*config.on & kOnAnswers) == policy::Retry::kRetriableStatusCodes) return !config.status_codes.empty();
  return (*config.on & kOnAnswers) != 0;
}

Tries tries_of(const policy::Retry::Config& config) {
  return {1 + std::uint64_t{*config.attempts}, config.attempts.origin,
          *config.attempts > 0 && answers_retried(config)};
}

/// Linkerd retries nothing unless told to.
Tries tries_of(const std::optional<policy::StatusRetry::Config>& config) {
  if (!config) return {1, {}, false};
  return {1 + std::uint64_t{*config->limit}, config->limit.written() ? config->limit.origin : config->origin,
          *config->limit > 0 && !config->on->empty()};
}

/// What a route does not say about retries is Istio's default, or under Linkerd what its Service says.
Tries tries_of(const mesh::RouteTable& table, const mesh::Route& route, const mesh::Service* service) {
  if (table.kind == mesh::RouteTable::Kind::kVirtualService)
    return tries_of(route.retries.value_or(policy::Retry::Config{}));
  return tries_of(route.status_retries || service == nullptr ? route.status_retries
                                                             : service->callers.retries);
}

const Tries& worse(const Tries& a, const Tries& b) {
  return std::pair(b.on_answers, b.count) > std::pair(a.on_answers, a.count) ? b : a;
}

/// The same of the words themselves.
bool answers_retried(std::string_view on) {
  while (!on.empty()) {
    const auto end = std::min(on.find(','), on.size());
    const auto word = on.substr(0, end);
    const bool status = word.size() == 3 && word.find_first_not_of("0123456789") == word.npos;
    if (status || word == "5xx" || word == "gateway-error" || word == "reset") return true;
    on.remove_prefix(std::min(end + 1, on.size()));
  }
  return false;
}

}  // namespace

std::map<std::string, Tries> tries_by_host(const Estate& estate) {
  std::map<std::string, Tries> out;
  for (const auto& table : estate.model().route_tables) {
    if (table.kind == mesh::RouteTable::Kind::kServiceProfile) continue;  // a budget is no number of tries
    for (const auto& host : table.hosts) {
      Tries most{1, {}, false};
      for (const auto& route : table.routes)
        if (!route.direct) most = worse(most, tries_of(table, route, estate.modelled(*host)));
      out.emplace(*host, most);
    }
  }
  for (const auto& service : estate.model().services)
    if (service.callers.retries) out.emplace(service.fqdn(), tries_of(service.callers.retries));
  return out;
}

bool is_for_gateways(const Resource& resource) {
  bool some = false;
  each(resource.root, "spec.gateways[]", [&](const Place& at) { some |= at.node.text != "mesh"; });
  return some;
}

Tries tries_of_route(const Node& route) {
  const Node* attempts = get(route, "retries.attempts");
  if (attempts == nullptr) return {};
  const auto count = std::clamp<std::int64_t>(number(*attempts, "").value_or(0), 0, UINT16_MAX);
  return {1 + static_cast<std::uint64_t>(count), attempts->range().begin,
          count > 0 && answers_retried(text(route, "retries.retryOn"))};
}

CallChains::CallChains(const Estate& estate) {
  add_gateways(estate);
  bool calls = false;
  each_call(estate, [&](const Call&) { calls = true; });
  if (calls || !entries_.empty()) tries_ = tries_by_host(estate);
  if (calls) add_calls(estate);
}

void CallChains::add_calls(const Estate& estate) {
  std::multimap<const Pods*, const Resource*> behind;
  for (const auto* service : estate.of("Service"))
    for (const auto* pods : estate.pods_of(*service)) behind.emplace(pods, service);
  each_call(estate, [&](const Call& call) {
    const bool istio = estate.istio_injected(call.from.ns(), &call.from);
    if (!istio && !estate.linkerd_injected(call.from.ns(), &call.from)) return;
    const auto [first, last] = behind.equal_range(&call.from);
    if (first == last) entries_.insert(&call.service);
    for (auto own = first; own != last; ++own) {
      if (own->second == &call.service) continue;
      add(*own->second, call.service);
      if (!istio) add_linkerd(*own->second, call.service);
    }
  });
}

void CallChains::add(const Resource& from, const Resource& service) {
  calls_[&from].insert(&service);
  entries_.insert(&from);
  called_.insert(&service);
}

void CallChains::add_linkerd(const Resource& from, const Resource& service) {
  const auto known = tries_.find(fmt::format("{}.{}.svc.cluster.local", *service.name, *service.ns));
  elsewhere_.emplace(std::pair(&from, &service), known == tries_.end() ? Tries{1, {}, false} : known->second);
}

void CallChains::add_gateways(const Estate& estate) {
  for (const auto* resource : estate.of("VirtualService")) {
    if (!is_for_gateways(*resource)) continue;
    each(resource->root, "spec.http[]", [&](const Place& route) {
      const auto tries = tries_of_route(route.node);
      each(route.node, "route[].destination.host", [&](const Place& host) {
        const auto* service = estate.service(host.node.text, *resource->ns);
        if (service == nullptr) return;
        add(*resource, *service);
        auto& most = elsewhere_.try_emplace({resource, service}, Tries{1, {}, false}).first->second;
        most = worse(most, tries);
      });
    });
  }
}

std::vector<const Resource*> CallChains::entries() const {
  std::vector<const Resource*> out;
  for (const auto* one : entries_)
    if (!called_.contains(one)) out.push_back(one);
  return out;
}

const CallChains::Worst& CallChains::below(const Resource& from) {
  const auto [known, fresh] = worst_.try_emplace(&from);
  if (!fresh) return known->second;  // on a cycle: what is known so far
  Worst worst;
  const auto next = calls_.find(&from);
  if (next != calls_.end()) {
    for (const auto* called : next->second) {
      const auto& tries = of(from, *called);
      const auto inner = below(*called);
      // Failures from further in are retried only by who retries on answers.
      const auto product =
          tries.on_answers ? tries.count * inner.product : std::max(tries.count, inner.product);
      if (product > worst.product) worst = {std::min<std::uint64_t>(product, UINT32_MAX), called};
    }
  }
  return worst_[&from] = worst;
}

const Tries& CallChains::of(const Resource& from, const Resource& service) const {
  static const Tries by_default;
  const auto gateway = elsewhere_.find({&from, &service});
  if (gateway != elsewhere_.end()) return gateway->second;
  const auto known = tries_.find(fmt::format("{}.{}.svc.cluster.local", *service.name, *service.ns));
  return known == tries_.end() ? by_default : known->second;
}

}  // namespace marty::rules
