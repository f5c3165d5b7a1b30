#include "cluster/wait.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cluster/objects.hpp"
#include "io/clock.hpp"
#include "rollout/kubectl_error.hpp"
#include "rollout/readiness.hpp"

namespace marty::cluster {

using rollout::Readiness;

namespace {

struct Standing {
  std::size_t ready = 0;
  bool failed = false;
  std::string waiting_for;  ///< the first that is not ready, with why
  Key key;
};

Standing judge(std::span<const Resource> objects, const std::map<Key, Resource>& live) {
  Standing out;
  for (const auto& object : objects) {
    const auto key = rollout::key_of(object);
    const auto found = live.find(key);
    const auto state = found == live.end() ? Readiness{Readiness::State::kFailed, "is gone"}
                                           : rollout::readiness(found->second);
    if (state.state == Readiness::State::kReady) {
      ++out.ready;
      continue;
    }
    const bool failed = state.state == Readiness::State::kFailed;
    if (out.waiting_for.empty() || (failed && !out.failed)) {
      out.waiting_for = fmt::format("{}: {}", shown(key), state.why);
      out.key = key;
    }
    out.failed = out.failed || failed;
  }
  return out;
}

}  // namespace

Result<std::string> wait_until_ready(Kubectl& kubectl, std::span<const Resource> objects, Instant deadline,
                                     const std::function<void(const std::string&)>& busy) {
  const auto began = io::now();
  std::string last = "the cluster did not answer";
  for (;;) {
    auto live = existing(kubectl, objects);
    if (!live) {
      if (live.error().code == ErrorCode::kInterrupted || !rollout::is_unreachable(live.error().text))
        return std::move(live.error());
      busy("waiting for the cluster to answer again");
    } else {
      const auto standing = judge(objects, *live);
      if (standing.ready == objects.size()) return std::string();
      const auto waited = std::chrono::duration_cast<std::chrono::seconds>(io::now() - began).count();
      busy(fmt::format("{} of {} ready after {} s; {}", standing.ready, objects.size(), waited,
                       standing.waiting_for));
      last = fmt::format("{} (more: {} -n {} describe {})", standing.waiting_for, kubectl.shown(),
                         standing.key.ns, rollout::kubectl_name(standing.key));
      if (standing.failed) return last;
    }
    if (io::now() >= deadline) return last + "; not ready in time";
    kubectl.pause(1s);
    if (kubectl.cancelled()) return interrupted();
  }
}

}  // namespace marty::cluster
