#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/local_session.hpp"
#include "http/client.hpp"

/// The demo as a story: steps that send real requests through the local mesh, show the decision chain behind
/// each answer, and check what they claim.
namespace marty::cli::demo {

class Story;

/// In whose story a step is told: of one mesh, or of both because both do the same.
enum class Of { kBoth, kIstio, kLinkerd };

/// One step: one file and one line in steps.inc.
struct Step {
  std::string_view title;
  std::string_view lesson;  ///< what to look for, two lines at most
  void (*run)(Story&);
  Of of = Of::kIstio;
};

/// Asks the reader to press Enter between steps, or not.
enum class Pace { kReader, kAutomatic };

using Headers = std::vector<std::pair<std::string, std::string>>;

class Story {
 public:
  Story(LocalSession& session, Pace pace);
  ~Story();

  /// Runs all steps and prints the summary; the exit code.
  int tell(std::span<const Step> steps);

  // ---- what steps use
  // ----------------------------------------------------------------------------------------------
  local::LocalMesh& mesh() { return session_.mesh(); }
  bool linkerd() const { return session_.mesh().kind() == mesh::MeshKind::kLinkerd; }
  /// A request through the client's sidecar (or that of `via`), not shown.
  http::ClientResponse get(const Headers& headers = {}, const std::string& via = {});
  /// Many at once, each on a connection of its own; in order of sending.
  std::vector<http::ClientResponse> burst(std::size_t count, const Headers& headers = {});
  /// Sends one and prints request, answer and decision chain.
  http::ClientResponse show(const Headers& headers = {}, const std::string& via = {});
  /// A request straight to an address, past the mesh.
  http::ClientResponse direct(const http::ClientRequest& request);
  /// Prints the chain of the newest decision of the client's sidecar for which `wanted` is true; false if
  /// there is none.
  bool show_decision(const std::function<bool(const telemetry::Decision&)>& wanted);
  /// The same of another sidecar, a pod's.
  bool show_decision_of(const local::Proxy&, const std::function<bool(const telemetry::Decision&)>& wanted);
  bool has_step(const telemetry::Decision& decision, telemetry::StepKind kind) const;

  void say(const std::string& line);
  /// A claim and whether it holds; the step fails with it.
  bool check(bool holds, const std::string& claim);
  /// Runs the mesh until `done`, at most `limit`, with `doing` shown on a terminal.
  bool wait(const std::function<bool()>& done, Duration limit, const std::string& doing);
  /// Makes a pod's application answer `status` to its next `count` requests (a test aid of the petstore).
  bool fail_pod(const local::Pod& pod, int status, unsigned count);
  const local::Pod* pod_of(std::string_view workload_suffix, std::size_t replica) const;
  const local::Pod* pod_named(std::string_view name) const;
  /// Sends requests until one is answered by that workload, and names the pod that its balancer will not pass
  /// over: the one that answered, or by response time the fastest. Null when none answers.
  const local::Pod* serving_pod(std::string_view workload_suffix);
  /// The pod that one step made fail, for later ones.
  std::string failing;
  /// The client's sidecar.
  engine::Engine& client() { return mesh().outbound(mesh().client_address())->sidecar->engine(); }
  /// Out of the client's load balancing: ejected, or behind an open breaker.
  bool ejected(std::string_view pod);

  static constexpr std::string_view kPath = "/api/petstore-domain/pets";

 private:
  http::ClientRequest request(const Headers& headers, const std::string& via) const;
  void print_chain(const engine::Engine& engine, const telemetry::Decision& decision, std::string_view who);
  bool pause_for_reader();
  std::string paint(std::string_view code, std::string_view text) const;

  LocalSession& session_;
  Pace pace_;
  std::unique_ptr<io::LoopTransport> transport_;
  std::unique_ptr<http::Client> http_;
  std::size_t checks_ = 0, failed_ = 0;
};

}  // namespace marty::cli::demo
