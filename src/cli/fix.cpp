#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <set>

#include "cli/file_set.hpp"
#include "cli/validation.hpp"
#include "core/edit.hpp"

namespace marty::cli {

namespace {

using ByFile = std::map<std::uint16_t, std::vector<std::size_t>>;  // file → indexes of findings

ByFile fixable(const World& world, const Findings& findings) {
  ByFile out;
  const auto& all = findings.found.all();
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!all[i].fix || !all[i].fix->range.begin.known()) continue;
    const auto file = all[i].fix->range.begin.file;
    std::error_code ignored;
    if (std::filesystem::is_regular_file(world.resolve(std::string(findings.sources.name(file))), ignored))
      out[file].push_back(i);
  }
  return out;
}

struct FileFix {
  std::string name, text;             ///< as shown; as it is to be
  std::vector<std::size_t> findings;  ///< that this mends
};

std::vector<FileFix> fixed_files(const World& world, const Findings& findings) {
  std::vector<FileFix> out;
  for (const auto& [file, indexes] : fixable(world, findings)) {
    std::vector<const Fix*> fixes;
    for (const auto i : indexes) fixes.push_back(&*findings.found.all()[i].fix);
    auto edited = apply_fixes(findings.sources.text(file), fixes);
    auto& one =
        out.emplace_back(FileFix{std::string(findings.sources.name(file)), std::move(edited.text), {}});
    for (std::size_t k = 0; k < indexes.size(); ++k)
      if (edited.done[k]) one.findings.push_back(indexes[k]);
  }
  return out;
}

}  // namespace

std::size_t show_fixes(const World& world, const Findings& findings) {
  std::size_t mended = 0;
  for (const auto& [name, text, indexes] : fixed_files(world, findings)) {
    const auto file = findings.found.all()[indexes.front()].fix->range.begin.file;
    world.out(unified_diff(name, std::string(findings.sources.text(file)), text));
    mended += indexes.size();
  }
  world.err(fmt::format("{} of {} findings would be mended\n", mended, findings.found.all().size()));
  return mended;
}

Status fix(const World& world, Findings& findings) {
  std::vector<WantedFile> wanted;
  std::set<std::size_t> mended;
  for (auto& [name, text, indexes] : fixed_files(world, findings)) {
    // Through a symbolic link the file behind it is meant, not the link.
    const auto path = std::filesystem::weakly_canonical(world.resolve(name));
    const auto mode = static_cast<unsigned>(std::filesystem::status(path).permissions());
    wanted.push_back({path.string(), std::move(text), {}, mode & 0777});
    mended.insert(indexes.begin(), indexes.end());
  }
  auto files = compare(std::move(wanted));
  if (!files) return std::move(files.error());
  MARTY_TRY(write(*files));
  auto& all = findings.found.all();
  const auto before = all.size();
  std::size_t i = 0;
  std::erase_if(all, [&](const Diagnostic&) { return mended.contains(i++); });
  world.err(fmt::format("{} of {} findings were mended in {} files\n", mended.size(), before, files->size()));
  return ok();
}

}  // namespace marty::cli
