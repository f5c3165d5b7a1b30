#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/engine.hpp"

/// A small mesh for the engine's tests: two versions of one service, and calls played in virtual time.
namespace marty::engine::testing {

/// Service "shop" in namespace "shop", port 8080, workloads shop-v1 and shop-v2 of account "shop", subsets v1
/// and v2.
mesh::Model shop();
inline constexpr const char* kShop = "shop.shop.svc.cluster.local";
/// The same under Linkerd, whose routes split between Services: one for each version beside the shop's own.
mesh::Model linkerd_shop();
inline constexpr const char* kV1 = "shop-v1.shop.svc.cluster.local";
inline constexpr const char* kV2 = "shop-v2.shop.svc.cluster.local";
/// Adds an HTTPRoute of the shop; `to` are backends and weights, none: the shop itself.
mesh::RouteTable& http_route(mesh::Model&, const std::string& name,
                             std::vector<std::pair<const char*, std::uint32_t>> to = {});
policy::StringMatch text(policy::StringMatch::Kind, const std::string& value);
/// v1 at 127.1.0.n, v2 at 127.2.0.n, with sidecars.
std::vector<Instance> pods(std::size_t v1, std::size_t v2 = 0);
/// Adds a route that sends everything to `subset`, and returns it.
mesh::Route& route(mesh::Model&, const std::string& subset, const std::string& name = "main");
/// Retries `attempts` times on these bits.
policy::Retry::Config retries(std::uint32_t attempts, std::uint32_t on);

/// Of a client "till" in namespace "desk".
std::shared_ptr<const Program> outbound(const mesh::Model&, const std::vector<Instance>&);
/// Of pod shop-v1-0.
std::shared_ptr<const Program> inbound(const mesh::Model&);

struct Request {
  std::string method = "GET", path = "/pets", authority = "shop.shop:8080", identity;
  std::vector<Header> headers;
  policy::RequestView view() const {
    return {method, path, authority, "http", headers, identity, "127.9.0.1", 8080};
  }
};

/// How one try ends: a status or a failure, `after` its start unless a deadline comes first.
struct Outcome {
  int status = 200;
  std::optional<policy::TryFailure> failure;
  Duration after{};
  std::vector<Header> headers;
};
using Upstream = std::function<Outcome(const Endpoint&)>;
Upstream always(int status);

/// What came of a call.
struct Ended {
  int status = 0;  ///< 0: cut
  std::string body, details, flags, proxy_error;
  std::uint32_t tries = 0;
  std::vector<std::string> pods;  ///< of each try
  bool overloaded = false;
  telemetry::Trace trace;
  Duration took{};
};
/// Plays one call from begin to finish, moving `now`.
Ended play(Engine&, Instant& now, const Request&, const Upstream&);

/// The kinds of a call's steps, joined by spaces, numbers left out.
std::vector<telemetry::StepKind> kinds(const telemetry::Trace&);
/// Value of a series by metric and label values that must occur, 0 when there is none.
std::uint64_t count(Engine&, telemetry::MetricId, const std::vector<std::string>& labels = {});

}  // namespace marty::engine::testing
