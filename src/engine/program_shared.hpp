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

}  // namespace marty::engine
