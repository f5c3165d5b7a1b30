#include "rules/apis.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "rules/calls.hpp"

namespace marty::rules {

namespace {

constexpr std::string_view kMethods[] = {"get", "put", "post", "delete", "options", "head", "patch", "trace"};

struct Server {
  std::string host, base;  ///< no host: wherever the document came from
  std::int64_t port = 0;   ///< as said, or the scheme's; 0: not said
};

Server server_of(std::string_view url) {
  Server out;
  if (const auto scheme = url.find("://"); scheme != url.npos) {
    out.port = url.starts_with("https") ? 443 : 80;
    url.remove_prefix(scheme + 3);
    const auto end = std::min(url.find('/'), url.size());
    const auto authority = url.substr(0, end);
    url.remove_prefix(end);
    const auto colon = std::min(authority.find(':'), authority.size());
    out.host = authority.substr(0, colon);
    if (colon < authority.size())
      std::from_chars(authority.data() + colon + 1, authority.data() + authority.size(), out.port);
  }
  while (url.ends_with('/')) url.remove_suffix(1);
  out.base = url;
  return out;
}

/// "https://{host}/v{major}" with the defaults of its variables.
std::string filled_in(const Node& server) {
  std::string url(text(server, "url"));
  const Node* variables = server.find("variables");
  for (std::size_t i = 0; is_mapping(variables) && i < variables->size(); ++i) {
    const auto [name, variable] = variables->entry(i);
    const auto hole = "{" + name.text + "}";
    const auto at = url.find(hole);
    if (at != url.npos) url.replace(at, hole.size(), text(variable, "default"));
  }
  return url;
}

std::vector<Server> servers_of(const Node& from) {
  std::vector<Server> out;
  each(from, "servers[]", [&](const Place& server) { out.push_back(server_of(filled_in(server.node))); });
  if (from.find("swagger") != nullptr)
    out.push_back(
        server_of("http://" + std::string(text(from, "host")) + std::string(text(from, "basePath"))));
  return out;
}

bool is_local(std::string_view host) {
  return host.empty() || host == "localhost" || host.starts_with("127.") || host == "0.0.0.0";
}

/// Whether an outside name is led into the mesh by what the files say.
bool is_routed(const Estate& estate, std::string_view host) {
  bool found = false;
  const auto look = [&](std::string_view kind, std::string_view pattern) {
    for (const auto* resource : estate.of(kind))
      each(resource->root, pattern, [&](const Place& name) { found = found || name.node.text == host; });
  };
  look("VirtualService", "spec.hosts[]");
  look("HTTPRoute", "spec.hostnames[]");
  look("Ingress", "spec.rules[].host");
  return found;
}

/// The Service that is described, and below which base path its operations are.
struct Described {
  const Resource* service = nullptr;
  Server server;
  bool base_is_known = true;  ///< an ingress may take the base path of an outside name away
};

/// The only Service of that name, in whatever namespace.
const Resource* by_short_name(const Estate& estate, std::string_view name) {
  const Resource* found = nullptr;
  for (const auto* service : estate.of("Service")) {
    if (*service->name != name) continue;
    if (found != nullptr) return nullptr;
    found = service;
  }
  return found;
}

Described described(const Estate& estate, const Node& document, bool asked_for) {
  const auto servers = servers_of(document);
  for (const auto& server : servers) {
    const auto* service = service_by_dns(estate, server.host, "");
    if (service == nullptr && !server.host.empty()) service = by_short_name(estate, server.host);
    if (service != nullptr) return {service, server};
  }
  const auto& given_for = estate.settings().api_service;
  if (const auto* service = asked_for ? service_by_dns(estate, given_for, "") : nullptr; service != nullptr)
    return {service, servers.empty() ? Server{} : servers.front(),
            servers.empty() || servers.front().base.empty()};
  const auto& services = estate.of("Service");
  if (services.size() != 1) return {};
  if (servers.empty()) return {services.front(), {}};
  for (const auto& server : servers)
    if (is_local(server.host)) return {services.front(), server};
  for (const auto& server : servers)
    if (is_routed(estate, server.host)) return {services.front(), server, server.base.empty()};
  return {};
}

bool has_idempotency_key(const Node& item) {
  bool found = false;
  each(item, "parameters[].name", [&](const Place& name) {
    std::string low = name.node.text;
    std::transform(low.begin(), low.end(), low.begin(), [](unsigned char c) { return std::tolower(c); });
    found = found || low.find("idempotency-key") != low.npos;
  });
  return found;
}

Operation read_operation(const Resource& document, std::string_view path, const Node& key,
                         const Node& value) {
  Operation out;
  out.method = key.text;
  std::transform(out.method.begin(), out.method.end(), out.method.begin(),
                 [](unsigned char c) { return std::toupper(c); });
  out.document = &document;
  out.node = &key;
  out.field = "paths." + std::string(path) + "." + key.text;
  out.may_be_repeated = (out.method != "POST" && out.method != "PATCH") || has_idempotency_key(value);
  return out;
}

void read_item(const Resource& document, const Node& path, const Node& item, const Described& where,
               Api& api) {
  const auto own = servers_of(item);
  for (std::size_t i = 0; is_mapping(&item) && i < item.size(); ++i) {
    const auto [key, value] = item.entry(i);
    if (key.text == "$ref") api.complete = false;
    if (std::find(std::begin(kMethods), std::end(kMethods), key.text) == std::end(kMethods)) continue;
    auto out = read_operation(document, path.text, key, value);
    auto servers = servers_of(value);
    if (servers.empty()) servers = own;
    out.elsewhere = !servers.empty() && servers.front().port != where.server.port;
    out.path = (servers.empty() ? where.server.base : servers.front().base) + path.text;
    out.may_be_repeated = out.may_be_repeated || has_idempotency_key(item);
    out.shape = PathShape::openapi(where.base_is_known ? out.path : path.text, !where.base_is_known);
    api.operations.push_back(std::move(out));
  }
}

Resource as_resource(const Node& document) {
  Resource out;
  out.root = document;
  const Node* title = get(out.root, "info.title");
  const Node* version = out.root.find("openapi");
  if (version == nullptr) version = out.root.find("swagger");
  out.kind = {"OpenAPI", out.root.origin};
  if (version != nullptr) out.api_version = {version->text, version->origin};
  if (title != nullptr && title->is_scalar()) out.name = {title->text, title->origin};
  return out;
}

}  // namespace

Apis::Apis(const Estate& estate, const std::vector<Node>& among_files) {
  const auto& asked_for = estate.settings().apis;
  for (const auto* some : {&asked_for, &among_files})
    for (const auto& document : *some) documents_.push_back(as_resource(document));
  for (const auto& document : documents_) {
    const bool asked = static_cast<std::size_t>(&document - documents_.data()) < asked_for.size();
    const auto where = described(estate, document.root, asked);
    if (where.service == nullptr) {
      of_nobody_.push_back({&document, asked});
      continue;
    }
    const Node& paths = *document.root.find("paths");
    for (std::size_t i = 0; i < paths.size(); ++i)
      read_item(document, paths.entry(i).key, paths.entry(i).value, where, api_of(*where.service));
  }
}

Api& Apis::api_of(const Resource& service) {
  const auto [known, fresh] = by_service_.emplace(&service, all_.size());
  if (fresh) all_.push_back({&service, true, {}});
  return all_[known->second];
}

const Api* Apis::of(const Resource& service) const {
  const auto known = by_service_.find(&service);
  return known == by_service_.end() ? nullptr : &all_[known->second];
}

}  // namespace marty::rules
