#include "rules/calls.hpp"

#include <charconv>

namespace marty::rules {

namespace {

struct Address {
  std::string_view host;
  std::int64_t port = 0;
};

/// What a text says when it is an address; an empty host when it is none.
Address address_in(std::string_view text) {
  const auto scheme = text.find("://");
  const bool url = scheme != text.npos;
  if (url) text.remove_prefix(scheme + 3);
  const auto end = text.substr(0, text.find_first_of("/?"));
  const auto colon = end.find(':');
  if (!url && colon == end.npos) return {};
  Address out{end.substr(0, colon), 0};
  if (colon != end.npos) {
    const auto digits = end.substr(colon + 1);
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), out.port);
    if (read.ec != std::errc() || read.ptr != digits.data() + digits.size()) return {};
  }
  return out;
}

}  // namespace

const Resource* service_by_dns(const Estate& estate, std::string_view host, std::string_view ns) {
  const auto dot = host.find('.');
  if (dot == host.npos) return estate.find("Service", ns, host);
  const auto rest = host.substr(dot + 1);
  const auto end = rest.find('.');
  if (end != rest.npos && rest.substr(end) != ".svc" && rest.substr(end) != ".svc.cluster.local")
    return nullptr;
  return estate.find("Service", rest.substr(0, end), host.substr(0, dot));
}

Calls::Calls(const Estate& estate) {
  look(estate, {"containers[].env[].value", "containers[].args[]", "containers[].command[]"}, running_);
  look(estate, {"initContainers[].env[].value", "initContainers[].args[]", "initContainers[].command[]"},
       starting_);
}

void Calls::look(const Estate& estate, std::initializer_list<Way> ways, std::vector<Said>& into) {
  each(estate.pods(), ways, [&](const Pods& pods, const Place& place) {
    auto [host, port] = address_in(place.node.text);
    if (host.empty()) return;
    const auto* service = service_by_dns(estate, host, pods.ns());
    if (service == nullptr) return;
    if (port == 0 && place.node.text.starts_with("http://")) port = 80;
    if (port == 0 && place.node.text.starts_with("https://")) port = 443;
    into.push_back({&pods, service, port, &place.node, place.path});
  });
}

void Calls::tell(const std::vector<Said>& all, const std::function<void(const Call&)>& see) {
  for (const auto& one : all) {
    const Place place{*one.node, one.path};
    see({*one.from, *one.service, one.port, place});
  }
}

void each_call(const Estate& estate, const std::function<void(const Call&)>& see) {
  Calls::tell(estate.calls().running_, see);
}

void each_call_at_start(const Estate& estate, const std::function<void(const Call&)>& see) {
  Calls::tell(estate.calls().starting_, see);
}

}  // namespace marty::rules
