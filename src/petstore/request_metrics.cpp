#include "petstore/request_metrics.hpp"

#include <algorithm>

#include "telemetry/exposition.hpp"

namespace marty::petstore {
namespace {

std::string_view bounded_method(std::string_view method) {
  for (std::string_view known : {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
    if (method == known) return known;
  }
  return "other";
}

}  // namespace

void RequestMetrics::count(std::string_view method, std::string_view route, int status, Duration took) {
  ++requests_[{bounded_method(method), route, status}];
  const double seconds = std::chrono::duration<double>(took).count();
  Histogram& histogram = durations_[route];
  const auto bucket = std::ranges::lower_bound(kBounds, seconds) - kBounds.begin();
  ++histogram.counts[static_cast<std::size_t>(bucket)];
  histogram.sum_seconds += seconds;
}

std::string RequestMetrics::expose(const std::optional<PetCounts>& pets,
                                   std::string_view version_label) const {
  using telemetry::labels;
  using enum telemetry::MetricType;
  telemetry::Exposition page;
  page.family("petstore_http_requests_total", kCounter, "Answers given, by method, route and status.");
  for (const auto& [key, count] : requests_) {
    const auto status = std::to_string(key.status);
    page.sample(labels({{"method", key.method}, {"route", key.route}, {"status", status}}), count);
  }
  page.family("petstore_http_request_duration_seconds", kHistogram,
              "Time from a complete request to its answer.");
  for (const auto& [route, histogram] : durations_)
    page.histogram(labels({{"route", route}}), kBounds, histogram.counts, histogram.sum_seconds);
  if (pets) {
    page.family("petstore_pets", kGauge, "Pets in the store, by status.");
    for (PetStatus status : kPetStatuses)
      page.sample(labels({{"status", to_string(status)}}), (*pets)[static_cast<std::size_t>(status)]);
  }
  page.family("petstore_store_failures_total", kCounter, "Requests the store could not serve.");
  page.sample("", store_failures_);
  page.family("petstore_build_info", kGauge, "Always 1; the labels say what is running.");
  page.sample(labels({{"version", "0.1.0"}, {"version_label", version_label}}), 1);
  return std::move(page.text);
}

}  // namespace marty::petstore
