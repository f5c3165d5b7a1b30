#include "dialect/linkerd/server.hpp"

#include <fmt/format.h>

#include "dialect/names.hpp"

namespace marty::dialect::linkerd {

using namespace manifest;
using Protocol = Server::Protocol;

namespace {

void check(const Server& server, const Node& node, Reader& reader) {
  if (!server.pod_selector && !server.external_workload_selector)
    reader.error("missing-field", node.range(),
                 "a Server needs podSelector; {} selects every pod of the namespace");
  if (const auto& name = server.port->text; !name.empty() && !is_dns_label(name))
    reader.error("invalid-value", node.find("port")->range(),
                 fmt::format("'{}' is no name of a container port, such as http", name));
}

}  // namespace

std::span<const Spelling> spellings(Tag<Protocol>) {
  static constexpr Spelling kAll[] = {spell("unknown", Protocol::kUnknown), spell("HTTP/1", Protocol::kHttp1),
                                      spell("HTTP/2", Protocol::kHttp2),    spell("gRPC", Protocol::kGrpc),
                                      spell("opaque", Protocol::kOpaque),   spell("TLS", Protocol::kTls)};
  return kAll;
}

const Table& fields(Tag<Server>) {
  using S = Server;
  static const Fields<S> table{
      "Server.spec",
      {field("podSelector", &S::pod_selector, OneOf{"selector"}, "pods of this namespace"),
       field("externalWorkloadSelector", &S::external_workload_selector, OneOf{"selector"}),
       field("port", &S::port, kRequired, kPort, "the pod's port, by number or container port name"),
       field("proxyProtocol", &S::proxy_protocol, "unknown: found out from the first bytes, within 10s"),
       field("accessPolicy", &S::access_policy, "who may besides those authorized; deny: nobody")},
      check};
  return table;
}

Manifest<Server> decode_server(const Resource& resource, Diagnostics& found) {
  auto wire = decoded<Server>(resource, found);
  const auto version = resource.version();
  const auto refuse = [&](bool written, Origin origin, std::string_view field, std::string_view since) {
    if (!written) return;
    auto& finding = found.error("unknown-field", {origin, 0},
                                fmt::format("{} of {} has no '{}': it came with {}", *resource.kind,
                                            *resource.api_version, field, since));
    finding.object = resource.ref();
  };
  if (version != "v1beta3")
    refuse(wire.spec.access_policy.written(), wire.spec.access_policy.origin, "accessPolicy", "v1beta3");
  if (version == "v1beta1" || version == "v1alpha1") {
    const auto& external = wire.spec.external_workload_selector;
    refuse(external.has_value(), external ? external->origin : Origin{}, "externalWorkloadSelector",
           "v1beta2");
  }
  return wire;
}

}  // namespace marty::dialect::linkerd
