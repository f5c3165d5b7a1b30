#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "engine/explain.hpp"
#include "http/server.hpp"
#include "io/ca.hpp"
#include "io/file_watcher.hpp"
#include "io/loop.hpp"
#include "io/loop_transport.hpp"
#include "local/manifests.hpp"
#include "local/pod.hpp"
#include "proxy/sidecar.hpp"

namespace marty::local {

struct MeshOptions {
  std::string manifests;  ///< directory or file
  std::string local_file;
  std::string state_dir;  ///< exists; logs and stores of this run
  std::string ca_dir;     ///< the local CA, kept between runs
  std::string bin_dir;
  std::optional<std::pair<std::string, std::string>>
      client;                               ///< namespace and service account; overrides local.yaml
  std::optional<mesh::MeshKind> mesh_kind;  ///< unset: as the manifests say
  std::uint16_t admin_port = 15000;         ///< on 127.0.0.1; another free one if taken
};

/// One direction of one sidecar with its sockets.
struct Proxy {
  engine::Self self;
  std::unique_ptr<io::LoopTransport> transport;
  std::unique_ptr<proxy::Sidecar> sidecar;
  std::string address;             ///< "127.66.1.11:8080"
  std::uint16_t inbound_port = 0;  ///< 0: outbound
};

/// The mesh on this machine: pods as processes, each behind inbound and outbound sidecars that enforce the
/// manifests, a client sidecar for `up -- CMD`, an ingress and an admin page. Everything runs on one loop and
/// on loopback addresses. Editing a manifest swaps the program without losing a request; one that does not
/// decode is reported and the last good program stays.
class LocalMesh {
 public:
  using Tell = std::function<void(const std::string&)>;  ///< one line for people

  /// Reads, compiles, listens and starts the pods; `ready()` follows. Findings of the files go to `found`.
  static Result<std::unique_ptr<LocalMesh>> start(io::Loop& loop, MeshOptions options, Diagnostics& found,
                                                  SourceMap& sources, Tell tell);
  ~LocalMesh();

  bool ready() const;
  /// Why it will never be ready, if so.
  std::optional<Error> failure() const;
  /// Ends pods and sidecars; keep running the loop until stopped().
  void stop();
  bool stopped() const;

  /// An outbound sidecar for somebody who is no workload; answers its address ("127.66.0.11:15001").
  Result<std::string> add_client(const std::string& ns, const std::string& service_account);
  const std::string& client_address() const { return client_; }
  const std::string& ingress_address() const { return ingress_; }
  std::string admin_address() const;

  const std::vector<std::unique_ptr<Pod>>& pods() const { return pods_; }
  const std::vector<std::unique_ptr<Proxy>>& proxies() const { return proxies_; }
  Proxy* outbound(const std::string& address);
  const Manifests& manifests() const { return manifests_; }
  mesh::MeshKind kind() const { return manifests_.model.mesh_kind; }

  void reload(Instant now);
  /// One line per finished request of any sidecar.
  void log_access_to(std::function<void(std::string_view)> sink);
  /// What --ready-file gets: {"schema":"marty/v1","ingress":…,"proxy":…,"admin":…,"pods":[…]}.
  std::string ready_json() const;

 private:
  LocalMesh(io::Loop& loop, MeshOptions options, Tell tell);
  Status open();
  Status choose_net();
  Status open_pods();
  Status open_ingress();
  Status open_admin();
  Result<Proxy*> add_proxy(const engine::Self& self, const Address& listen, std::uint16_t inbound_port,
                           const Address& app, proxy::Settings settings, Security security);
  std::shared_ptr<const engine::Program> compile(const Proxy& proxy, const Address& app) const;
  Status give_identity(Proxy& proxy);
  void rotate(Instant now);

  io::Loop& loop_;
  MeshOptions options_;
  Tell tell_;
  Manifests manifests_;
  LocalFile local_;
  Topology topology_;
  std::unique_ptr<io::Ca> ca_;
  unsigned net_ = 0;
  unsigned clients_ = 0;
  std::uint64_t generation_ = 1;
  std::string client_, ingress_;
  Rng seed_;
  Duration wall_offset_;
  std::function<void(std::string_view)> access_;

  std::unique_ptr<io::LoopTransport> probe_transport_, admin_transport_;
  std::unique_ptr<http::Client> prober_;
  std::unique_ptr<http::Server> admin_;
  std::vector<std::unique_ptr<Pod>> pods_;
  std::vector<std::unique_ptr<Proxy>> proxies_;
  std::vector<Address> apps_;  ///< per proxy: the application behind an inbound one
  std::unique_ptr<io::FileWatcher> watcher_;
  io::CallbackAlarm rotation_;
};

}  // namespace marty::local
