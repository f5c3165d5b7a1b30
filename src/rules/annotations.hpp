#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "rules/estate.hpp"

/// The annotations by which pods speak to Istio's injector and proxy (istio.md 7).
namespace marty::rules {

struct PodAnnotation {
  std::string_view name;
  bool (*takes)(std::string_view value);
  std::string_view wanted;  ///< what it takes, for people
};
std::span<const PodAnnotation> pod_annotations();
/// Whether a key is one of those: nobody reads them anywhere else.
bool is_for_pods(std::string_view key);

/// Every annotation of pods as they will be: of templates, and of Pods themselves.
void each_pod_annotation(const Estate&,
                         const std::function<void(const Pods&, const Node& key, const Node& value)>& see);

}  // namespace marty::rules
