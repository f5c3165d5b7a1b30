#include "cluster/kubectl.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "io/capture.hpp"
#include "io/clock.hpp"
#include "rollout/kubectl_error.hpp"

namespace marty::cluster {
namespace {

// A server that takes a request and never answers must not hold us for ever. kubectl makes several requests
// per call, so its own limit comes first and names the one at fault.
constexpr const char* kRequestTimeout = "--request-timeout=30s";
constexpr Duration kCallLimit = 120s;

}  // namespace

Error interrupted() { return {ErrorCode::kInterrupted, "interrupted", {}}; }

std::string Kubectl::shown() const {
  std::string out = "kubectl";
  if (!choice_.context.empty()) out += " --context " + choice_.context;
  if (!choice_.kubeconfig.empty()) out += " --kubeconfig " + choice_.kubeconfig;
  return out;
}

void Kubectl::pause(Duration how_long) const {
  const Instant until = io::now() + how_long;
  for (Instant now = io::now(); now < until && !cancelled(); now = io::now())
    loop_.run_once(std::min<Duration>(until - now, 100ms));
}

Result<Kubectl::Reply> Kubectl::ask(std::vector<std::string> words, std::string input) {
  if (cancelled()) return interrupted();
  io::CaptureSpec spec;
  spec.argv = {"kubectl"};
  std::move(words.begin(), words.end(), std::back_inserter(spec.argv));
  if (!choice_.context.empty()) spec.argv.push_back("--context=" + choice_.context);
  if (!choice_.kubeconfig.empty()) spec.argv.push_back("--kubeconfig=" + choice_.kubeconfig);
  spec.argv.emplace_back(kRequestTimeout);
  spec.input = std::move(input);
  spec.limit = kCallLimit;
  spec.cancelled = cancelled_;
  auto captured = io::capture(loop_, spec);
  if (!captured)
    return Error{
        ErrorCode::kEnvironment, std::move(captured.error().text),
        "clusters are reached through kubectl: install it (https://kubernetes.io/docs/tasks/tools), or "
        "put it into PATH"};
  switch (captured->end) {
    case io::Captured::End::kCancelled:
      return interrupted();
    case io::Captured::End::kTimedOut:
      return Error{ErrorCode::kEnvironment,
                   fmt::format("kubectl {} takes more than {} s", spec.argv[1],
                               std::chrono::duration_cast<std::chrono::seconds>(kCallLimit).count()),
                   fmt::format("does the cluster answer? {} get --raw /readyz", shown())};
    case io::Captured::End::kTooMuchOutput:
      return Error{
          ErrorCode::kEnvironment, fmt::format("kubectl {} says more than we can hold", spec.argv[1]), {}};
    case io::Captured::End::kExited:
      break;
  }
  return Reply{captured->status.code == 0, std::move(captured->out), std::move(captured->err)};
}

Result<std::string> Kubectl::run(std::string_view doing, std::vector<std::string> words, std::string input) {
  auto reply = ask(std::move(words), std::move(input));
  if (!reply) return std::move(reply.error());
  if (reply->succeeded) return std::move(reply->out);
  return rollout::kubectl_error(doing, reply->err);
}

}  // namespace marty::cluster
