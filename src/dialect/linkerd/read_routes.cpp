#include <fmt/format.h>

#include <algorithm>

#include "dialect/linkerd/annotations.hpp"
#include "dialect/linkerd/http_route.hpp"
#include "dialect/linkerd/read.hpp"
#include "dialect/linkerd/read_callers.hpp"
#include "dialect/names.hpp"

namespace marty::dialect::linkerd {

using Kind = policy::StringMatch::Kind;
using R = HttpRoute;

namespace {

policy::StringMatch text_match(Kind kind, const Text& text) {
  policy::StringMatch match;
  match.kind = kind;
  match.text = *text;
  match.origin = text.origin;
  std::string why;
  if (kind == Kind::kRegex) match.regex = policy::Regex::compile(match.text, why);
  return match;
}

constexpr const char* name_of(R::Method method) {
  constexpr const char* kNames[] = {"GET",     "HEAD",    "POST",  "PUT",  "DELETE",
                                    "CONNECT", "OPTIONS", "TRACE", "PATCH"};
  return kNames[static_cast<std::size_t>(method)];
}

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return text;
}

policy::RouteMatch match_of(const R::Match& wire) {
  policy::RouteMatch match;
  match.origin = wire.origin;
  if (wire.path) {
    const auto kind = *wire.path->type == R::PathType::kExact   ? Kind::kExact
                      : *wire.path->type == R::PathType::kRegex ? Kind::kRegex
                                                                : Kind::kPathPrefix;
    match.uri = text_match(kind, wire.path->value);
  }
  const auto named = [](const R::NamedMatch& one, std::string name) {
    const auto kind = *one.type == R::ValueType::kRegex ? Kind::kRegex : Kind::kExact;
    return policy::RouteMatch::Named{std::move(name), text_match(kind, one.value)};
  };
  for (const auto& header : wire.headers) match.headers.push_back(named(header, lower(*header.name)));
  for (const auto& query : wire.query_params) match.query_params.push_back(named(query, *query.name));
  if (wire.method) match.method = text_match(Kind::kExact, {name_of(**wire.method), wire.method->origin});
  return match;
}

mesh::HeaderEdits edits_of(const std::optional<R::HeaderModifier>& wire) {
  mesh::HeaderEdits edits;
  if (!wire) return edits;
  for (const auto& line : wire->set) edits.set.emplace_back(lower(*line.name), *line.value);
  for (const auto& line : wire->add) edits.add.emplace_back(lower(*line.name), *line.value);
  for (const auto& name : wire->remove) edits.remove.push_back(lower(*name));
  return edits;
}

/// Of a redirect to a fixed place; other ones depend on the request and are said to be of no effect here.
std::optional<mesh::DirectResponse> redirect_of(const R::Redirect& wire, const manifest::Resource& resource,
                                                Diagnostics& found) {
  if (!wire.hostname || !wire.path || !wire.path->replace_full_path) {
    found
        .warning("not-enforced", {wire.origin, 0},
                 "here a redirect needs 'hostname' and a 'replaceFullPath': this one has no effect")
        .object = resource.ref();
    return {};
  }
  mesh::DirectResponse direct;
  direct.status = {static_cast<std::uint16_t>(*wire.status_code), wire.status_code.origin};
  const auto scheme = wire.scheme ? **wire.scheme : std::string("http");
  const bool usual = !wire.port || **wire.port == (scheme == "https" ? 443u : 80u);
  direct.location =
      fmt::format("{}://{}{}{}", scheme, **wire.hostname,
                  usual ? std::string() : fmt::format(":{}", **wire.port), **wire.path->replace_full_path);
  return direct;
}

class RouteReader {
 public:
  RouteReader(const manifest::Resource& resource, const R& wire, Diagnostics& found)
      : resource_(resource), wire_(wire), found_(found) {}

