#include "dialect/istio/virtual_service.hpp"

#include <algorithm>
#include <charconv>

#include "dialect/names.hpp"

namespace marty::dialect::istio {

namespace {

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  return text;
}

/// Envoy compares header names in lower case; query keys stay as written.
enum class Names { kHeaders, kAsWritten };
std::vector<policy::RouteMatch::Named> named(const StringMatches& wire, Names names) {
  std::vector<policy::RouteMatch::Named> out;
  for (const auto& [name, match] : wire) {
    out.push_back({names == Names::kHeaders ? lower(*name) : *name, to_policy(match)});
    if (!match.origin.known()) out.back().match.origin = name.origin;
  }
  return out;
}

std::optional<policy::StringMatch> maybe(const std::optional<StringMatch>& wire) {
  return wire ? std::optional(to_policy(*wire)) : std::nullopt;
}

policy::RouteMatch match_of(const HttpMatch& wire) {
  policy::RouteMatch match;
  match.uri = maybe(wire.uri);
  if (match.uri)
    match.uri->ignore_case = *wire.ignore_uri_case && match.uri->kind != policy::StringMatch::Kind::kRegex;
  match.method = maybe(wire.method);
  match.authority = maybe(wire.authority);
  match.scheme = maybe(wire.scheme);
  match.headers = named(wire.headers, Names::kHeaders);
  match.without_headers = named(wire.without_headers, Names::kHeaders);
  match.query_params = named(wire.query_params, Names::kAsWritten);
  match.origin = wire.origin;
  return match;
}

bool for_sidecars(const TextList& gateways) {
  return gateways.empty() ||
         std::any_of(gateways.begin(), gateways.end(), [](const Text& g) { return *g == "mesh"; });
}

policy::Retry::Config retry_of(const HttpRetry& wire) {
  policy::Retry::Config config;
  config.origin = wire.origin;
  config.attempts = wire.attempts;
  config.per_try_timeout = wire.per_try_timeout;
  if (wire.backoff) config.backoff_base = *wire.backoff;
  if (wire.ignore_previous_hosts) config.avoid_previous_hosts = **wire.ignore_previous_hosts;
  if (!wire.retry_on || (*wire.retry_on)->empty()) return config;
  std::uint32_t mask = 0;
  for (std::string_view rest = **wire.retry_on; !rest.empty();) {
    const auto word = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(word.size() + 1, rest.size()));
    std::uint16_t code = 0;
    if (const auto bit = policy::Retry::word(word)) {
      mask |= *bit;
    } else if (std::from_chars(word.data(), word.data() + word.size(), code).ec == std::errc{}) {
      mask |= policy::Retry::kRetriableStatusCodes;
      config.status_codes.push_back({code, wire.retry_on->origin});
    }
  }
  config.on = {mask, wire.retry_on->origin};
  return config;
}

policy::Fault fault_of(const HttpFault& wire) {
  policy::Fault fault;
  fault.origin = wire.origin;
  if (wire.delay && wire.delay->fixed) {
    auto ppm = to_ppm(wire.delay->percentage);
    if (wire.delay->percent && !wire.delay->percentage)
      ppm = {**wire.delay->percent * 10'000, wire.delay->percent->origin};
    fault.delay = {*wire.delay->fixed, ppm};
  }
  if (wire.abort && wire.abort->http_status) {
    const auto& status = *wire.abort->http_status;
    fault.abort = {{static_cast<std::uint16_t>(*status), status.origin}, to_ppm(wire.abort->percentage)};
  }
  return fault;
}

mesh::HeaderEdits edits_of(const HeaderOperations& wire) {
  mesh::HeaderEdits edits;
  edits.set.assign(wire.set.begin(), wire.set.end());
  edits.add.assign(wire.add.begin(), wire.add.end());
  for (const auto& name : wire.remove) edits.remove.push_back(*name);
  return edits;
}

/// What cannot be carried out answers 500 instead of going somewhere the author did not mean.
mesh::DirectResponse direct_of(const HttpRoute& wire) {
  mesh::DirectResponse direct;
  if (wire.direct_response) {
    const auto& response = *wire.direct_response;
    direct.status = {static_cast<std::uint16_t>(*response.status), response.status.origin};
    if (response.body && response.body->string) direct.body = **response.body->string;
  } else if (wire.redirect && wire.redirect->authority && wire.redirect->uri) {
    const auto& to = *wire.redirect;
    direct.status = {static_cast<std::uint16_t>(*to.code), to.code.written() ? to.code.origin : to.origin};
    direct.location = (to.scheme ? **to.scheme : "http") + "://" + **to.authority + **to.uri;
  } else {
    direct.status = {500, wire.origin};
    direct.body = "this route needs a redirect or delegate that marty does not carry out yet\n";
  }
  return direct;
}

mesh::WeightedDestination destination_of(const HttpRouteDestination& wire, const std::string& ns) {
  mesh::WeightedDestination to;
  to.host = {fqdn(*wire.destination.host, ns), wire.destination.host.origin};
  if (wire.destination.subset) to.subset = *wire.destination.subset;
  if (wire.destination.port) to.port = static_cast<std::uint16_t>(*wire.destination.port->number);
  to.weight = wire.weight;
  to.origin = wire.origin;
  return to;
}

mesh::Route route_of(const HttpRoute& wire, const std::string& ns) {
  mesh::Route route;
  route.name = wire.name ? **wire.name : "";
  route.origin = wire.origin;
  for (const auto& match : wire.match) {
    if (for_sidecars(match.gateways)) route.matches.push_back(match_of(match));
  }
  for (const auto& to : wire.route) route.destinations.push_back(destination_of(to, ns));
  if (wire.route.empty()) route.direct = direct_of(wire);
  route.timeout = wire.timeout;
  if (wire.retries) route.retries = retry_of(*wire.retries);
  if (wire.fault) route.fault = fault_of(*wire.fault);
  if (wire.headers) {
    route.request_headers = edits_of(wire.headers->request);
    route.response_headers = edits_of(wire.headers->response);
  }
  return route;
}

/// A destination alone is 100 %; of several, those of weight 0 never get a request.
bool is_for_gateways_only(const HttpRoute& wire, const mesh::Route& route) {
  return !wire.match.empty() && route.matches.empty();
}

}  // namespace

