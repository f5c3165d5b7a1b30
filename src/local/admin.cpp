#include "local/admin.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "engine/explain.hpp"
#include "io/clock.hpp"
#include "local/local_mesh.hpp"

namespace marty::local {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kDecisionsShown = 50;

std::string name_of(const Proxy& proxy) {
  return proxy.inbound_port != 0 ? fmt::format("{} inbound {}", proxy.self.pod, proxy.inbound_port)
                                 : proxy.self.pod + " outbound";
}

http::Response json(const Json& value) { return {200, "application/json", value.dump(2) + "\n", {}}; }

http::Response stats(const LocalMesh& mesh) {
  std::vector<std::string> names;
  for (const auto& proxy : mesh.proxies()) names.push_back(name_of(*proxy));
  std::vector<telemetry::NamedRegistry> pages;
  for (std::size_t i = 0; i < names.size(); ++i) {
    pages.push_back({names[i], &mesh.proxies()[i]->sidecar->engine().metrics()});
  }
  return {200, "text/plain; version=0.0.4", telemetry::render(pages, "proxy"), {}};
}

Json chain(const telemetry::Trace& trace, const engine::Program& program) {
  Json steps = Json::array();
  for (const auto& sentence : engine::explain(trace, program)) {
    steps.push_back({{"text", sentence.text}, {"origin", sentence.place}});
  }
  return steps;
}

http::Response decisions(const LocalMesh& mesh) {
  Json proxies = Json::array();
  for (const auto& proxy : mesh.proxies()) {
    const auto& engine = std::as_const(*proxy->sidecar).engine();
    const auto& ring = engine.decisions();
    Json recent = Json::array();
    for (std::size_t back = 0; back < ring.size() && back < kDecisionsShown; ++back) {
      const auto& decision = ring.newest(back);
      Json entry{{"number", decision.number},        {"finished", io::iso8601(decision.finished)},
                 {"method", decision.method.view()}, {"path", decision.path.view()},
                 {"status", decision.status},        {"flags", telemetry::FlagsText(decision.flags).view()},
                 {"generation", decision.generation}};
      // The steps' indices belong to the program they were made under; after a reload only new ones can be
      // told.
      if (decision.generation == engine.program().generation)
        entry["steps"] = chain(decision.trace, engine.program());
      recent.push_back(std::move(entry));
    }
    if (!recent.empty()) proxies.push_back({{"proxy", name_of(*proxy)}, {"decisions", std::move(recent)}});
  }
  return json({{"schema", "marty/v1"}, {"proxies", std::move(proxies)}});
}

http::Response endpoints(const LocalMesh& mesh) {
  Json all = Json::array();
  for (const auto& proxy : mesh.proxies()) {
    for (const auto& endpoint : std::as_const(*proxy->sidecar).engine().endpoints()) {
      Json entry{{"proxy", name_of(*proxy)},
                 {"cluster", endpoint.cluster},
                 {"pod", endpoint.pod},
                 {"address", endpoint.address},
                 {"activeRequests", endpoint.active_requests},
                 {"ejected", endpoint.ejected}};
      if (endpoint.ejected) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(endpoint.earliest_return - io::now());
        entry["returnsInMs"] = std::max<std::int64_t>(left.count(), 0);
      }
      if (endpoint.probing) entry["probing"] = true;
      if (endpoint.response_time > Duration{})
        entry["responseTimeMs"] = static_cast<double>(endpoint.response_time / 1us) / 1e3;
      all.push_back(std::move(entry));
    }
  }
  return json({{"schema", "marty/v1"}, {"endpoints", std::move(all)}});
}

Json routes(const engine::Program& program) {
  Json hosts = Json::array();
  for (const auto& host : program.hosts) {
    Json list = Json::array();
    for (const auto& route : host.routes) {
      Json destinations = Json::array();
      for (std::size_t i = 0; i < route.clusters.size(); ++i) {
        const auto cluster = route.clusters[i];
        destinations.push_back(
            {{"cluster", cluster < program.clusters.size() ? program.clusters[cluster].name : "undefined"},
             {"percent", route.split.percent(i)}});
      }
      list.push_back({{"name", route.name},
                      {"origin", program.sources->describe(route.origin)},
                      {"destinations", std::move(destinations)}});
    }
    hosts.push_back({{"host", host.name}, {"routes", std::move(list)}});
  }
  return hosts;
}

http::Response config(const LocalMesh& mesh) {
  Json proxies = Json::array();
  for (const auto& proxy : mesh.proxies()) {
    const auto& program = std::as_const(*proxy->sidecar).engine().program();
    Json clusters = Json::array();
    for (const auto& cluster : program.clusters) {
      clusters.push_back({{"name", cluster.name},
                          {"endpoints", cluster.endpoints.size()},
                          {"origin", program.sources->describe(cluster.origin)}});
    }
    proxies.push_back({{"proxy", name_of(*proxy)},
                       {"address", proxy->address},
                       {"identity", proxy->self.identity()},
                       {"generation", program.generation},
                       {"hosts", routes(program)},
                       {"clusters", std::move(clusters)}});
  }
  return json({{"schema", "marty/v1"}, {"proxies", std::move(proxies)}});
}

constexpr std::string_view kIndex =
    "marty local mesh\n\n"
    "  /ready              200 when all pods are ready\n"
    "  /stats/prometheus   metrics of every sidecar\n"
    "  /decisions          the last requests of each sidecar, each decision with its manifest line\n"
    "  /endpoints          load and ejection of every endpoint, per sidecar\n"
    "  /config             routes and clusters in force, with their origins\n";

}  // namespace

http::Server::Handler admin_handler(const LocalMesh& mesh) {
  return [&mesh](const http::Request& request) -> http::Response {
    if (request.method != "GET" && request.method != "HEAD") {
      return {405, "text/plain", "this page is read-only\n", {{"allow", "GET, HEAD"}}};
    }
    if (request.path == "/ready") {
      return mesh.ready() ? http::Response{200, "text/plain", "ready\n", {}}
                          : http::Response{503, "text/plain", "starting\n", {}};
    }
    if (request.path == "/stats/prometheus") return stats(mesh);
    if (request.path == "/decisions") return decisions(mesh);
    if (request.path == "/endpoints") return endpoints(mesh);
    if (request.path == "/config") return config(mesh);
    if (request.path == "/") return {200, "text/plain", std::string(kIndex), {}};
    return {404, "text/plain", "no such page; / lists them\n", {}};
  };
}

std::string LocalMesh::ready_json() const {
  Json list = Json::array();
  for (const auto& pod : pods_) {
    const auto& plan = pod->plan();
    const std::uint16_t port = plan.ports.empty() ? std::uint16_t{0} : plan.ports.front();
    list.push_back({{"name", plan.instance.pod},
                    {"workload", plan.instance.workload},
                    {"version", plan.workload.label("version")},
                    {"address", plan.instance.ip},
                    {"appAddress", plan.app(port).text},
                    {"appPort", port},
                    {"inboundPort", port},
                    {"pid", pod->pid()}});
  }
  Json ready{{"schema", "marty/v1"}};
  ready["ingress"] = ingress_.empty() ? Json(nullptr) : Json("http://" + ingress_);
  ready["proxy"] = "http://" + client_;
  ready["admin"] = "http://" + admin_address();
  ready["pods"] = std::move(list);
  return ready.dump(2) + "\n";
}

}  // namespace marty::local
