#include "cli/cluster_session.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>

#include "cli/local_session.hpp"
#include "cli/policy_source.hpp"
#include "dialect/manifests.hpp"
#include "local/disk_tree.hpp"
#include "rollout/plan.hpp"

namespace marty::cli {

Result<std::unique_ptr<ClusterSession>> ClusterSession::start(const World& world,
                                                              const Arguments& arguments) {
  std::unique_ptr<ClusterSession> session(new ClusterSession(world));
  auto loop = io::Loop::create();
  if (!loop) return std::move(loop.error());
  session->loop_ = std::move(*loop);
  auto signals = io::SignalWatch::start(*session->loop_, {SIGINT, SIGTERM, SIGHUP},
                                        [raw = session.get()](int number) { raw->signal_ = number; });
  if (!signals) return std::move(signals.error());
  session->signals_ = std::move(*signals);
  session->kubectl_ = std::make_unique<cluster::Kubectl>(
      *session->loop_, cluster::Choice{arguments.text(kContext), arguments.text(kKubeconfig)},
      [raw = session.get()] { return raw->interrupted(); });
  return session;
}

void ClusterSession::busy(const std::string& line) {
  if (!world_.terminal.err || (line.empty() && !busy_)) return;
  world_.err("\r\x1b[K" + line);
  busy_ = !line.empty();
}

void ClusterSession::say(const std::string& line) {
  busy("");
  world_.err(line + "\n");
}

bool ClusterSession::confirmed(const std::string& question) {
  busy("");
  world_.err(question + " [y/N] ");
  std::string line;
  bool ended = false;
  auto watch = loop_->watch(STDIN_FILENO, EPOLLIN, [&](std::uint32_t) {
    char block[256];
    const auto got = ::read(STDIN_FILENO, block, sizeof block);
    ended = got <= 0;
    if (got > 0) line.append(block, static_cast<std::size_t>(got));
  });
  if (!watch) return false;
  while (!ended && !interrupted() && line.find('\n') == line.npos) loop_->run_once(100ms);
  loop_->unwatch(STDIN_FILENO, *watch);
  return line == "y\n" || line == "yes\n" || line == "Y\n";
}

namespace {

bool is_name(std::string_view text) {
  const auto fine = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return !text.empty() && text.size() <= 40 && std::all_of(text.begin(), text.end(), fine) &&
         text.front() != '-' && text.back() != '-';
}

/// The manifests; an Error when they are not fit to be applied, after saying why.
Result<std::vector<manifest::Resource>> read(const World& world, const std::string& path,
                                             const std::string& ns, SourceMap& sources) {
  local::DiskTree disk;
  Diagnostics found;
  const std::string paths[] = {path};
  auto manifests = dialect::read_manifests(disk, paths, sources, found, ns);
  for (const auto& finding : found.all()) world.err(render(finding, sources));
  if (!manifests.complete || found.has_errors() || manifests.resources.empty())
    return Error{ErrorCode::kInput,
                 manifests.resources.empty()
                     ? fmt::format("no Kubernetes objects in {}", path)
                     : fmt::format("{} is not fit to be applied; nothing was asked of a cluster", path),
                 fmt::format("marty service-mesh validate {}", path)};
  return std::move(manifests.resources);
}

}  // namespace

Result<ClusterService> cluster_service(const World& world, const Arguments& arguments, SourceMap& sources) {
  ClusterService out;
  out.mesh = arguments.text(kMesh);
  out.name = arguments.text(kService);
  out.ns = arguments.text(kNamespace);
  std::string path = arguments.text(kManifests);
  auto folder = chosen_service(world, arguments);
  // With --manifests, the service needs no folder of its own: its name is enough.
  if (!folder && (path.empty() || out.name.empty())) return std::move(folder.error());
  if (folder) {
    SourceMap policy_sources;
    Diagnostics found;
    auto policy = read_policy(world, *folder, policy_sources, found);
    if (!policy) return std::move(policy.error());
    for (const auto& finding : found.all())
      if (finding.severity == Severity::kError) world.err(render(finding, policy_sources));
    if (!*policy || found.has_errors())
      return Error{
          ErrorCode::kInput, fmt::format("{} is not usable as it is", world.shown(folder->policy_file)), {}};
    const auto& file = **policy;
    out.name = *file.name;
    if (out.ns.empty()) out.ns = *file.ns;
    out.target_version = out.mesh == "istio" ? *file.target.istio : *file.target.linkerd;
    if (path.empty()) path = folder->overlay(out.mesh);
  }
  if (!is_name(out.name))
    return Error{ErrorCode::kInput, fmt::format("'{}' is no name of a service", out.name),
                 "it becomes a label: at most 40 small letters, digits and '-'"};
  if (out.ns.empty()) out.ns = "default";
  auto wanted = read(world, world.shown(world.resolve(path)), out.ns, sources);
  if (!wanted) return std::move(wanted.error());
  out.wanted = rollout::marked(std::move(*wanted), out.name);

  for (const Flag* flag : {&kService, &kFile, &kMesh, &kManifests, &kNamespace, &kContext, &kKubeconfig}) {
    if (!arguments.given(*flag)) continue;
    const auto names = split(flag->names, ',');
    out.words += fmt::format("{}{} {}", out.words.empty() ? "" : " ", names.back(), arguments.text(*flag));
  }
  return out;
}

}  // namespace marty::cli
