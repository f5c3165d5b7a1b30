#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/program.hpp"
#include "rules/estate.hpp"

/// Whom a pod's sidecar lets in at a port, asked without sending anything.
namespace marty::rules {

/// A service account as "shop/web"; nobody in particular as kStranger (an identity of the mesh that no policy
/// names) or kNoIdentity (plaintext).
using Caller = std::string;
inline const Caller kStranger = "stranger/stranger", kNoIdentity;
/// "shop/web", "anybody else in the mesh", "callers without a certificate".
std::string called(const Caller&);

/// The programs of pods, compiled from what their namespace and the mesh say: the cost of one does not grow
/// with the estate.
class InboundPrograms {
 public:
  explicit InboundPrograms(const Estate&);
  std::shared_ptr<const engine::Program> at(const mesh::Workload&, std::uint16_t port) const;
  /// The workloads behind a service that have a sidecar.
  std::vector<const mesh::Workload*> behind(const mesh::Service&) const;

 private:
  void refer_to_authentications(const mesh::Model&);

  std::map<std::string, std::vector<const mesh::Workload*>>
      workloads_;                                     ///< by namespace, those with a sidecar
  mutable std::map<std::string, mesh::Model> parts_;  ///< by namespace; of its workloads the one asked about
};

class Admission {
 public:
  Admission(std::shared_ptr<const engine::Program> inbound, std::string trust_domain)
      : program_(std::move(inbound)), trust_domain_(std::move(trust_domain)) {}

  const engine::Program& program() const { return *program_; }
  /// Whether nothing but caller, method and path is asked for.
  bool predictable() const;
  /// Who is named, as far as one name is a sample of it; and the methods and paths that are told apart.
  std::set<Caller> callers() const;
  std::set<std::string> methods() const;
  std::set<std::string> paths() const;

  struct Answer {
    bool in = false;
    Origin origin;                ///< of what lets in, or of what refuses
    bool needs_identity = false;  ///< refused because mutual TLS is required, before any policy is asked
  };
  Answer ask(const Caller&, const std::string& method, const std::string& path) const;

 private:
  Answer ask_as(std::string_view trust_domain, const Caller&, const std::string& method,
                const std::string& path) const;

  std::shared_ptr<const engine::Program> program_;
  std::string trust_domain_;
};

/// Where two doors to the same port differ.
struct Difference {
  Caller caller;
  std::string method, path;  ///< the first request that is
  Admission::Answer first, second;
  std::size_t more = 0;  ///< requests beside it
};
/// One for each caller at most: what strangers may do as well is said of them alone. Requests that `skip`
/// takes are not asked.
std::vector<Difference> differences(const Admission& first, const Admission& second,
                                    const std::function<bool(const Caller&, const std::string& path)>& skip);

}  // namespace marty::rules