  /// The rules for one parent: a backend without a namespace is in the parent's.
  mesh::RouteTable table(const R::ParentRef& parent, const std::string& parent_ns) const {
    mesh::RouteTable table;
    table.kind = mesh::RouteTable::Kind::kHttpRoute;
    table.ns = *resource_.ns;
    table.name = *resource_.name;
    table.group = resource_.group();
    table.origin = resource_.name.origin;
    if (**parent.kind == "Server") {
      table.servers.push_back(parent.name);
    } else {
      table.hosts.push_back({fqdn(*parent.name, parent_ns), parent.name.origin});
      if (parent.port) table.port = static_cast<std::uint16_t>(**parent.port);
    }
    const std::vector<R::Rule> everything(1);
    for (const auto& rule : wire_.rules ? *wire_.rules : everything)
      table.routes.push_back(route(rule, parent_ns));
    if (table.hosts.empty()) return table;
    const auto callers = read_callers(resource_, found_);
    for (auto& route : table.routes) {
      route.status_retries = callers.retries;
      // An annotation beats the field.
      if (callers.timeouts.any()) route.timeouts = callers.timeouts;
      if (!route.timeouts.request && route.timeout) route.timeouts.request = route.timeout;
      route.timeout.reset();
    }
    return table;
  }

 private:
  mesh::Route route(const R::Rule& rule, const std::string& parent_ns) const {
    mesh::Route route;
    route.name = rule.name ? **rule.name : *resource_.name;
    route.origin = rule.origin.known() ? rule.origin : resource_.name.origin;
    for (const auto& match : rule.matches) add_match(route, match_of(match));
    if (rule.matches.empty() && !wire_.hostnames.empty()) add_match(route, {});
    for (const auto& filter : rule.filters) {
      if (*filter.type == R::FilterType::kRequestHeaders)
        route.request_headers = edits_of(filter.request_headers);
      if (*filter.type == R::FilterType::kResponseHeaders)
        route.response_headers = edits_of(filter.response_headers);
      if (*filter.type == R::FilterType::kRedirect && filter.redirect)
        route.direct = redirect_of(*filter.redirect, resource_, found_);
    }
    for (const auto& to : rule.backend_refs) {
      mesh::WeightedDestination backend;
      backend.weight = to.weight;
      backend.origin = to.origin;
      const bool service = *to.kind == "Service" && (to.group->empty() || *to.group == "core");
      backend.unusable = !service   ? "unsupported backend type"
                         : !to.port ? "missing port for backend Service"
                                    : "";
      if (backend.unusable.empty()) {
        backend.host = {fqdn(*to.name, to.ns ? **to.ns : parent_ns), to.name.origin};
        backend.port = static_cast<std::uint16_t>(**to.port);
      }
      route.destinations.push_back(std::move(backend));
    }
    if (rule.timeouts && rule.timeouts->request) route.timeout = *rule.timeouts->request;
    return route;
  }

  /// Once for each host name: the request's own must be one of them, whatever its port.
  void add_match(mesh::Route& route, policy::RouteMatch match) const {
    if (wire_.hostnames.empty()) return route.matches.push_back(std::move(match));
    for (const auto& host : wire_.hostnames) {
      const bool any_sub = host->starts_with("*.");
      std::string pattern = any_sub ? "[^:]*" : "";
      for (const char c : std::string_view(*host).substr(any_sub ? 1 : 0)) {
        if (c == '.') pattern += '\\';
        pattern += c;
      }
      match.authority = text_match(Kind::kRegex, {"(?i)" + pattern + "(:[0-9]+)?", host.origin});
      route.matches.push_back(match);
    }
  }

  const manifest::Resource& resource_;
  const R& wire_;
  Diagnostics& found_;
};

}  // namespace

void read_http_route(const manifest::Resource& resource, mesh::Model& model, Diagnostics& found) {
  const auto before = found.has_errors();
  const auto wire = decode_http_route(resource, found);
  if (!before && found.has_errors()) return;
  const RouteReader reader(resource, wire.spec, found);
  for (const auto& parent : wire.spec.parent_refs) {
    if (!parent.kind || (**parent.kind != "Service" && **parent.kind != "Server")) continue;
    model.route_tables.push_back(reader.table(parent, parent.ns ? **parent.ns : *resource.ns));
  }
}

}  // namespace marty::dialect::linkerd
