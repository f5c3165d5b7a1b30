#include "monitoring/signals.hpp"

namespace marty::monitoring {

Signals signals(const mesh::PolicyFile& file, mesh::MeshKind mesh) {
  return mesh == mesh::MeshKind::kIstio ? istio_signals(file) : linkerd_signals(file);
}

}  // namespace marty::monitoring
