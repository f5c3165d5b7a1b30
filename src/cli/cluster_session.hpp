#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/service.hpp"
#include "cli/world.hpp"
#include "cluster/kubectl.hpp"
#include "io/signals.hpp"
#include "manifest/resource.hpp"

namespace marty::cli {

inline constexpr Flag kContext{Flag::Kind::kText, "--context", "NAME", "the kubeconfig's context to use"};
inline constexpr Flag kKubeconfig{Flag::Kind::kText, "--kubeconfig", "FILE", "the kubeconfig to use"};
inline constexpr Flag kNamespace{Flag::Kind::kText, "-n,--namespace", "NAME",
                                 "for objects that name none, and for the record of what was applied"};

/// The loop, the signals and kubectl, as a command needs them that talks to a cluster.
class ClusterSession {
 public:
  static Result<std::unique_ptr<ClusterSession>> start(const World&, const Arguments&);
  ClusterSession(const ClusterSession&) = delete;

  cluster::Kubectl& kubectl() { return *kubectl_; }
  io::Loop& loop() { return *loop_; }
  bool interrupted() const { return signal_ != 0; }
  /// A line that the next one replaces, on a terminal only; empty: clears it.
  void busy(const std::string& line);
  /// A line that stays, on `err`.
  void say(const std::string& line);
  /// Asks on a terminal, for y or yes. False as well when interrupted.
  bool confirmed(const std::string& question);

 private:
  explicit ClusterSession(const World& world) : world_(world) {}
  const World& world_;
  std::unique_ptr<io::Loop> loop_;
  std::unique_ptr<io::SignalWatch> signals_;
  std::unique_ptr<cluster::Kubectl> kubectl_;
  int signal_ = 0;
  bool busy_ = false;
};

/// A service as the cluster commands see it: what is wanted of it, and for which mesh.
struct ClusterService {
  std::string name, ns, mesh;
  std::string target_version;              ///< of the mesh; empty: not said
  std::string words;                       ///< the flags that name it again: "--service pets --mesh istio"
  std::vector<manifest::Resource> wanted;  ///< marked as the service's
};

/// From --service or --file, --mesh, --manifests and --namespace. Findings in the manifests are said on
/// `err`. `sources` gets the files' texts.
Result<ClusterService> cluster_service(const World&, const Arguments&, SourceMap& sources);

}  // namespace marty::cli
