#pragma once

#include <functional>
#include <memory>
#include <string>

#include "cli/service.hpp"
#include "cli/world.hpp"
#include "io/loop.hpp"
#include "io/signals.hpp"
#include "local/local_mesh.hpp"

namespace marty::cli {

inline constexpr Flag kManifests{
    Flag::Kind::kText, "--manifests", "PATH",
    "a directory, kustomization or file of Kubernetes YAML instead of the service's overlay"};
inline constexpr Flag kLocal{Flag::Kind::kText, "--local", "FILE",
                             "how each Deployment runs on this machine"};
inline constexpr Flag kAs{Flag::Kind::kText, "--as", "NS/SA",
                          "the identity of the client; default: local.yaml's client"};
inline constexpr Flag kVerbose{Flag::Kind::kToggle, "-v,--verbose", "",
                               "print each request as an access log line"};

/// A local mesh as a command runs it: the loop, the signals, progress on the terminal, and a clean end
/// whatever happens. Made by `start`; `exit_code` says why when that failed.
class LocalSession {
 public:
  /// `default_service` is meant when the user names none. Null when the mesh did not come up; everything was
  /// said on `err`, nothing is left running.
  static std::unique_ptr<LocalSession> start(World& world, const Arguments& arguments, int& exit_code,
                                             const std::string& default_service = {});
  /// Stops pods and sidecars, waits for them, removes the state directory.
  ~LocalSession();

  io::Loop& loop() { return *loop_; }
  local::LocalMesh& mesh() { return *mesh_; }
  World& world() { return world_; }
  bool interrupted() const { return signal_ != 0; }
  /// Runs the loop until `done`, an interruption, or the deadline; true when `done`.
  bool run_until(const std::function<bool()>& done, Duration limit);

 private:
  explicit LocalSession(World& world) : world_(world) {}
  Status open(const Arguments& arguments, const std::string& default_service);
  Result<local::MeshOptions> options(const Arguments& arguments, const std::string& default_service);
  Status wait_until_ready();

  World& world_;
  std::string state_dir_;
  std::unique_ptr<io::Loop> loop_;
  std::unique_ptr<io::SignalWatch> signals_;
  std::unique_ptr<local::LocalMesh> mesh_;
  int signal_ = 0;
};

}  // namespace marty::cli
