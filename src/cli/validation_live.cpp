#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "cli/cluster_session.hpp"
#include "cli/validation.hpp"
#include "cluster/estate.hpp"
#include "cluster/objects.hpp"
#include "rollout/kinds.hpp"

namespace marty::cli {

namespace {

/// Texts from here on are the cluster's; files have lower numbers.
using FirstLive = std::size_t;

bool about_files(const Diagnostic& finding, FirstLive live) {
  const auto in_file = [live](const SourceRange& range) {
    return !range.begin.known() || range.begin.file < live;
  };
  return in_file(finding.where) ||
         std::any_of(finding.notes.begin(), finding.notes.end(), [&](const Note& note) {
           return note.where.begin.known() && note.where.begin.file < live;
         });
}

/// A file's object replaces the cluster's of the same name: so it will be once it is applied.
void join(dialect::Manifests& manifests, dialect::Manifests live) {
  std::set<rollout::Key> written;
  for (const auto& object : manifests.resources) written.insert(rollout::key_of(object));
  for (auto& object : live.resources)
    if (written.insert(rollout::key_of(object)).second) manifests.resources.push_back(std::move(object));
}

}  // namespace

Status check_live(const World& world, const Arguments& arguments, const std::vector<std::string>& paths,
                  const std::string& ns, const Scope& scope, Findings& into) {
  dialect::Manifests manifests;
  if (!paths.empty()) {
    auto read = read_paths(world, paths, scope, into);
    if (!read) return std::move(read.error());
    manifests = std::move(*read);
  }
  const FirstLive first = into.sources.size();
  auto session = ClusterSession::start(world, arguments);
  if (!session) return std::move(session.error());
  auto& kubectl = (*session)->kubectl();
  auto estate =
      cluster::read_estate(kubectl, ns, [&](const std::string& line) { (*session)->busy(line + " …"); });
  (*session)->busy("");
  if (!estate) return std::move(estate.error());
  auto target = cluster::target(kubectl);
  if (!target) return std::move(target.error());
  for (const auto& error : estate->hidden)
    (*session)->say(fmt::format("not seen: {}{}{}", error.text, error.next.empty() ? "" : "; ", error.next));
  for (auto& listing : estate->listings)
    join(manifests,
         dialect::read_manifest_text(target->context + "/" + listing.resource, std::move(listing.text),
                                     into.sources, into.found, scope.ns, scope.workers));
  leave(check(std::move(manifests), scope, into));
  if (!paths.empty())
    std::erase_if(into.found.all(), [&](const Diagnostic& finding) { return !about_files(finding, first); });
  for (auto& finding : into.found.all())  // the text of a cluster's object is no file to edit
    if (finding.fix && finding.fix->range.begin.file >= first) finding.fix.reset();
  return ok();
}

}  // namespace marty::cli
