#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "rules/admission.hpp"
#include "rules/comparison.hpp"

/// One service under two meshes: not what its overlays say is compared, but what sidecars that follow them do
/// with the same requests.
namespace marty::rules {

struct Question {
  std::string method = "GET", path = "/";
  std::vector<std::pair<std::string, std::string>> headers = {};
  /// "GET /pets with canary: true".
  std::string text() const;
};

/// What the sidecars of one overlay do.
class Answers {
 public:
  explicit Answers(const Estate&);

  const Estate& estate() const { return estate_; }
  /// Of a caller in the service's own namespace, for one of its ports; nullptr when it knows of no such host.
  const engine::VirtualHost* host(const mesh::Service&, std::uint16_t port) const;
  /// The share in percent of each group of workloads among which a route draws; empty when some share goes
  /// nowhere (or to a fault), so that nothing can be compared.
  std::map<std::string, double> shares(const mesh::Service&, const engine::ProgramRoute&) const;
  const InboundPrograms& doors() const { return doors_; }

 private:
  const engine::Program& outbound(const mesh::Service&) const;
  mesh::Model part(const mesh::Service&) const;

  const Estate& estate_;
  InboundPrograms doors_;
  std::map<std::string, const mesh::Service*> services_;              ///< by FQDN
  std::multimap<std::string, const mesh::RouteTable*> tables_;        ///< by host; "*": hosts with wildcards
  std::multimap<std::string, const mesh::DestinationPolicy*> rules_;  ///< by host
  mutable std::map<std::string, std::shared_ptr<const engine::Program>> outbound_;  ///< by FQDN
};

/// Two overlays of one service, for different meshes and otherwise meant to be the same.
struct Twins {
  const Side &istio, &linkerd;
  Answers under_istio, under_linkerd;
  Twins(const Side& i, const Side& l)
      : istio(i), linkerd(l), under_istio(i.estate), under_linkerd(l.estate) {}
};
/// The only overlay of each mesh; of several those whose names differ in the mesh's alone.
void each_twins(const Comparison&, const std::function<void(const Twins&)>& see);

/// A port of a Service that both overlays have; those that only monitoring calls are left out.
struct TwinPort {
  const Twins& twins;
  const mesh::Service &istio, &linkerd;
  std::uint16_t port;
  std::string name;  ///< "shop/web:80"
};
void each_port(const Twins&, const std::function<void(const TwinPort&)>& see);
/// Those of all twins.
void each_port(const Comparison&, const std::function<void(const TwinPort&)>& see);

/// The pods behind a port, and the programs that guard it under either mesh. Not for pods outside of the
/// mesh.
struct TwinDoor {
  const mesh::Workload& workload;
  std::shared_ptr<const engine::Program> istio, linkerd;
};
void each_door(const TwinPort&, const std::function<void(const TwinDoor&)>& see);

/// Calls `see` with the route of either side for every request that their routes tell apart, as far as
/// samples can: exact and prefix conditions. Not for routes that fail or delay on purpose.
void each_question(const TwinPort&,
                   const std::function<void(const Question&, const engine::ProgramRoute& istio,
                                            const engine::ProgramRoute& linkerd)>& see);

/// Says what differs: where Linkerd's overlay has it, else where Istio's has, with a note about the other
/// side.
Diagnostic& report_between(Report&, const TwinPort&, Origin istio, Origin linkerd, std::string message);

/// A text that a condition takes; empty for a regular expression.
std::string sample(const policy::StringMatch&);

}  // namespace marty::rules
