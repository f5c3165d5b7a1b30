#pragma once

#include <string>
#include <vector>

#include "core/diagnostic.hpp"
#include "engine/program.hpp"
#include "local/local_file.hpp"
#include "mesh/model.hpp"

/// Which pods a set of manifests has, and which loopback addresses they get. Nothing runs yet.
namespace marty::local {

/// One replica of a workload. Pods are 127.<net>.<1..100>.x, the applications behind their sidecars
/// 127.<net>.<101..200>.x: never 127.0.0.1, so ports are the real ones and nothing else listens there.
struct PodPlan {
  engine::Instance instance;
  mesh::Workload workload;               ///< a copy: pods outlive the model they were planned from
  const LocalWorkload* local = nullptr;  ///< null without a local file
  std::string app_host;                  ///< where the application listens on its own ports
  std::vector<std::uint16_t> ports;      ///< the workload's ports, each behind an inbound sidecar
  Address app(std::uint16_t port) const;
};

struct Topology {
  std::vector<PodPlan> pods;
  std::vector<engine::Instance> instances() const;
};

/// `net` is the second octet of every address, 1..254. Without a local file every workload gets its replicas
/// (for `why`); with one, a workload it does not name is a warning and does not run. At most 20 000 pods.
Topology plan(const mesh::Model& model, const LocalFile* local, unsigned net, Diagnostics& found);

/// What a proxy that acts for this pod says of itself.
engine::Self self_of(const PodPlan& pod);
/// A client or gateway that is no workload of the manifests.
engine::Self self_of(const std::string& ns, const std::string& service_account, const std::string& name,
                     const std::string& ip);

}  // namespace marty::local
