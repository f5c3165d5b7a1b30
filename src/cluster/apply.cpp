#include "cluster/apply.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "cluster/objects.hpp"
#include "cluster/wait.hpp"
#include "io/clock.hpp"
#include "rollout/kubectl_error.hpp"

namespace marty::cluster {

using rollout::Action;
using rollout::Plan;
using rollout::Planned;
using rollout::Record;
using rollout::Stage;

namespace {

bool to_be_applied(const Planned& one) {
  return one.action == Action::kCreate || one.action == Action::kChange;
}

std::string names_of(const std::vector<const Planned*>& objects) {
  std::string out;
  for (const auto* one : objects) out += (out.empty() ? "" : ", ") + shown(one->key);
  return out;
}

class Run {
 public:
  Run(Kubectl& kubectl, const ApplyRequest& request, const Plan& plan, rollout::Survey& survey,
      const Voice& voice)
      : kubectl_(kubectl),
        request_(request),
        plan_(plan),
        survey_(survey),
        voice_(voice),
        deadline_(io::now() + request.timeout) {}

  Status all(const std::optional<Record>& before) {
    resumed_ = before && before->state == Record::State::kApplying;
    MARTY_TRY(stage(Stage::kNamespace));
    std::vector<const manifest::Resource*> wanted;
    for (const auto& resource : request_.wanted) wanted.push_back(&resource);
    Record record = rollout::begin(before, request_.mesh, documents(wanted), io::iso8601(io::wall_now()),
                                   request_.rollback);
    MARTY_TRY(write_record(kubectl_, record, request_.service, request_.ns));
    if (!rollout::keeps_previous(record))
      voice_.done(
          "note: both states are more than a Secret holds, so --rollback will not find the one before");
    MARTY_TRY(try_the_rest());
    for (int i = static_cast<int>(Stage::kDefinition); i <= static_cast<int>(Stage::kOther); ++i) {
      const auto next = static_cast<Stage>(i);
      MARTY_TRY(stage(next));
      // What follows sends traffic to the pods, so they have to be there.
      if (next == Stage::kWorkload) MARTY_TRY(wait(Stage::kWorkload, Stage::kWorkload));
    }
    MARTY_TRY(wait(Stage::kDestination, Stage::kOther));
    MARTY_TRY(remove());
    record.state = Record::State::kApplied;
    record.finished = io::iso8601(io::wall_now());
    return write_record(kubectl_, record, request_.service, request_.ns);
  }

  bool not_ready = false;
  std::size_t changed = 0;

 private:
  std::vector<const Planned*> of(Stage first, Stage last,
                                 const std::function<bool(const Planned&)>& which) const {
    std::vector<const Planned*> out;
    for (const auto& one : plan_.objects)
      if (one.stage >= first && one.stage <= last && which(one)) out.push_back(&one);
    return out;
  }

  Status stage(Stage at) {
    const auto objects = of(at, at, to_be_applied);
    if (objects.empty()) return ok();
    std::vector<const manifest::Resource*> resources;
    for (const auto* one : objects) resources.push_back(one->wanted);
    voice_.busy(fmt::format("applying {}", shown(objects.front()->key)));
    std::vector<std::string> words{"apply", "--server-side", "--field-manager=marty", "-o", "name", "-f",
                                   "-"};
    if (request_.force_conflicts) words.emplace_back("--force-conflicts");
    auto reply = kubectl_.ask(std::move(words), documents(resources));
    if (!reply) return std::move(reply.error());
    if (!reply->succeeded) {
      // It names those that went through, one a line.
      changed += static_cast<std::size_t>(std::count(reply->out.begin(), reply->out.end(), '\n'));
      return rollout::kubectl_error(fmt::format("applying {}", names_of(objects)), reply->err);
    }
    for (const auto* one : objects) {
      ++changed;
      voice_.done(
          fmt::format("{:<9} {}", one->action == Action::kCreate ? "created" : "changed", shown(one->key)));
    }
    return ok();
  }

  /// What was to go into a namespace that did not exist could not be tried before it did.
  Status try_the_rest() {
    std::vector<manifest::Resource> untried;
    for (const auto& one : plan_.objects)
      if (to_be_applied(one) && one.stage != Stage::kNamespace && !survey_.preview.contains(one.key))
        untried.push_back(*one.wanted);
    voice_.busy("asking the server what it thinks of the rest");
    return preview(kubectl_, untried, survey_, voice_.busy);
  }

  /// For what this run has changed: whoever moves traffic away from broken pods must not have to wait for
  /// them. An interrupted run has changed we do not know what, so then for all.
  Status wait(Stage first, Stage last) {
    if (request_.timeout <= Duration{}) return ok();
    std::vector<manifest::Resource> resources;
    const auto concerned = [this](const Planned& p) { return p.wanted && (resumed_ || to_be_applied(p)); };
    for (const auto* one : of(first, last, concerned)) resources.push_back(*one->wanted);
    if (resources.empty()) return ok();
    auto waited = wait_until_ready(kubectl_, resources, deadline_, voice_.busy);
    if (!waited) return std::move(waited.error());
    if (waited->empty()) return ok();
    not_ready = true;
    return Error{ErrorCode::kEnvironment, std::move(*waited), {}};
  }

  Status remove() {
    // One by one: a removal that fails must not be followed by one of what it refers to.
    for (const auto* one :
         of(Stage::kNamespace, Stage::kOther, [](const Planned& p) { return p.action == Action::kPrune; })) {
      voice_.busy("removing " + shown(one->key));
      auto reply =
          kubectl_.run("removing " + shown(one->key), {"delete", rollout::kubectl_name(one->key), "-n",
                                                       one->key.ns, "--ignore-not-found", "--wait=false"});
      if (!reply) return std::move(reply.error());
      ++changed;
      voice_.done(fmt::format("{:<9} {}", "removed", shown(one->key)));
    }
    return ok();
  }

  Kubectl& kubectl_;
  const ApplyRequest& request_;
  const Plan& plan_;
  rollout::Survey& survey_;
  const Voice& voice_;
  Instant deadline_;
  bool resumed_ = false;
};

}  // namespace

std::optional<Unfinished> carry_out(Kubectl& kubectl, const ApplyRequest& request, const Plan& plan,
                                    rollout::Survey& survey, const std::optional<Record>& before,
                                    const Voice& voice) {
  Run run(kubectl, request, plan, survey, voice);
  auto status = run.all(before);
  voice.busy("");
  if (status) return std::nullopt;
  const auto wanted = plan.count(Action::kCreate) + plan.count(Action::kChange) + plan.count(Action::kPrune);
  Error error = std::move(status.error());
  error.text += fmt::format("; {} of {} changes were made", run.changed, wanted);
  return Unfinished{std::move(error), run.not_ready};
}

}  // namespace marty::cluster
