#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "io/loop.hpp"

namespace marty::cluster {

/// Which cluster, in kubectl's own words; empty: as the user's kubeconfig has it.
struct Choice {
  std::string context, kubeconfig;
};

/// The cluster, through the user's kubectl: so contexts, credential plug-ins and proxies are as they set them
/// up. Each call is one process, without a shell, with a limit in time and output.
class Kubectl {
 public:
  /// `cancelled` is asked while a call runs; then it is ended and its result is an Error (kInterrupted).
  Kubectl(io::Loop& loop, Choice choice, std::function<bool()> cancelled)
      : loop_(loop), choice_(std::move(choice)), cancelled_(std::move(cancelled)) {}

  struct Reply {
    bool succeeded = false;
    std::string out, err;
  };
  /// What kubectl answers, be it a refusal. An Error when it cannot be run, hangs or is cancelled.
  Result<Reply> ask(std::vector<std::string> words, std::string input = {});
  /// Its standard output. A refusal is an Error with what it means; `doing` begins its text.
  Result<std::string> run(std::string_view doing, std::vector<std::string> words, std::string input = {});

  /// As the user would type it: "kubectl --context prod".
  std::string shown() const;
  bool cancelled() const { return cancelled_ && cancelled_(); }
  /// Lets the loop turn for that long, or until cancelled.
  void pause(Duration) const;

 private:
  io::Loop& loop_;
  Choice choice_;
  std::function<bool()> cancelled_;
};

Error interrupted();

}  // namespace marty::cluster
