#pragma once

#include <compare>
#include <span>
#include <string>
#include <string_view>

#include "manifest/resource.hpp"

namespace marty::rollout {

/// When a kind is applied: what others refer to stands before they do, so that no request meets half a
/// change (make before break). Removals go the other way round, after everything else.
enum class Stage : unsigned char {
  kNamespace,
  kDefinition,      ///< kinds themselves
  kIdentity,        ///< who pods are, and what they mount
  kService,         ///< names
  kWorkload,        ///< pods; the stages below wait until they are ready
  kDestination,     ///< what routes name: subsets, outbound limits
  kAuthentication,  ///< what authorization names: identities, networks
  kAuthorization,
  kServer,  ///< a Linkerd Server refuses whoever nothing authorises, so that stands before it
  kRoute,   ///< traffic moves here
  kObservation,
  kOther,  ///< kinds the table does not know
};

/// One kind of objects we manage.
struct Kind {
  enum class Removal : unsigned char { kNever, kPrune };
  std::string_view group, kind;
  Stage stage;
  Removal removal = Removal::kPrune;
};
/// The row of a kind; of an unknown one {group, kind, kOther, kNever}.
Kind kind_of(std::string_view group, std::string_view kind);
std::span<const Kind> kinds();

/// Which object, whatever version of its API it was written for.
struct Key {
  std::string group, kind, ns, name;
  friend auto operator<=>(const Key&, const Key&) = default;
};
Key key_of(const manifest::Resource&);
/// "VirtualService shop/pets", "Namespace shop".
std::string shown(const Key&);
/// As kubectl takes it on a command line: "virtualservice.networking.istio.io/pets".
std::string kubectl_name(const Key&);

}  // namespace marty::rollout
