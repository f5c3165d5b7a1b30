#pragma once

#include "manifest/resource.hpp"
#include "mesh/model.hpp"

/// Telemetry (telemetry.istio.io), istio.md 1.10: what sidecars report. Read so that its mistakes are found;
/// the local mesh counts everything, logs on request and traces nothing.
namespace marty::dialect::istio {

void read_telemetry(const manifest::Resource&, mesh::Model&, Diagnostics&);

}  // namespace marty::dialect::istio