void read_virtual_service(const manifest::Resource& resource, mesh::Model& model, Diagnostics& found) {
  manifest::Manifest<VirtualService> wire;
  manifest::decode(resource.root, wire, resource.ref(), found);
  if (!for_sidecars(wire.spec.gateways)) {
    found
        .warning("not-enforced", {wire.spec.gateways.front().origin, 0},
                 "this VirtualService is for gateways only, of which the local mesh has none")
        .object = resource.ref();
    return;
  }
  mesh::RouteTable table;
  table.ns = *resource.ns;
  table.name = *resource.name;
  table.origin = resource.name.origin;
  for (const auto& host : wire.spec.hosts) table.hosts.push_back({fqdn(*host, table.ns), host.origin});
  for (const auto& http : wire.spec.http) {
    mesh::Route route = route_of(http, table.ns);
    if (!is_for_gateways_only(http, route)) table.routes.push_back(std::move(route));
  }
  if (!table.hosts.empty()) model.route_tables.push_back(std::move(table));
}

namespace {

StringMatches written(const std::vector<policy::RouteMatch::Named>& from) {
  StringMatches out;
  for (const auto& [name, match] : from) out.push_back({{name, match.origin}, from_policy(match)});
  return out;
}

std::optional<StringMatch> written(const std::optional<policy::StringMatch>& from) {
  return from ? std::optional(from_policy(*from)) : std::nullopt;
}

HttpMatch written(const policy::RouteMatch& from) {
  HttpMatch wire;
  wire.uri = written(from.uri);
  if (from.uri && from.uri->ignore_case) wire.ignore_uri_case = {true, from.uri->origin};
  wire.method = written(from.method);
  wire.authority = written(from.authority);
  wire.scheme = written(from.scheme);
  wire.headers = written(from.headers);
  wire.without_headers = written(from.without_headers);
  wire.query_params = written(from.query_params);
  return wire;
}

HttpRetry written(const policy::Retry::Config& from) {
  HttpRetry wire;
  wire.attempts = from.attempts;
  if (!wire.attempts.written()) wire.attempts.origin = {1, 1, 0};  // always said: leaving it out would mean 0
  if (*from.attempts == 0) return wire;
  wire.per_try_timeout = from.per_try_timeout;
  const policy::Retry::Config unset;
  if (from.on.written() || !(from.on == unset.on) || !from.status_codes.empty()) {
    wire.retry_on = Text{policy::Retry::describe(from), from.on.origin};
  }
  write_unless(from.backoff_base, *unset.backoff_base, wire.backoff);
  if (!from.avoid_previous_hosts) wire.ignore_previous_hosts = Sourced<bool>{false};
  return wire;
}

HttpFault written(const policy::Fault& from) {
  HttpFault wire;
  if (from.delay) {
    wire.delay.emplace();
    wire.delay->fixed = from.delay->fixed;
    wire.delay->percentage = from_ppm(from.delay->ppm);
  }
  if (from.abort) {
    wire.abort.emplace();
    wire.abort->http_status = Sourced<std::uint32_t>{*from.abort->status, from.abort->status.origin};
    wire.abort->percentage = from_ppm(from.abort->ppm);
  }
  return wire;
}

HeaderOperations written(const mesh::HeaderEdits& from) {
  HeaderOperations wire;
  wire.set.insert(from.set.begin(), from.set.end());
  wire.add.insert(from.add.begin(), from.add.end());
  for (const auto& name : from.remove) wire.remove.push_back({name});
  return wire;
}

HttpRoute written(const mesh::Route& from) {
  HttpRoute wire;
  if (!from.name.empty()) wire.name = Text{from.name};
  for (const auto& match : from.matches) wire.match.push_back(written(match));
  for (const auto& to : from.destinations) {
    HttpRouteDestination out;
    out.destination.host = to.host;
    if (!to.subset->empty()) out.destination.subset = to.subset;
    if (to.port != 0) out.destination.port = PortSelector{{to.port}};
    out.weight = to.weight;
    wire.route.push_back(std::move(out));
  }
  if (from.direct) {
    wire.direct_response.emplace();
    wire.direct_response->status = {*from.direct->status, from.direct->status.origin};
    if (!from.direct->body.empty())
      wire.direct_response->body = HttpDirectResponse::Body{Text{from.direct->body}, {}};
  }
  wire.timeout = from.timeout;
  if (from.retries) wire.retries = written(*from.retries);
  if (from.fault) wire.fault = written(*from.fault);
  if (!from.request_headers.empty() || !from.response_headers.empty()) {
    wire.headers = Headers{written(from.request_headers), written(from.response_headers)};
  }
  return wire;
}

}  // namespace

VirtualService from_model(const mesh::RouteTable& table) {
  VirtualService wire;
  wire.hosts = table.hosts;
  for (const auto& route : table.routes) wire.http.push_back(written(route));
  return wire;
}

}  // namespace marty::dialect::istio
