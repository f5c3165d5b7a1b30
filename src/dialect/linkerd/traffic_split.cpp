#include "dialect/linkerd/traffic_split.hpp"

#include <fmt/format.h>

#include "dialect/names.hpp"

namespace marty::dialect::linkerd {

using namespace manifest;
using T = TrafficSplit;

namespace {

void check_backend(const T::Backend& backend, const Node& node, Reader& reader) {
  if (thousandths(*backend.weight)) return;
  reader.error("invalid-value", node.find("weight")->range(),
               "a weight is a quantity such as 90, or \"900m\"");
}

void check(const T& split, const Node& node, Reader& reader) {
  std::uint64_t sum = 0;
  for (const auto& backend : split.backends) sum += thousandths(*backend.weight).value_or(1);
  if (sum == 0)
    reader.error("weights-zero", node.find("backends")->range(),
                 "without any weight Linkerd ignores the split: every pod of the service gets requests");
}

}  // namespace

const Table& fields(Tag<T::Backend>) {
  using B = T::Backend;
  static const Fields<B> table{"backend",
                               {field("service", &B::service, kRequired, kDnsLabel),
                                field("weight", &B::weight, kRequired, "relative: 90, or \"900m\"")},
                               check_backend};
  return table;
}

const Table& fields(Tag<T>) {
  static const Fields<T> table{
      "TrafficSplit.spec",
      {field("service", &T::service, kRequired, "the Service that clients call"),
       field("backends", &T::backends, kRequired, "Services with the same port number")},
      check};
  return table;
}

}  // namespace marty::dialect::linkerd
