#include "petstore/request_metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace marty::petstore {
namespace {

std::string_view bounded_method(std::string_view method) {
  for (std::string_view known : {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
    if (method == known) return known;
  }
  return "other";
}

void begin_family(std::string& out, std::string_view name, std::string_view type, std::string_view help) {
  fmt::format_to(std::back_inserter(out), "# HELP {0} {2}\n# TYPE {0} {1}\n", name, type, help);
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

void RequestMetrics::expose_durations(std::string& out) const {
  constexpr std::string_view kName = "petstore_http_request_duration_seconds";
  begin_family(out, kName, "histogram", "Time from a complete request to its answer.");
  auto to = std::back_inserter(out);
  for (const auto& [route, histogram] : durations_) {
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < kBounds.size(); ++i) {
      below += histogram.counts[i];
      fmt::format_to(to, "{}_bucket{{route=\"{}\",le=\"{}\"}} {}\n", kName, route, kBounds[i], below);
    }
    below += histogram.counts.back();
    fmt::format_to(to, "{}_bucket{{route=\"{}\",le=\"+Inf\"}} {}\n", kName, route, below);
    fmt::format_to(to, "{}_sum{{route=\"{}\"}} {}\n", kName, route, histogram.sum_seconds);
    fmt::format_to(to, "{}_count{{route=\"{}\"}} {}\n", kName, route, below);
  }
}

std::string RequestMetrics::expose(const std::optional<PetCounts>& pets,
                                   std::string_view version_label) const {
  std::string out;
  auto to = std::back_inserter(out);
  begin_family(out, "petstore_http_requests_total", "counter", "Answers given, by method, route and status.");
  for (const auto& [key, count] : requests_) {
    fmt::format_to(to, "petstore_http_requests_total{{method=\"{}\",route=\"{}\",status=\"{}\"}} {}\n",
                   key.method, key.route, key.status, count);
  }
  expose_durations(out);
  if (pets) {
    begin_family(out, "petstore_pets", "gauge", "Pets in the store, by status.");
    for (PetStatus status : kPetStatuses) {
      fmt::format_to(to, "petstore_pets{{status=\"{}\"}} {}\n", to_string(status),
                     (*pets)[static_cast<std::size_t>(status)]);
    }
  }
  begin_family(out, "petstore_store_failures_total", "counter", "Requests the store could not serve.");
  fmt::format_to(to, "petstore_store_failures_total {}\n", store_failures_);
  begin_family(out, "petstore_build_info", "gauge", "Always 1; the labels say what is running.");
  fmt::format_to(to, "petstore_build_info{{version=\"0.1.0\",version_label=\"{}\"}} 1\n", version_label);
  return out;
}

}  // namespace marty::petstore
