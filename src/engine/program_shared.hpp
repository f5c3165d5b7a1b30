#pragma once

#include "engine/program.hpp"

/// What compiling an outbound and an inbound program have in common.
namespace marty::engine {

inline constexpr const char* kRootNamespace = "istio-system";

/// "spiffe://cluster.local/ns/<ns>/sa/<account>".
std::string identity_of(const mesh::Workload&);
Self self_of(const mesh::Workload&, const Instance&);
/// Whether the Service sends to this workload. A Service without a selector has no endpoints of its own.
bool covers(const mesh::Service&, const mesh::Workload&);
std::uint16_t target_of(const mesh::ServicePort&);

/// The application itself, as the one endpoint of an inbound program. `service_port` becomes that of the
/// Service in front of it, if there is one.
Cluster application_cluster(const mesh::Model&, const Self&, std::uint16_t port, const Address& application,
                            std::uint16_t& service_port);
/// Registers a host under the names its clients use.
void add_names(Program&, const mesh::Service&, std::uint16_t port, std::uint32_t host);

/// Puts routes of one match each in the order in which the first that matches is the closest
/// (linkerd.md 3.6).
void sort_by_closeness(VirtualHost&);

// program_linkerd.cpp, program_linkerd_inbound.cpp
void compile_linkerd_outbound(const mesh::Model&, std::span<const Instance>, Program& into);
void compile_linkerd_inbound(const mesh::Model&, const Address& application, Program& into);

}  // namespace marty::engine
