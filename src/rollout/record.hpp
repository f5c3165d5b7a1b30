#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "manifest/node.hpp"
#include "manifest/resource.hpp"

namespace marty::rollout {

/// What apply-policies keeps in the cluster about a service: what it applies now and what was in force
/// before, so that an interrupted run can be finished and a finished one undone. Kept in a Secret, because
/// manifests may hold Secrets.
struct Record {
  enum class State { kApplying, kApplied };
  std::uint64_t generation = 0;
  State state = State::kApplying;
  bool rollback = false;  ///< the generation was made by --rollback
  std::string mesh;
  std::string started, finished;  ///< ISO 8601
  std::string current;            ///< YAML documents, as applied
  std::string previous;           ///< the last state that was applied whole before; empty: none
  std::string resource_version;   ///< of the Secret read; empty: there is none yet
};

/// Of the 1 MiB that a Secret may hold, for both texts.
constexpr std::size_t kRecordBytesMax = 1'000'000;

/// Whether both texts fit; otherwise nobody can go back to the previous state, and should hear it.
bool keeps_previous(const Record&);

/// "marty-pets-record".
std::string record_name(const std::string& service);

/// The Secret. Texts that do not fit are left out, the previous state first: then there is no rollback to it.
manifest::Node to_secret(const Record&, const std::string& service, const std::string& ns);
Result<Record> from_secret(const manifest::Resource&);

/// The record of a run that begins now: the last state that was applied whole becomes the one to go back to.
Record begin(const std::optional<Record>& before, std::string mesh, std::string wanted, std::string now,
             bool rollback);

/// What --rollback applies: the state before, or the same again when a rollback was interrupted.
Result<std::string> rollback_target(const std::optional<Record>&, const std::string& service);

}  // namespace marty::rollout
