#include <fmt/format.h>
#include <signal.h>

#include <filesystem>

#include "cli/command.hpp"
#include "cli/local_session.hpp"
#include "io/files.hpp"
#include "io/process.hpp"

namespace marty::cli::commands {
namespace {

constexpr Flag kReadyFile{Flag::Kind::kText, "--ready-file", "FILE",
                          "write addresses as JSON there once all pods are ready"};
constexpr Flag kCommand{Flag::Kind::kRest, "CMD", "",
                        "a client workload: runs inside the mesh, its exit status is ours"};

void print_map(LocalSession& session) {
  auto& mesh = session.mesh();
  std::string text = "The mesh is up.\n";
  if (!mesh.ingress_address().empty()) text += fmt::format("  ingress  http://{}\n", mesh.ingress_address());
  text += fmt::format("  client   HTTP_PROXY=http://{}\n  admin    http://{}\n", mesh.client_address(),
                      mesh.admin_address());
  for (const auto& pod : mesh.pods()) {
    const auto& plan = pod->plan();
    text += fmt::format("  pod      {:<28} {:<16} version {}\n", plan.instance.pod, plan.instance.ip,
                        plan.workload.label("version"));
  }
  text += "Ctrl-C ends it. Edit a manifest and it is in force at once.\n";
  session.world().err(text);
}

int run_command(LocalSession& session, const std::vector<std::string>& words) {
  const std::string proxy = "http://" + session.mesh().client_address();
  io::ProcessSpec spec;
  spec.argv = words;
  spec.input = io::ProcessSpec::Input::kInherit;
  spec.group = io::ProcessSpec::Group::kShared;
  for (const char* name : {"HTTP_PROXY", "http_proxy"}) spec.env.emplace_back(name, proxy);
  for (const char* name : {"NO_PROXY", "no_proxy"}) spec.env.emplace_back(name, "");
  int code = 0;
  bool ended = false;
  auto process = io::Process::spawn(session.loop(), spec, [&](Instant, io::ExitStatus status) {
    code = status.code;
    ended = true;
  });
  if (!process) return fail(session.world(), process.error());
  const Duration forever = std::chrono::hours(24 * 365);
  if (session.run_until([&] { return ended; }, forever)) return code;
  (*process)->terminate(2s);
  while (!ended) session.loop().run_once(50ms);
  return exit_code::kInterrupted;
}

/// Whoever waits for the file must not read that of an earlier run. Only a plain file is ever removed.
void forget_stale(const std::string& path) {
  std::error_code unreadable;
  if (std::filesystem::is_regular_file(std::filesystem::symlink_status(path, unreadable))) {
    std::filesystem::remove(path, unreadable);
  }
}

int run(const Arguments& arguments, World& world) {
  const std::string ready_file =
      arguments.text(kReadyFile).empty() ? "" : world.resolve(arguments.text(kReadyFile));
  forget_stale(ready_file);
  int code = exit_code::kClean;
  const auto session = LocalSession::start(world, arguments, code);
  if (session == nullptr) return code;
  if (!ready_file.empty()) {
    auto written = io::write_file_atomically(ready_file, session->mesh().ready_json());
    if (!written) return fail(world, written.error());
  }
  const auto& words = arguments.all(kCommand);
  if (!words.empty()) return run_command(*session, words);
  print_map(*session);
  session->run_until([] { return false; }, std::chrono::hours(24 * 365));
  return exit_code::kInterrupted;
}

constexpr const Flag* kFlags[] = {&kService, &kFile,      &kMesh,    &kManifests, &kLocal,
                                  &kAs,      &kReadyFile, &kVerbose, &kCommand};

}  // namespace

const Command up{
    .name = "up",
    .group = Group::kLocalMesh,
    .summary = "run the service behind real mTLS sidecars on this machine",
    .examples =
        "marty mesh up --service petstore-domain                      # until Ctrl-C\n"
        "marty mesh up --service petstore-domain -- curl -s "
        "http://petstore-domain-service.petstore-domain:8080/health\n"
        "marty mesh up --manifests ./k8s --local local.yaml           # anybody's service\n"
        "marty mesh up --service petstore-domain --as shop/stranger -- curl -si http://…   # as somebody "
        "else\n",
    .flags = kFlags,
    .run = run,
};

}  // namespace marty::cli::commands
