#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>

#include "rules/estate.hpp"

namespace marty::rules {

/// One port of pods' applications that Prometheus is told to scrape.
struct Scrape {
  const Resource* monitor = nullptr;
  const Node* endpoint = nullptr;  ///< the item of its list
  std::string path;                ///< of the item
  const Pods* pods = nullptr;
  std::uint16_t port = 0;  ///< the pods' own
  std::string_view http_path() const;
  bool with_tls() const;
};
/// What the ServiceMonitors and PodMonitors lead to among the pods here; ports of sidecars are left out.
void each_scrape(const Estate&, const std::function<void(const Scrape&)>& see);

/// The namespaces a monitor looks at; nothing when it looks at all of them.
std::optional<std::set<std::string>> watched_namespaces(const Resource& monitor);

}  // namespace marty::rules
