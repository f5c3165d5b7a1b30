#include "petstore/service.hpp"

#include <fmt/format.h>

#include "http/writer.hpp"

namespace marty::petstore {
namespace {

using http::Request;
using http::Response;

constexpr std::string_view kReadOnly = "GET, HEAD, OPTIONS";

bool is_read(const Request& request) { return request.method == "GET" || request.method == "HEAD"; }

std::string_view header(const Request& request, std::string_view name) {
  const http::Header* const line = request.headers->find(name);
  return line != nullptr ? line->value : std::string_view{};
}

bool is_local(std::string_view remote) {
  return remote.starts_with("127.") || remote.starts_with("[::1]") || remote.starts_with("unix:");
}

/// The value of `name` in "a=1&b=2"; numbers need no escapes.
std::string_view parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (pair.starts_with(name) && pair.substr(name.size()).starts_with('='))
      return pair.substr(name.size() + 1);
  }
  return {};
}

}  // namespace

Service::Service(PetStore& store, const Log& log, Clock clock, ServiceSettings settings)
    : store_(store),
      log_(log),
      clock_(std::move(clock)),
      settings_(std::move(settings)),
      pets_(store, settings_.version_label == "v2" ? PetForm::kWithSelf : PetForm::kPlain) {}

Response Service::api(const Request& request) {
  const RoutedPath routed = find_route(request.path);
  const bool is_pets = routed.route == Route::kPets || routed.route == Route::kPet;
  Response response;
  if (is_pets && fail_count_ > 0) {
    --fail_count_;
    response = problem(fail_status_, "failed on purpose, see /admin/fail");
  } else {
    response = answer_api(request, routed);
    if (is_pets && response.status == 503) {
      counted_.count_store_failure();
      log_.say(LogLevel::kError, "the store failed", response.body);
    }
  }
  const bool served_here = is_pets || routed.route == Route::kHealth || routed.route == Route::kReady;
  finish(request, served_here ? routed.route : Route::kUnknown, response);
  return response;
}

Response Service::answer_api(const Request& request, const RoutedPath& routed) {
  switch (routed.route) {
    case Route::kPets:
      return pets_.collection(request);
    case Route::kPet:
      return pets_.item(request, routed.id);
    case Route::kHealth:
      return is_read(request) ? Response{.body = R"({"status":"ok"})"}
                              : not_this_method(request.method, kReadOnly);
    case Route::kReady:
      return ready(request);
    default:
      return problem(404, "nothing lives at this path; see openapi.yaml");
  }
}

Response Service::ready(const Request& request) {
  if (!is_read(request)) return not_this_method(request.method, kReadOnly);
  auto counts = store_.count();
  if (counts) return {.body = R"({"status":"ready"})"};
  log_.say(LogLevel::kError, "not ready", counts.error().text);
  return problem(503, "the store does not answer: " + counts.error().text);
}

Response Service::metrics(const Request& request) {
  const Route route = find_route(request.path).route;
  const bool can_fail = settings_.fault_admin == FaultAdmin::kAllowed && is_local(request.peer.remote);
  Response response = route == Route::kMetrics            ? expose(request)
                      : route == Route::kFail && can_fail ? set_failure(request)
                                                          : problem(404, "only /metrics lives on this port");
  response.headers.emplace_back("x-petstore-version", settings_.version_label);
  return response;
}

Response Service::expose(const Request& request) {
  if (!is_read(request)) return not_this_method(request.method, kReadOnly);
  auto counts = store_.count();
  const auto pets = counts ? std::optional(*counts) : std::nullopt;
  return {.content_type = "text/plain; version=0.0.4; charset=utf-8",
          .body = counted_.expose(pets, settings_.version_label)};
}

Response Service::set_failure(const Request& request) {
  if (request.method != "POST") return not_this_method(request.method, "POST, OPTIONS");
  const auto status = whole_number(parameter(request.query, "status"), 400, 599);
  const auto count = whole_number(parameter(request.query, "count"), 0, 1'000'000);
  std::vector<FieldError> errors;
  if (!status) errors.push_back({"status", "must be a whole number from 400 to 599"});
  if (!count) errors.push_back({"count", "must be a whole number from 0 to 1000000; 0 ends it"});
  if (!errors.empty()) return problem(400, "the request has errors; each is listed", errors);
  fail_status_ = static_cast<int>(*status);
  fail_count_ = *count;
  log_.say(LogLevel::kWarn, "failing on purpose", fmt::format("the next {} answers are {}", *count, *status));
  return {.body = fmt::format(R"({{"status":{},"count":{}}})", *status, *count)};
}

void Service::dress_refusal(Response& response) {
  const int status = response.status;
  response = problem(status, status == 413 ? "the body is too large" : http::reason_phrase(status));
  response.headers.emplace_back("x-petstore-version", settings_.version_label);
  counted_.count("", route_template(Route::kUnknown), status, 0ns);
  log_.say(LogLevel::kInfo, "refused", fmt::format("{} {}", status, http::reason_phrase(status)));
}

void Service::finish(const Request& request, Route route, Response& response) {
  response.headers.emplace_back("x-petstore-version", settings_.version_label);
  const std::string_view request_id = header(request, "x-request-id");
  const Duration took = clock_() - request.received_at;
  const std::string_view route_name = route_template(route);
  counted_.count(request.method, route_name, response.status, took);
  log_.request({.method = request.method,
                .path = request.path,
                .route = route_name,
                .request_id = request_id,
                .remote = request.peer.remote,
                .status = response.status,
                .took = took});
}

}  // namespace marty::petstore
