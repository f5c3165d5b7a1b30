#include "local/local_mesh.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "io/clock.hpp"
#include "io/entropy.hpp"
#include "io/files.hpp"
#include "local/admin.hpp"

namespace marty::local {
namespace {

constexpr ListenerId kListener{1};
constexpr unsigned kFirstNet = 66,
                   kLastNet = 125;  ///< 127.66.0.0/16 and up: one per mesh that runs at a time
/// As in an Istio sidecar; under Linkerd too, as its address is the claim on a net.
constexpr std::uint16_t kOutboundPort = 15001;
constexpr Duration kCertificateLifetime = std::chrono::hours(1);
constexpr Duration kStopGrace = 5s;

}  // namespace

LocalMesh::LocalMesh(io::Loop& loop, MeshOptions options, Tell tell)
    : loop_(loop),
      options_(std::move(options)),
      tell_(std::move(tell)),
      seed_(io::random_seed()),
      wall_offset_(Duration{io::wall_now().ns - io::now().ns}),
      rotation_([this](Instant now) { rotate(now); }) {}

LocalMesh::~LocalMesh() { loop_.disarm(rotation_); }

Result<std::unique_ptr<LocalMesh>> LocalMesh::start(io::Loop& loop, MeshOptions options, Diagnostics& found,
                                                    SourceMap& sources, Tell tell) {
  std::unique_ptr<LocalMesh> mesh(new LocalMesh(loop, std::move(options), std::move(tell)));
  auto manifests = load_manifests(mesh->options_.manifests, found, sources, mesh->options_.mesh_kind);
  if (!manifests) return std::move(manifests.error());
  auto local = load_local_file(mesh->options_.local_file, found, sources);
  if (!local) return std::move(local.error());
  mesh->manifests_ = std::move(*manifests);
  mesh->local_ = std::move(*local);
  mesh->manifests_.sources = std::make_shared<SourceMap>(sources);
  mesh->topology_ = plan(mesh->manifests_.model, &mesh->local_, kFirstNet, found);
  if (found.has_errors())
    return Error{ErrorCode::kInput, "these files have errors", "mend them and run this again"};
  if (mesh->topology_.pods.empty()) {
    return Error{ErrorCode::kInput,
                 "there is nothing to run: no Deployment of the manifests is named in the local file",
                 "name one under spec.workloads of " + mesh->options_.local_file};
  }
  MARTY_TRY(mesh->open());
  return mesh;
}

Status LocalMesh::open() {
  auto ca = io::Ca::create_or_load(options_.ca_dir, "cluster.local", io::wall_now());
  if (!ca) return std::move(ca.error());
  ca_ = std::move(*ca);
  probe_transport_ = loop_.new_transport();
  prober_ = std::make_unique<http::Client>(*probe_transport_);
  probe_transport_->bind(*prober_);

  MARTY_TRY(choose_net());
  MARTY_TRY(open_pods());
  MARTY_TRY(open_ingress());
  MARTY_TRY(open_admin());
  for (auto& pod : pods_) MARTY_TRY(pod->start());
  auto watcher = io::FileWatcher::start(
      loop_, manifests_.directories, [this](Instant now, const std::vector<std::string>&) { reload(now); });
  if (!watcher) return std::move(watcher.error());
  watcher_ = std::move(*watcher);
  loop_.arm(rotation_, io::now() + kCertificateLifetime / 2);
  return ok();
}

/// The client's outbound sidecar doubles as the claim on a 127.<net>.0.0/16: its address can be bound only
/// once.
Status LocalMesh::choose_net() {
  std::string ns = "default", account = "default";
  if (options_.client) {
    std::tie(ns, account) = *options_.client;
  } else if (local_.client) {
    ns = *local_.client->ns;
    account = *local_.client->service_account;
  }
  Error last;
  for (net_ = kFirstNet; net_ <= kLastNet; ++net_) {
    Diagnostics repeated;
    topology_ = plan(manifests_.model, &local_, net_, repeated);
    auto added = add_client(ns, account);
    if (added) {
      client_ = *added;
      return ok();
    }
    last = std::move(added.error());
    clients_ = 0;
  }
  return std::move(last).within("looking for free loopback addresses (127.66.0.0 to 127.125.255.255)");
}

Result<std::string> LocalMesh::add_client(const std::string& ns, const std::string& service_account) {
  const auto ip = fmt::format("127.{}.0.{}", net_, 10 + clients_++);
  auto proxy = add_proxy(self_of(ns, service_account, service_account, ip),
                         {fmt::format("{}:{}", ip, kOutboundPort)}, 0, {}, {}, Security::kPlaintext);
  if (!proxy) return std::move(proxy.error());
  return (*proxy)->address;
}

Status LocalMesh::open_pods() {
  for (const auto& plan : topology_.pods) {
    // An application that runs elsewhere, or without a sidecar, has nobody to send its requests through.
    std::string proxy_url;
    if (plan.instance.sidecar && !plan.local->command.empty()) {
      auto outbound = add_proxy(self_of(plan), {fmt::format("{}:{}", plan.app_host, kOutboundPort)}, 0, {},
                                {}, Security::kPlaintext);
      if (!outbound) return std::move(outbound.error());
      proxy_url = "http://" + (*outbound)->address;
    }
    for (const auto port : plan.instance.sidecar ? plan.ports : std::vector<std::uint16_t>{}) {
      auto inbound = add_proxy(self_of(plan), {fmt::format("{}:{}", plan.instance.ip, port)}, port,
                               plan.app(port), {}, Security::kPermissive);
      if (!inbound) return std::move(inbound.error());
    }
    pods_.push_back(std::make_unique<Pod>(loop_, *prober_, plan,
                                          PodSettings{options_.state_dir, options_.bin_dir, proxy_url,
                                                      manifests_.sources->describe(plan.local->origin)},
                                          tell_));
  }
  return ok();
}

Status LocalMesh::open_ingress() {
  if (!local_.ingress) return ok();
  const auto& ingress = *local_.ingress;
  proxy::Settings settings;
  settings.fallback_authority = *ingress.service;
  const bool other = kind() == mesh::MeshKind::kLinkerd && ingress.linkerd;
  const Caller who = other ? *ingress.linkerd : Caller{ingress.ns, ingress.service_account};
  auto proxy = add_proxy(self_of(*who.ns, *who.service_account, "ingress", fmt::format("127.{}.0.9", net_)),
                         {fmt::format("127.0.0.1:{}", *ingress.port)}, 0, {}, settings, Security::kPlaintext);
  if (!proxy) {
    const Origin said = ingress.port.written() ? ingress.port.origin : ingress.origin;
    return std::move(proxy.error()).within(manifests_.sources->describe(said) + ": the ingress");
  }
  ingress_ = (*proxy)->address;
  return ok();
}

Status LocalMesh::open_admin() {
  admin_transport_ = loop_.new_transport();
  admin_ = std::make_unique<http::Server>(*admin_transport_, admin_handler(*this));
  admin_transport_->bind(*admin_);
  const Address preferred{fmt::format("127.0.0.1:{}", options_.admin_port)};
  if (admin_transport_->listen(kListener, preferred, Security::kPlaintext)) return ok();
  return admin_transport_->listen(kListener, {"127.0.0.1:0"}, Security::kPlaintext);
}

std::string LocalMesh::admin_address() const { return admin_transport_->bound_address(kListener).text; }

std::shared_ptr<const engine::Program> LocalMesh::compile(const Proxy& proxy, const Address& app) const {
  if (proxy.inbound_port != 0) {
    return engine::compile_inbound(manifests_.model, proxy.self, proxy.inbound_port, app, manifests_.sources,
                                   generation_);
  }
  const auto instances = topology_.instances();
  return engine::compile_outbound(manifests_.model, proxy.self, instances, manifests_.sources, generation_);
}

Result<Proxy*> LocalMesh::add_proxy(const engine::Self& self, const Address& listen,
                                    std::uint16_t inbound_port, const Address& app, proxy::Settings settings,
                                    Security security) {
  auto proxy = std::make_unique<Proxy>();
  proxy->self = self;
  proxy->inbound_port = inbound_port;
  proxy->transport = loop_.new_transport();
  proxy->sidecar = std::make_unique<proxy::Sidecar>(*proxy->transport, compile(*proxy, app),
                                                    seed_.split(self.pod + std::to_string(proxies_.size())),
                                                    io::now(), wall_offset_, std::move(settings));
  proxy->transport->bind(*proxy->sidecar);
  MARTY_TRY(give_identity(*proxy));
  MARTY_TRY(proxy->transport->listen(kListener, listen, security));
  proxy->address = proxy->transport->bound_address(kListener).text;
  proxy->sidecar->engine().log_access_to(access_);
  apps_.push_back(app);
  return proxies_.emplace_back(std::move(proxy)).get();
}

/// Valid from a minute ago, so that a clock that was just set back does not refuse it.
Status LocalMesh::give_identity(Proxy& proxy) {
  const WallTime from{io::wall_now().ns - 60'000'000'000};
  const auto spiffe_id = proxy.self.identity();
  const policy::ProxyIdentity name(spiffe_id);
  auto identity = ca_->issue(spiffe_id, from, kCertificateLifetime,
                             kind() == mesh::MeshKind::kLinkerd ? name.view() : std::string_view());
  if (!identity) return std::move(identity.error());
  return proxy.transport->set_identity(*identity);
}

void LocalMesh::rotate(Instant now) {
  for (auto& proxy : proxies_) {
    if (const auto given = give_identity(*proxy); !given)
      tell_("a certificate could not be renewed for " + proxy->self.pod);
  }
  loop_.arm(rotation_, now + kCertificateLifetime / 2);
}

void LocalMesh::reload(Instant now) {
  Diagnostics found;
  SourceMap sources;
  auto fresh = load_manifests(options_.manifests, found, sources, options_.mesh_kind);
  for (const auto& finding : found.all()) tell_(render(finding, sources));
  if (!fresh || found.has_errors()) {
    tell_("the edited manifests are not used: the last good ones stay in force");
    return;
  }
  if (fresh->model == manifests_.model) return;
  if (fresh->model.workloads != manifests_.model.workloads) {
    tell_("a Deployment changed: its pods follow when the mesh is started again; policies apply now");
    fresh->model.workloads = manifests_.model.workloads;
  }
  manifests_ = std::move(*fresh);
  manifests_.sources = std::make_shared<SourceMap>(std::move(sources));
  ++generation_;
  Diagnostics repeated;
  topology_ = plan(manifests_.model, &local_, net_, repeated);
  for (std::size_t i = 0; i < proxies_.size(); ++i)
    proxies_[i]->sidecar->adopt(now, compile(*proxies_[i], apps_[i]));
  tell_(fmt::format("manifests reloaded: generation {} is in force", generation_));
}

bool LocalMesh::ready() const {
  return std::all_of(pods_.begin(), pods_.end(), [](const auto& pod) { return pod->ready(); });
}

std::optional<Error> LocalMesh::failure() const {
  for (const auto& pod : pods_) {
    if (pod->failure()) return pod->failure();
  }
  return {};
}

void LocalMesh::stop() {
  watcher_.reset();
  for (auto& proxy : proxies_) proxy->sidecar->drain(io::now());
  for (auto& pod : pods_) pod->stop(kStopGrace);
}

bool LocalMesh::stopped() const {
  return std::all_of(pods_.begin(), pods_.end(), [](const auto& pod) { return pod->stopped(); });
}

Proxy* LocalMesh::outbound(const std::string& address) {
  for (auto& proxy : proxies_) {
    if (proxy->inbound_port == 0 && proxy->address == address) return proxy.get();
  }
  return nullptr;
}

void LocalMesh::log_access_to(std::function<void(std::string_view)> sink) {
  access_ = std::move(sink);
  for (auto& proxy : proxies_) proxy->sidecar->engine().log_access_to(access_);
}

}  // namespace marty::local
