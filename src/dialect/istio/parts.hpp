#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dialect/wire.hpp"
#include "mesh/model.hpp"
#include "policy/string_match.hpp"

/// What several Istio kinds have in common, as written on the wire.
namespace marty::dialect::istio {

/// Understood, checked, and not carried out: said once per field, so that nobody believes it is in force
/// here.
constexpr manifest::Remark kNotEnforced{"not-enforced",
                                        "marty reads this but its local mesh does not carry it out"};

struct StringMatch {
  Maybe<std::string> exact, prefix, regex;
  Origin origin;
};
const manifest::Table& fields(Tag<StringMatch>);
policy::StringMatch to_policy(const StringMatch&);
StringMatch from_policy(const policy::StringMatch&);
using StringMatches = std::vector<std::pair<Text, StringMatch>>;

struct Percent {
  Sourced<double> value{0};
};
const manifest::Table& fields(Tag<Percent>);
/// As Istio does: truncated to parts per million.
Sourced<std::uint32_t> to_ppm(const std::optional<Percent>&);
Percent from_ppm(Sourced<std::uint32_t>);

struct PortSelector {
  Sourced<std::uint32_t> number{0};
};
const manifest::Table& fields(Tag<PortSelector>);

/// `selector: {matchLabels: …}` of the security kinds.
struct WorkloadSelector {
  mesh::Labels match_labels;
};
const manifest::Table& fields(Tag<WorkloadSelector>);

/// Objects that apply to gateways and waypoints only, which the local mesh has none of.
struct TargetRef {};
const manifest::Table& fields(Tag<TargetRef>);

/// Istio's integers: 0 means "not set".
template <class T>
void set_unless_zero(const Maybe<T>& from, Sourced<T>& to) {
  if (from && **from != 0) to = *from;
}
template <class T>
void write_unless(const Sourced<T>& value, const T& unset, Maybe<T>& to) {
  if (*value != unset || value.written()) to = value;
}

}  // namespace marty::dialect::istio
