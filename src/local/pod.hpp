#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/result.hpp"
#include "http/client.hpp"
#include "io/loop.hpp"
#include "io/process.hpp"
#include "local/topology.hpp"

namespace marty::local {

/// What the commands of local.yaml may refer to.
struct PodSettings {
  std::string state_dir;  ///< $STATE: shared by all pods of this mesh
  std::string bin_dir;    ///< $BIN: where marty itself is
  std::string proxy_url;  ///< HTTP_PROXY of the application: its own outbound sidecar; empty: none
  std::string place;      ///< where the local file says how it runs: "local.yaml:18:7"
};

/// One pod's application as a process: started, probed until ready as a kubelet would, started again when it
/// ends. Applications that run elsewhere are only probed. Destroying it kills the process.
class Pod {
 public:
  /// `told` gets one line for people whenever something happens ("petstore-domain-v1-0 ended with signal 9").
  Pod(io::Loop& loop, http::Client& prober, const PodPlan& plan, PodSettings settings,
      std::function<void(const std::string&)> told);

  Status start();
  void stop(Duration grace);
  bool stopped() const { return process_ == nullptr || !process_->running(); }
  bool ready() const { return ready_; }
  /// Set when the application ended before it was ever ready: what it said last, and where its command is
  /// written.
  const std::optional<Error>& failure() const { return failure_; }

  const PodPlan& plan() const { return plan_; }
  int pid() const { return process_ && process_->running() ? static_cast<int>(process_->pid()) : 0; }
  unsigned restarts() const { return restarts_; }
  /// ":\n" and the end of what its processes printed; empty when they printed nothing.
  std::string last_words() const;
  void signal(int number) const;
  ~Pod();

 private:
  std::string expand(std::string word) const;
  Status spawn();
  void exited(Instant now, io::ExitStatus status);
  void probe(Instant now);

  io::Loop& loop_;
  http::Client& prober_;
  PodPlan plan_;
  PodSettings settings_;
  std::function<void(const std::string&)> told_;
  std::unique_ptr<io::Process> process_;
  io::CallbackAlarm alarm_;
  std::optional<Error> failure_;
  std::string log_file_;
  unsigned restarts_ = 0;
  bool ready_ = false, ever_ready_ = false, stopping_ = false, probing_ = false;
  std::shared_ptr<Pod*> self_;  ///< cleared on destruction: a probe may answer later
};

}  // namespace marty::local
