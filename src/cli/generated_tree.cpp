#include "cli/generated_tree.hpp"

#include <fmt/format.h>

namespace marty::cli {

int refuse(const World& world, const Diagnostics& found, const SourceMap& sources) {
  for (const auto& finding : found.all()) world.err(render(finding, sources));
  world.err(fmt::format("marty: {} is not usable as it is; nothing was written\n", sources.name(0)));
  return exit_code::kInput;
}

namespace {

std::string_view word(Change change, bool writes) {
  switch (change) {
    case Change::kNew:
      return writes ? "written" : "missing";
    case Change::kChanged:
      return writes ? "changed" : "differs";
    case Change::kUnchanged:
      break;
  }
  return "unchanged";
}

int report_drift(const Arguments& arguments, const World& world, const std::vector<Comparison>& files,
                 std::string_view asked_in) {
  std::size_t drifted = 0;
  for (const auto& one : files) {
    if (one.change == Change::kUnchanged) continue;
    ++drifted;
    const auto name = world.shown(one.file.path);
    const auto& after = one.file.link_to.empty() ? one.file.text : one.file.link_to;
    world.out(arguments.given(kDiff) ? unified_diff(name, one.before, after)
                                     : fmt::format("{:<10} {}\n", word(one.change, false), name));
  }
  if (drifted == 0) {
    world.err(fmt::format("all {} files are as {} asks for\n", files.size(), asked_in));
    return exit_code::kClean;
  }
  world.err(
      fmt::format("{} of {} files differ from what {} asks for; the same command without --check "
                  "and --diff writes them\n",
                  drifted, files.size(), asked_in));
  return arguments.given(kCheck) ? exit_code::kFindings : exit_code::kClean;
}

}  // namespace

int deliver(const Arguments& arguments, const World& world, std::vector<WantedFile> wanted,
            std::string_view asked_in, std::string_view next) {
  auto files = compare(std::move(wanted));
  if (!files) return fail(world, files.error());
  if (arguments.given(kCheck) || arguments.given(kDiff))
    return report_drift(arguments, world, *files, asked_in);
  if (auto status = write(*files); !status) return fail(world, status.error());
  for (const auto& one : *files)
    world.out(fmt::format("{:<10} {}\n", word(one.change, true), world.shown(one.file.path)));
  world.err(next);
  return exit_code::kClean;
}

}  // namespace marty::cli
