#include <fmt/format.h>
#include <fmt/ranges.h>

#include <numeric>

#include "dialect/generate_linkerd_parts.hpp"
#include "dialect/linkerd/annotations.hpp"
#include "dialect/linkerd/http_route.hpp"

/// Where callers' requests go, as HTTPRoutes of the Service. All routes of a Service compete and the closest
/// match wins: the longest path, then the most headers, then a method. So, unlike a VirtualService, audiences
/// and methods need no route for each combination; but retries belong to a whole HTTPRoute, so what may be
/// sent twice has its own.
namespace marty::dialect::generated {

using linkerd::HttpRoute;
using manifest::Node;

namespace {

constexpr std::string_view kHttpRoute = "gateway.networking.k8s.io/v1";
constexpr std::uint64_t kWeightMax = 1'000'000;

using Methods = std::vector<Sourced<std::string>>;

HttpRoute::NamedMatch header(const std::string& name, const policy::StringMatch& value) {
  using Kind = policy::StringMatch::Kind;
  HttpRoute::NamedMatch match;
  match.name = {name};
  match.value = {value.text};
  if (value.kind == Kind::kRegex) match.type = {HttpRoute::ValueType::kRegex};
  if (value.kind != Kind::kPrefix) return match;
  match.type = {HttpRoute::ValueType::kRegex};
  match.value = {quoted_regex(value.text) + ".*"};
  return match;
}

/// One match for each method; without methods one that leaves it open, or none at all when nothing is asked
/// for.
std::vector<HttpRoute::Match> matches(std::vector<HttpRoute::NamedMatch> headers, const Methods& methods) {
  HttpRoute::Match match;
  match.headers = std::move(headers);
  if (methods.empty())
    return match.headers.empty() ? std::vector<HttpRoute::Match>{} : std::vector<HttpRoute::Match>{match};
  std::vector<HttpRoute::Match> all;
  for (const auto& method : methods) {
    match.method = linkerd::method_named(*method);
    all.push_back(match);
  }
  return all;
}

/// The Services of the versions with these shares; none: the parent, which is any pod.
std::vector<HttpRoute::BackendRef> backends(const PolicyFile& file, const PolicyFile::Split& split) {
  std::vector<HttpRoute::BackendRef> all;
  for (const auto& [version, weight] : split) {
    auto& to = all.emplace_back();
    to.name = {version_service(file, *version)};
    to.port = file.service.port;
    if (split.size() > 1) to.weight = shown(*weight);
  }
  return all;
}

/// The same beside a backend of a kind that nobody serves, which takes `percent` of the requests. The Gateway
/// API promises 500 for the share of such a backend, and no retry and no failure accrual sees it.
std::vector<HttpRoute::BackendRef> with_fault(const PolicyFile& file, std::vector<HttpRoute::BackendRef> to,
                                              double percent) {
  const auto fault = static_cast<std::uint64_t>(percent * (kWeightMax / 100.0) + 0.5);
  if (to.empty()) {
    to.emplace_back().name = {*file.service.name};
    to.back().port = file.service.port;
  }
  std::vector<std::uint64_t> weights{fault};
  std::uint64_t sum = 0, left = kWeightMax - fault;
  for (const auto& backend : to) sum += *backend.weight;
  for (const auto& backend : to) weights.push_back(left * *backend.weight / sum);
  std::uint64_t divisor = 0;
  for (const auto weight : weights) divisor = std::gcd(divisor, weight);
  for (std::size_t i = 0; i < to.size(); ++i)
    to[i].weight = shown(static_cast<std::uint32_t>(weights[i + 1] / divisor));
  HttpRoute::BackendRef failing;
  failing.group = {"marty.dev"};
  failing.kind = {"Fault"};
  failing.name = {"answer-500"};
  failing.weight = shown(static_cast<std::uint32_t>(fault / divisor));
  to.insert(to.begin(), std::move(failing));
  return to;
}

HttpRoute route_of(const PolicyFile& file) {
  HttpRoute route;
  auto& parent = route.parent_refs.emplace_back();
  parent.group = Text{""};
  parent.kind = Text{"Service"};
  parent.name = {*file.service.name};
  parent.port = file.service.port;
  route.rules.emplace();
  return route;
}

/// The audiences and everybody else, for requests with one of these methods (none: with any other).
HttpRoute audience_route(const PolicyFile& file, const Methods& methods) {
  HttpRoute route = route_of(file);
  for (const auto& audience : mesh::audiences(file)) {
    auto& rule = route.rules->emplace_back();
    rule.matches = matches({header(audience.header.name, audience.header.match)}, methods);
    rule.backend_refs = backends(file, {{audience.version, {100}}});
  }
  auto& rest = route.rules->emplace_back();
  rest.matches = matches({}, methods);
  rest.backend_refs = backends(file, mesh::everybody_else(file));
  return route;
}

HttpRoute fault_route(const PolicyFile& file) {
  HttpRoute route = route_of(file);
  for (const auto& chaos : file.active_chaos()) {
    if (!chaos.abort) continue;
    const auto gate = header(*chaos.header.name, {.text = *chaos.header.value});
    const auto percent = *chaos.abort->percent;
    for (const auto& audience : mesh::audiences(file)) {
      auto& rule = route.rules->emplace_back();
      rule.matches = matches({gate, header(audience.header.name, audience.header.match)}, {});
      rule.backend_refs = with_fault(file, backends(file, {{audience.version, {100}}}), percent);
    }
    auto& rest = route.rules->emplace_back();
    rest.matches = matches({gate}, {});
    rest.backend_refs = with_fault(file, backends(file, mesh::everybody_else(file)), percent);
  }
  return route;
}

Node named(const PolicyFile& file, std::string_view suffix, const HttpRoute& route) {
  return object(file, linkerd_minor(file) >= 18 ? kHttpRoute : "gateway.networking.k8s.io/v1beta1",
                "HTTPRoute", fmt::format("{}-{}", *file.service.name, suffix), manifest::encode(route));
}

/// What retry.linkerd.io/http lists; gateway-error and 5xx have 502 in them.
std::vector<std::string> retried_statuses(const PolicyFile::Retries& retries) {
  if (retries.on.empty()) return {"502"};
  std::vector<std::string> all;
  for (const auto& condition : retries.on) {
    const auto status = retried_status(*condition);
    if (status && !status->empty() && std::find(all.begin(), all.end(), *status) == all.end())
      all.push_back(*status);
  }
  const bool range =
      std::any_of(all.begin(), all.end(), [](const auto& s) { return s == "gateway-error" || s == "5xx"; });
  if (range) std::erase(all, "502");
  return all;
}

void add_retries(Node& root, const PolicyFile::Retries& retries) {
  const auto statuses = retried_statuses(retries);
  Node& annotations = annotations_of(root);
  if (!statuses.empty())
    annotations.add("retry.linkerd.io/http", Node::string(fmt::format("{}", fmt::join(statuses, ","))))
        .comment(
            "Statuses that are tried again. A refused connection is a 502 here. Without this line no status "
            "is.");
  annotations.add("retry.linkerd.io/limit", Node::string(fmt::format("{}", *retries.attempts)))
      .comment("Retries after the first try, each 25 ms to 250 ms after the one before. There is no budget.");
  if (retries.per_try_timeout)
    annotations
        .add("retry.linkerd.io/timeout",
             Node::string(linkerd::print_annotation_duration(**retries.per_try_timeout)))
        .comment("A try that has no answer by then is given up for another; the last one may take longer.");
}

constexpr std::size_t kRulesMax = 16;  // of an HTTPRoute

/// The object, or as many as its rules need. Of rules that match equally well the older object's counts, then
/// the name's order, so the parts keep theirs.
std::vector<Node> parts(const Node& object) {
  const std::vector<Node>& rules = object.find("spec")->find("rules")->children;
  std::vector<Node> all;
  for (std::size_t from = 0; from < rules.size(); from += kRulesMax) {
    Node part = object;
    const auto begin = rules.begin() + static_cast<std::ptrdiff_t>(from);
    const auto count = std::min(kRulesMax, rules.size() - from);
    part.at({"spec", "rules"})->children = {begin, begin + static_cast<std::ptrdiff_t>(count)};
    if (from > 0) {
      part.at({"metadata", "name"})->text += fmt::format("-{:02}", all.size() + 1);
      part.comments.clear();
    }
    all.push_back(std::move(part));
  }
  return all;
}

std::vector<Node> routes_and_faults(const PolicyFile& file) {
  std::vector<Node> all;
  const auto& retries = file.routing.retries;
  const bool retrying = retries && *retries->attempts > 0;
  if (retrying) {
    const bool some = !retries->methods.empty();
    all.push_back(named(file, some ? "retried" : "all", audience_route(file, retries->methods)));
    add_retries(all.back(), *retries);
    all.back().comment(
        "Requests that may be sent twice. Among all HTTPRoutes of a Service the closest match wins: the "
        "longest path,\n"
        "then the most headers, then a method, then the older object. Retries belong to a whole HTTPRoute.");
  }
  if (!retrying || !retries->methods.empty()) {
    const auto route = audience_route(file, {});
    const bool plain = route.rules->size() == 1 && route.rules->front().backend_refs.empty();
    // Once a Service has any HTTPRoute, what none of them matches is answered 404.
    if (!plain || retrying) {
      all.push_back(named(file, retrying ? "rest" : "all", route));
      all.back().comment("All other requests. Without it they would get 404, as the Service has HTTPRoutes.");
    }
  }
  if (!all.empty()) {
    if (Node* refs =
            all.front().at({"spec", "rules", std::to_string(mesh::audiences(file).size()), "backendRefs"}))
      refs->comment("A share whose version has no pod that is ready goes to the other ones.");
  }
  auto faults = fault_route(file);
  if (faults.rules->empty()) return all;
  all.push_back(named(file, "faults", faults));
  all.back().at({"metadata", "labels"})->add("marty.dev/environment", Node::string("test"));
  all.back().comment(
      "FOR TEST CLUSTERS ONLY: fails a share of the requests that ask for it, with 500. The failing backend "
      "is of a kind\n"
      "that nobody serves; for the share of such a backend the Gateway API promises 500. A Service without "
      "pods would\n"
      "not do, as its share goes to the others, and the failures of a real one would open the circuit "
      "breaker. The\n"
      "route's status says ResolvedRefs: False, and means this. Not retried, so that the failures are seen.");
  return all;
}

}  // namespace

std::vector<Node> linkerd_http_routes(const PolicyFile& file) {
  std::vector<Node> all;
  for (const auto& object : routes_and_faults(file))
    for (auto& part : parts(object)) all.push_back(std::move(part));
  return all;
}

}  // namespace marty::dialect::generated
