#include "engine/test_shop.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace marty::engine::testing {

mesh::Model shop() {
  mesh::Model model;
  mesh::Service service;
  service.ns = service.name = "shop";
  service.selector = {{"app", "shop"}};
  service.ports = {{"http-api", 8080, 8080}};
  model.services.push_back(service);
  mesh::DestinationPolicy destination;
  destination.ns = "shop";
  destination.host = kShop;
  for (const auto* version : {"v1", "v2"}) {
    mesh::Workload workload;
    workload.ns = "shop";
    workload.name = fmt::format("shop-{}", version);
    workload.service_account = "shop";
    workload.labels = {{"app", "shop"}, {"version", version}};
    workload.ports = {8080};
    model.workloads.push_back(workload);
    destination.subsets.push_back({version, {{"version", version}}, {}, {}});
  }
  model.destinations.push_back(destination);
  return model;
}

mesh::Model linkerd_shop() {
  auto model = shop();
  model.mesh_kind = mesh::MeshKind::kLinkerd;
  model.destinations.clear();
  for (const auto* version : {"v1", "v2"}) {
    auto service = model.services.front();
    service.name = std::string("shop-") + version;
    service.selector["version"] = version;
    model.services.push_back(service);
  }
  return model;
}

mesh::RouteTable& http_route(mesh::Model& model, const std::string& name,
                             std::vector<std::pair<const char*, std::uint32_t>> to) {
  mesh::RouteTable table;
  table.kind = mesh::RouteTable::Kind::kHttpRoute;
  table.group = "policy.linkerd.io";
  table.ns = "shop";
  table.name = name;
  table.hosts = {{kShop, {}}};
  auto& rule = table.routes.emplace_back();
  rule.name = name;
  for (const auto& [host, weight] : to) rule.destinations.push_back({{host, {}}, {}, 8080, {weight, {}}, {}});
  return model.route_tables.emplace_back(std::move(table));
}

policy::StringMatch text(policy::StringMatch::Kind kind, const std::string& value) {
  std::string why;
  const bool regex = kind == policy::StringMatch::Kind::kRegex;
  return {kind, value, false, {}, regex ? policy::Regex::compile(value, why) : nullptr};
}

std::vector<Instance> pods(std::size_t v1, std::size_t v2) {
  std::vector<Instance> all;
  const auto add = [&](std::size_t version, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
      Instance instance;
      instance.pod = fmt::format("shop-v{}-{}", version, i);
      instance.ns = "shop";
      instance.workload = fmt::format("shop-v{}", version);
      instance.ip = fmt::format("127.{}.{}.{}", version, i / 200, i % 200 + 1);
      all.push_back(std::move(instance));
    }
  };
  add(1, v1);
  add(2, v2);
  return all;
}

mesh::Route& route(mesh::Model& model, const std::string& subset, const std::string& name) {
  if (model.route_tables.empty()) {
    mesh::RouteTable table;
    table.ns = table.name = "shop";
    table.hosts = {{kShop, {}}};
    model.route_tables.push_back(table);
  }
  mesh::Route made;
  made.name = name;
  mesh::WeightedDestination to;
  to.host = {kShop, {}};
  to.subset = {subset, {}};
  made.destinations.push_back(to);
  return model.route_tables.front().routes.emplace_back(std::move(made));
}

policy::Retry::Config retries(std::uint32_t attempts, std::uint32_t on) {
  policy::Retry::Config config;
  config.attempts = {attempts, {}};
  config.on = {on, {}};
  return config;
}

std::shared_ptr<const Program> outbound(const mesh::Model& model, const std::vector<Instance>& instances) {
  return compile_outbound(model,
                          {"till-0", "desk", "till", "till", "till", "v1", "127.9.0.1", {{"app", "till"}}},
                          instances, std::make_shared<SourceMap>(), 1);
}

std::shared_ptr<const Program> inbound(const mesh::Model& model) {
  return compile_inbound(model,
                         {"shop-v1-0",
                          "shop",
                          "shop-v1",
                          "shop",
                          "shop",
                          "v1",
                          "127.1.0.1",
                          {{"app", "shop"}, {"version", "v1"}}},
                         8080, {"127.0.9.1:8080"}, std::make_shared<SourceMap>(), 1);
}

Upstream always(int status) {
  return [status](const Endpoint&) { return Outcome{status, {}, {}, {}}; };
}

Ended play(Engine& engine, Instant& now, const Request& request, const Upstream& upstream) {
  using Kind = Verdict::Kind;
  Call call;
  Ended ended;
  const auto started = now;
  CallEnd end;
  end.request = request.view();
  auto verdict = engine.begin(now, request.view(), call);
  if (verdict.kind == Kind::kWait) {
    now = verdict.until;
    verdict = engine.resume(now, call);
  }
  if (verdict.kind == Kind::kProceed) engine.request_complete(now, call);
  while (verdict.kind == Kind::kProceed) {
    verdict = engine.choose_endpoint(now, call);
    if (verdict.kind == Kind::kWait) {  // for an endpoint
      now = std::min(verdict.until, call.deadline());
      engine.tick(now);
      verdict = {};
      if (now == call.deadline()) verdict = engine.deadline_passed(now, call);
      continue;
    }
    if (verdict.kind != Kind::kProceed) break;
    ended.pods.push_back(call.endpoint.endpoint->owner.pod);
    verdict = engine.start_try(now, call);
    if (verdict.kind != Kind::kProceed) break;
    const auto outcome = upstream(*call.endpoint.endpoint);
    if (call.deadline() <= now + outcome.after) {
      now = call.deadline();
      verdict = engine.deadline_passed(now, call);
    } else {
      now = now + outcome.after;
      verdict = outcome.failure ? engine.try_failed(now, call, *outcome.failure)
                                : engine.response_head(now, call, outcome.status, outcome.headers);
      if (verdict.kind == Kind::kProceed) {
        ended.status = outcome.status;
        break;
      }
    }
    if (verdict.kind != Kind::kWait) break;
    if (call.deadline() <= verdict.until) {
      now = call.deadline();
      verdict = engine.deadline_passed(now, call);
      break;
    }
    now = verdict.until;
    verdict = {};
  }
  if (verdict.kind == Kind::kReply) {
    ended.status = verdict.reply.status;
    ended.body = verdict.reply.body;
    ended.overloaded = verdict.reply.overloaded;
    ended.proxy_error = verdict.reply.proxy_error;
  }
  end.status = ended.status;
  ended.details = call.details;
  ended.tries = call.tries;
  ended.took = now - started;
  engine.finish(now, {}, call, end);
  ended.flags = telemetry::FlagsText(call.flags).view();
  ended.trace = call.trace;
  return ended;
}

std::vector<telemetry::StepKind> kinds(const telemetry::Trace& trace) {
  std::vector<telemetry::StepKind> all;
  for (const auto& step : trace.steps()) all.push_back(step.kind);
  return all;
}

std::uint64_t count(Engine& engine, telemetry::MetricId id, const std::vector<std::string>& labels) {
  std::uint64_t sum = 0;
  for (const auto& series : engine.metrics().all()) {
    if (series.id != id) continue;
    const auto values = telemetry::label_values(series);
    const bool wanted = std::all_of(labels.begin(), labels.end(), [&](const std::string& label) {
      return std::find(values.begin(), values.end(), label) != values.end();
    });
    if (wanted) sum += series.counter + static_cast<std::uint64_t>(series.gauge);
  }
  return sum;
}

}  // namespace marty::engine::testing
