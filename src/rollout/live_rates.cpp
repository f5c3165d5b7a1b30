#include "rollout/live_rates.hpp"

#include <charconv>
#include <cmath>
#include <limits>

namespace marty::rollout {
namespace {

/// The value of a label in `name{a="1",b="2"} 3`; metric labels of ours hold no escaped quotes.
std::string_view label(std::string_view line, std::string_view name) {
  for (std::size_t at = 0; (at = line.find(name, at)) != line.npos; ++at) {
    const bool begins = at > 0 && (line[at - 1] == '{' || line[at - 1] == ',');
    const auto value = at + name.size() + 2;
    if (!begins || line.substr(at + name.size(), 2) != "=\"") continue;
    return line.substr(value, line.find('"', value) - value);
  }
  return {};
}

double number(std::string_view text) {
  if (text == "+Inf") return std::numeric_limits<double>::infinity();
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

void read_line(std::string_view line, std::map<std::string, Counters>& out) {
  const bool count = line.starts_with("istio_requests_total{");
  if (!count && !line.starts_with("istio_request_duration_milliseconds_bucket{")) return;
  if (label(line, "reporter") != "destination") return;
  std::string service(label(line, "destination_service_name"));
  if (service.empty() || service == "unknown") return;
  if (const auto version = label(line, "destination_version"); !version.empty() && version != "unknown")
    service += " " + std::string(version);
  const auto value = static_cast<std::uint64_t>(number(line.substr(line.rfind(' ') + 1)));
  Counters& counters = out[service];
  if (!count) {
    counters.latency[number(label(line, "le"))] += value;
    return;
  }
  counters.requests += value;
  const auto code = label(line, "response_code");
  // 0: the connection ended before an answer, as when a sidecar cut it.
  if (code.starts_with('5') || code == "0") counters.failures += value;
  if (label(line, "connection_security_policy") == "mutual_tls") counters.mutual_tls += value;
}

std::uint64_t grown(std::uint64_t before, std::uint64_t after) {
  return after >= before ? after - before : after;
}

Counters grown(const Counters& before, const Counters& after) {
  Counters out{grown(before.requests, after.requests),
               grown(before.failures, after.failures),
               grown(before.mutual_tls, after.mutual_tls),
               {}};
  for (const auto& [bound, count] : after.latency) {
    const auto was = before.latency.find(bound);
    out.latency[bound] = grown(was == before.latency.end() ? 0 : was->second, count);
  }
  return out;
}

std::optional<double> quantile(const std::map<double, std::uint64_t>& buckets, double share) {
  if (buckets.empty() || buckets.rbegin()->second == 0) return std::nullopt;
  const double rank = share * static_cast<double>(buckets.rbegin()->second);
  double below = 0, lower = 0;
  for (const auto& [bound, count] : buckets) {
    const auto upto = static_cast<double>(count);
    if (upto >= rank && upto > below) {
      if (std::isinf(bound)) return lower;
      return lower + (bound - lower) * (rank - below) / (upto - below);
    }
    below = upto;
    lower = bound;
  }
  return lower;
}

}  // namespace

std::map<std::string, Counters> read_counters(std::string_view page) {
  std::map<std::string, Counters> out;
  while (!page.empty()) {
    const auto end = std::min(page.find('\n'), page.size());
    read_line(page.substr(0, end), out);
    page.remove_prefix(std::min(end + 1, page.size()));
  }
  return out;
}

std::vector<Rates> rates(const std::map<std::string, Counters>& before,
                         const std::map<std::string, Counters>& after, double seconds) {
  std::vector<Rates> out;
  for (const auto& [service, counters] : after) {
    const auto was = before.find(service);
    const Counters now = grown(was == before.end() ? Counters{} : was->second, counters);
    const auto requests = static_cast<double>(now.requests);
    Rates& one = out.emplace_back();
    one.service = service;
    one.requests_per_second = seconds > 0 ? requests / seconds : 0;
    if (now.requests == 0) continue;
    one.success_percent = 100 * (1 - static_cast<double>(now.failures) / requests);
    one.mutual_tls_percent = 100 * static_cast<double>(now.mutual_tls) / requests;
    one.p50_ms = quantile(now.latency, 0.5);
    one.p99_ms = quantile(now.latency, 0.99);
  }
  return out;
}

}  // namespace marty::rollout
