#include "dialect/istio/peer_authentication.hpp"

#include <fmt/format.h>

#include <charconv>

namespace marty::policy {

std::span<const manifest::Spelling> spellings(manifest::Tag<MtlsMode>) {
  using manifest::spell;
  static constexpr manifest::Spelling kAll[] = {
      spell("UNSET", MtlsMode::kUnset), spell("DISABLE", MtlsMode::kDisable),
      spell("PERMISSIVE", MtlsMode::kPermissive), spell("STRICT", MtlsMode::kStrict)};
  return kAll;
}

}  // namespace marty::policy

namespace marty::dialect::istio {

using namespace manifest;

namespace {

/// 0 when the text is no port.
std::uint16_t port_of(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() ? port : std::uint16_t{0};
}

void check(const PeerAuthentication& wire, const Node& node, Reader& reader) {
  for (const auto& [port, mode] : wire.port_level) {
    if (port_of(*port) != 0) continue;
    reader.error("invalid-value", {port.origin, static_cast<std::uint16_t>(port->size())},
                 fmt::format("'{}' is no port number (1 to 65535)", *port));
  }
  if (wire.port_level.empty() || (wire.selector && !wire.selector->match_labels.empty())) return;
  reader.error("conflicting-fields", node.find("portLevelMtls")->range(),
               "portLevelMtls needs a selector with labels: Istio ignores it for a whole namespace");
}

}  // namespace

const Table& fields(Tag<MutualTls>) {
  static const Fields<MutualTls> table{"MutualTLS", {field("mode", &MutualTls::mode)}};
  return table;
}

const Table& fields(Tag<PeerAuthentication>) {
  using P = PeerAuthentication;
  static const Fields<P> table{
      "PeerAuthentication.spec",
      {field("selector", &P::selector, "without it the whole namespace"), field("mtls", &P::mtls),
       field("portLevelMtls", &P::port_level, "by the workload's port, not the service's")},
      check};
  return table;
}

void read_peer_authentication(const Resource& resource, mesh::Model& model, Diagnostics& found) {
  Manifest<PeerAuthentication> wire;
  decode(resource.root, wire, resource.ref(), found);
  policy::MtlsPolicy policy;
  policy.ns = *resource.ns;
  policy.name = *resource.name;
  policy.origin = resource.name.origin;
  if (wire.spec.selector) policy.selector = wire.spec.selector->match_labels;
  if (wire.spec.mtls) policy.mode = wire.spec.mtls->mode;
  for (const auto& [port, mtls] : wire.spec.port_level) {
    if (const auto number = port_of(*port)) policy.ports[number] = mtls.mode;
  }
  model.mtls.push_back(std::move(policy));
}

PeerAuthentication from_model(const policy::MtlsPolicy& policy) {
  PeerAuthentication wire;
  if (!policy.selector.empty()) wire.selector = WorkloadSelector{policy.selector};
  if (*policy.mode != policy::MtlsMode::kUnset) wire.mtls = MutualTls{policy.mode};
  for (const auto& [port, mode] : policy.ports) wire.port_level.push_back({{std::to_string(port)}, {mode}});
  return wire;
}

}  // namespace marty::dialect::istio
