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

/// Whether a VirtualService is for gateways, beside the mesh or not.
bool is_for_gateways(const Resource& resource) {
  bool some = false;
  each(resource.root, "spec.gateways[]", [&](const Place& at) { some |= at.node.text != "mesh"; });
  return some;
}

}  // namespace

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

Tries tries_of_route(const Node& route) {
  const Node* attempts = get(route, "retries.attempts");
  if (attempts == nullptr) return {};
  const auto count = std::clamp<std::int64_t>(number(*attempts, "").value_or(0), 0, UINT16_MAX);
  return {1 + static_cast<std::uint64_t>(count), attempts->range().begin,
          count > 0 && answers_retried(text(route, "retries.retryOn"))};
}

CallChains::CallChains(const Estate& estate) : tries_(tries_by_host(estate.model())) {
  std::multimap<const Pods*, const Resource*> behind;
  for (const auto* service : estate.of("Service"))
    for (const auto* pods : estate.pods_of(*service)) behind.emplace(pods, service);
  each_call(estate, [&](const Call& call) {
    if (!estate.istio_injected(call.from.ns(), &call.from)) return;
    const auto [first, last] = behind.equal_range(&call.from);
    if (first == last) entries_.insert(&call.service);
    for (auto own = first; own != last; ++own) {
      if (own->second != &call.service) add(*own->second, call.service);
    }
  });
  add_gateways(estate);
}

void CallChains::add(const Resource& from, const Resource& service) {
  calls_[&from].insert(&service);
  entries_.insert(&from);
  called_.insert(&service);
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
        auto& most = at_gateways_.try_emplace({resource, service}, Tries{1, {}, false}).first->second;
        if (std::pair(tries.on_answers, tries.count) > std::pair(most.on_answers, most.count)) most = tries;
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
  const auto gateway = at_gateways_.find({&from, &service});
  if (gateway != at_gateways_.end()) return gateway->second;
  const auto known = tries_.find(fmt::format("{}.{}.svc.cluster.local", *service.name, *service.ns));
  return known == tries_.end() ? by_default : known->second;
}

}  // namespace marty::rules
