#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "cli/command.hpp"
#include "cli/forecast.hpp"
#include "cli/local_session.hpp"
#include "cli/policy_source.hpp"
#include "local/manifests.hpp"
#include "local/topology.hpp"
#include "policy/path_normalize.hpp"

namespace marty::cli {

namespace {

constexpr Flag kMethod{Flag::Kind::kPositional, "METHOD", "", "GET, POST, …"};
constexpr Flag kUrl{Flag::Kind::kPositional, "URL", "",
                    "http://service.namespace:port/path, or /path of the service"};
constexpr Flag kHeader{Flag::Kind::kRepeated, "-H,--header", "'name: value'", "a header of the request"};
constexpr Flag kFrom{Flag::Kind::kText, "--from", "NS/SA",
                     "who asks; SA alone is in the service's namespace [local.yaml's client]"};
constexpr Flag kFormat{Flag::Kind::kText, "-o,--output", "FORMAT", "how to print it", "table|json", "table"};
constexpr const Flag* kFlags[] = {&kMethod, &kUrl,       &kHeader, &kFrom, &kService,
                                  &kFile,   &kManifests, &kLocal,  &kMesh, &kFormat};

/// Everything the answer is made from.
struct Question {
  std::shared_ptr<SourceMap> sources = std::make_shared<SourceMap>();
  Diagnostics found;
  std::optional<mesh::PolicyFile> policy;  ///< with --service or --file
  mesh::Model model;
  std::optional<local::LocalFile> local;
};

bool exists(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

Error not_usable(const World& world, const Question& question) {
  for (const auto& finding : question.found.all())
    if (finding.severity == Severity::kError) world.err(render(finding, *question.sources));
  return {ErrorCode::kInput, "these files have errors, so what a mesh would do is not known",
          "marty service-mesh validate shows them all"};
}

Status read_manifests(const Arguments& arguments, const World& world, Question& question) {
  auto manifests = arguments.text(kManifests);
  auto local = arguments.text(kLocal);
  if (arguments.given(kService) || arguments.given(kFile)) {
    auto service = chosen_service(world, arguments);
    if (!service) return std::move(service.error());
    auto policy = read_policy(world, *service, *question.sources, question.found);
    if (!policy) return std::move(policy.error());
    question.policy = std::move(*policy);
    if (manifests.empty()) manifests = world.shown(service->overlay(arguments.text(kMesh)));
    if (local.empty() && exists(service->local_file())) local = world.shown(service->local_file());
    if (!exists(manifests))
      return Error{ErrorCode::kInput, fmt::format("{}: not there", manifests),
                   "marty service-mesh generate-overlay writes it from mesh.yaml"};
  }
  std::optional<mesh::MeshKind> mesh_kind;
  if (arguments.given(kMesh)) mesh_kind = mesh_kind_named(arguments.text(kMesh));
  auto loaded = local::load_manifests(manifests, question.found, *question.sources, mesh_kind);
  if (!loaded) return std::move(loaded.error());
  question.model = std::move(loaded->model);
  if (!local.empty()) {
    auto file = local::load_local_file(local, question.found, *question.sources);
    if (!file) return std::move(file.error());
    question.local = std::move(*file);
  }
  if (question.found.has_errors()) return not_usable(world, question);
  return ok();
}

/// "service.namespace:port" for a URL that is only a path: the service asked about, or the only one there is.
std::optional<std::string> own_authority(const Question& question) {
  if (question.policy) {
    const auto& service = question.policy->service;
    return fmt::format("{}.{}:{}", *service.name, *question.policy->ns, *service.port);
  }
  if (question.local && question.local->ingress) return *question.local->ingress->service;
  const auto& services = question.model.services;
  if (services.size() != 1 || services[0].ports.empty()) return {};
  return fmt::format("{}.{}:{}", services[0].name, services[0].ns, services[0].ports[0].port);
}

struct Target {
  std::string authority, path;
  std::uint16_t port = 80;
};

Result<Target> read_url(std::string_view url, const Question& question) {
  Target target;
  if (url.starts_with('/')) {
    auto own = own_authority(question);
    if (!own)
      return Error{ErrorCode::kInput, fmt::format("'{}' does not say which service", url),
                   "give the whole URL: http://service.namespace:port/path"};
    target.authority = std::move(*own);
  } else {
    constexpr std::string_view kHttp = "http://";
    if (url.starts_with(kHttp)) url.remove_prefix(kHttp.size());
    target.authority = url.substr(0, url.find('/'));
    url.remove_prefix(target.authority.size());
  }
  std::string storage;
  const auto path = policy::normalize_path(url.empty() ? "/" : url.substr(0, url.find('#')), storage);
  if (target.authority.empty() || target.authority.find("://") != std::string::npos || !path)
    return Error{ErrorCode::kInput, "this URL is not one that can be asked about",
                 "such as http://petstore-domain-service.petstore-domain:8080/api/petstore-domain/pets"};
  target.path = *path;
  const auto colon = target.authority.rfind(':');
  if (colon == std::string::npos) return target;
  const auto digits = std::string_view(target.authority).substr(colon + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), target.port);
  if (error != std::errc() || end != digits.data() + digits.size() || target.port == 0)
    return Error{ErrorCode::kInput, fmt::format("'{}' is no port", digits), {}};
  return target;
}

std::optional<std::vector<std::pair<std::string, std::string>>> read_headers(
    const std::vector<std::string>& lines) {
  std::vector<std::pair<std::string, std::string>> headers;
  for (const auto& line : lines) {
    const auto colon = line.find(':');
    if (colon == std::string::npos || colon == 0) return {};
    auto name = line.substr(0, colon);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
    const auto start = std::min(line.find_first_not_of(" \t", colon + 1), line.size());
    const auto stop = line.find_last_not_of(" \t") + 1;
    headers.emplace_back(std::move(name), stop > start ? line.substr(start, stop - start) : std::string());
  }
  return headers;
}

engine::Self client(const Arguments& arguments, const Question& question) {
  std::string ns = "default", account = "default";
  if (question.local && question.local->client) {
    ns = *question.local->client->ns;
    account = *question.local->client->service_account;
  }
  if (const auto from = arguments.text(kFrom); !from.empty()) {
    const auto slash = from.find('/');
    if (slash != std::string::npos)
      ns = from.substr(0, slash);
    else if (question.policy)
      ns = *question.policy->ns;
    account = from.substr(slash == std::string::npos ? 0 : slash + 1);
  }
  return local::self_of(ns, account, "client", "127.1.0.11");
}

engine::Forecast ask(Question& question, const engine::Self& self, const policy::RequestView& request) {
  constexpr unsigned kNet = 1;  // no socket will ever have these addresses
  const auto topology = local::plan(question.model, nullptr, kNet, question.found);
  const auto instances = topology.instances();
  const auto outbound = engine::compile_outbound(question.model, self, instances, question.sources, 1);
  std::vector<std::shared_ptr<const engine::Program>> inbound;
  for (const auto& pod : topology.pods)
    for (const auto port : pod.ports)
      inbound.push_back(engine::compile_inbound(question.model, local::self_of(pod), port, pod.app(port),
                                                question.sources, 1));
  return engine::forecast(*outbound, inbound, request);
}

int why(const Arguments& arguments, World& world) {
  if (!arguments.given(kService) && !arguments.given(kFile) && !arguments.given(kManifests))
    return usage_error(world, "why needs --service NAME, --file FILE or --manifests PATH");
  const auto from = arguments.text(kFrom);
  if (arguments.given(kFrom) && (from.empty() || from.front() == '/' || from.back() == '/'))
    return usage_error(world, "--from takes NAMESPACE/SERVICEACCOUNT or SERVICEACCOUNT");
  const auto headers = read_headers(arguments.all(kHeader));
  if (!headers) return usage_error(world, "a header is written -H 'name: value'");
  Question question;
  if (auto status = read_manifests(arguments, world, question); !status) return fail(world, status.error());
  auto target = read_url(arguments.text(kUrl), question);
  if (!target) return usage_error(world, fmt::format("{}; {}", target.error().text, target.error().next));

  const auto self = client(arguments, question);
  Foretold told{arguments.text(kMethod), target->authority, target->path, *headers, self.identity(), {}};
  std::vector<Header> views;
  for (const auto& [name, value] : told.headers) views.push_back({name, value});
  const policy::RequestView request{.method = told.method,
                                    .path = told.path,
                                    .authority = told.authority,
                                    .headers = views,
                                    .peer_identity = told.identity,
                                    .peer_ip = self.ip,
                                    .port = target->port};
  told.forecast = ask(question, self, request);
  world.out(arguments.text(kFormat) == "json" ? forecast_json(told, *question.sources)
                                              : forecast_table(told, world.color));
  return told.refused_with() ? exit_code::kFindings : exit_code::kClean;
}

}  // namespace

namespace commands {
constexpr Command why{
    "why",
    Group::kLocalMesh,
    "which lines decide what becomes of a request, without sending it",
    "marty service-mesh why GET /api/petstore-domain/pets --service petstore-domain\n"
    "marty service-mesh why GET /api/petstore-domain/pets --service petstore-domain -H 'canary: true'\n"
    "marty service-mesh why DELETE /api/petstore-domain/pets/1 --service petstore-domain --from "
    "shop/stranger\n"
    "marty service-mesh why GET http://web.shop:8080/ --manifests ./k8s -o json # anybody's manifests\n",
    kFlags,
    cli::why};
}  // namespace commands

}  // namespace marty::cli
