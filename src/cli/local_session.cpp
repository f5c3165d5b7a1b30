#include "cli/local_session.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>

#include "io/clock.hpp"
#include "io/files.hpp"

namespace marty::cli {
namespace {

constexpr Duration kReadyWithin = 30s;
constexpr Duration kStopWithin = 10s;

/// What the flags leave open or say wrongly; empty when they are fine.
std::string misuse(const Arguments& arguments) {
  if (arguments.given(kManifests) && !arguments.given(kLocal)) {
    return "--manifests needs --local: the manifests do not say how to run a Deployment on this machine\n"
           "  write a local.yaml with spec.workloads.<Deployment>.command, and name it with --local";
  }
  const std::string as = arguments.text(kAs);
  const auto slash = as.find('/');
  if (arguments.given(kAs) && (slash == as.npos || slash == 0 || slash + 1 == as.size())) {
    return "--as takes NAMESPACE/SERVICEACCOUNT, not '" + as + "'\n  for example --as shop/frontend";
  }
  return {};
}

/// Where the local CA stays between runs (XDG base directories).
std::string ca_directory(const World& world) {
  std::string base = world.env("XDG_STATE_HOME");
  if (base.empty()) base = world.env("HOME") + "/.local/state";
  return base + "/marty/ca";
}

Result<std::string> make_state_directory(const World& world) {
  std::string base = world.env("TMPDIR");
  std::string path = (base.empty() ? "/tmp" : base) + "/marty-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) {
    return Error{ErrorCode::kEnvironment, "no directory for this run's state can be made: " + path,
                 "set TMPDIR to a writable one"};
  }
  return path;
}

}  // namespace

std::unique_ptr<LocalSession> LocalSession::start(World& world, const Arguments& arguments, int& exit_code,
                                                  const std::string& default_service) {
  if (const auto problem = misuse(arguments); !problem.empty()) {
    exit_code = usage_error(world, problem);
    return nullptr;
  }
  std::unique_ptr<LocalSession> session(new LocalSession(world));
  if (auto opened = session->open(arguments, default_service); !opened) {
    exit_code = session->interrupted() ? exit_code::kInterrupted : fail(world, opened.error());
    return nullptr;
  }
  return session;
}

Result<local::MeshOptions> LocalSession::options(const Arguments& arguments,
                                                 const std::string& default_service) {
  local::MeshOptions options;
  if (arguments.given(kManifests)) {
    options.manifests = world_.shown(world_.resolve(arguments.text(kManifests)));
  } else {
    const bool named = arguments.given(kService) || arguments.given(kFile) || default_service.empty();
    auto service = named ? chosen_service(world_, arguments) : find_service(world_, default_service);
    if (!service) return std::move(service.error());
    options.manifests = world_.shown(service->overlay(arguments.text(kMesh)));
    options.local_file = world_.shown(service->local_file());
  }
  if (arguments.given(kLocal)) options.local_file = world_.shown(world_.resolve(arguments.text(kLocal)));
  if (arguments.given(kAs)) {
    const std::string as = arguments.text(kAs);
    const auto slash = as.find('/');
    options.client.emplace(as.substr(0, slash), as.substr(slash + 1));
  }
  if (arguments.given(kMesh)) options.mesh_kind = mesh_kind_named(arguments.text(kMesh));
  options.ca_dir = ca_directory(world_);
  options.bin_dir = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  return options;
}

Status LocalSession::open(const Arguments& arguments, const std::string& default_service) {
  auto options = this->options(arguments, default_service);
  if (!options) return std::move(options.error());
  auto state = make_state_directory(world_);
  if (!state) return std::move(state.error());
  options->state_dir = state_dir_ = *state;

  auto loop = io::Loop::create();
  if (!loop) return std::move(loop.error());
  loop_ = std::move(*loop);
  auto signals = io::SignalWatch::start(*loop_, {SIGINT, SIGTERM, SIGHUP, SIGPIPE},
                                        [this](int number) { signal_ = number; });
  if (!signals) return std::move(signals.error());
  signals_ = std::move(*signals);

  Diagnostics found;
  SourceMap sources;
  auto mesh =
      local::LocalMesh::start(*loop_, std::move(*options), found, sources,
                              [this](const std::string& line) { world_.err("marty: " + line + "\n"); });
  for (const auto& finding : found.all()) world_.err(render(finding, sources));
  if (!mesh) return std::move(mesh.error());
  mesh_ = std::move(*mesh);
  if (arguments.given(kVerbose)) {
    mesh_->log_access_to([this](std::string_view line) { world_.err(line); });
  }
  return wait_until_ready();
}

Status LocalSession::wait_until_ready() {
  const auto& pods = mesh_->pods();
  std::size_t shown = SIZE_MAX;
  const bool ready = run_until(
      [&] {
        const auto up = static_cast<std::size_t>(
            std::count_if(pods.begin(), pods.end(), [](const auto& p) { return p->ready(); }));
        if (up != shown && world_.terminal.err) {
          world_.err(fmt::format("\r\x1b[Kstarting pods: {} of {} ready", up, pods.size()));
          if (up == pods.size()) world_.err("\r\x1b[K");
        }
        shown = up;
        return mesh_->ready() || mesh_->failure().has_value();
      },
      kReadyWithin);
  if (auto failure = mesh_->failure()) return std::move(*failure);
  if (ready) return ok();
  if (interrupted()) return Error{ErrorCode::kInterrupted, "interrupted", ""};
  for (const auto& pod : pods) {
    if (pod->ready()) continue;
    return Error{
        ErrorCode::kInput,
        fmt::format("{} is not ready after 30 s{}", pod->plan().instance.pod, pod->last_words()),
        fmt::format("its readiness probe asks {} for {}", pod->plan().app(pod->plan().ports.front()).text,
                    pod->plan().workload.readiness_path)};
  }
  return ok();
}

bool LocalSession::run_until(const std::function<bool()>& done, Duration limit) {
  const Instant deadline = io::now() + limit;
  while (!done()) {
    const Instant now = io::now();
    if (interrupted() || now >= deadline) return false;
    loop_->run_once(std::min<Duration>(deadline - now, 100ms));
  }
  return true;
}

LocalSession::~LocalSession() {
  if (mesh_ != nullptr) {
    mesh_->stop();
    const Instant deadline = io::now() + kStopWithin;
    while (!mesh_->stopped() && io::now() < deadline) loop_->run_once(50ms);
    mesh_.reset();
  }
  std::error_code ignored;  // a left-over directory in the temporary folder harms nobody
  if (!state_dir_.empty()) std::filesystem::remove_all(state_dir_, ignored);
}

}  // namespace marty::cli
