// Manifests made of the lines of the rules' own examples, and any bytes: analysing never crashes or takes
// long, and what is found lies within the file and is the same when other threads help.
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/assert.hpp"
#include "rules/analyze.hpp"

extern "C" std::size_t LLVMFuzzerMutate(unsigned char* data, std::size_t size, std::size_t max_size);

namespace {

using namespace marty;
using Lines = std::vector<std::string>;

Lines lines_of(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const auto size = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.emplace_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return lines;
}

const std::vector<Lines>& examples() {
  static const auto all = [] {
    std::vector<Lines> out;
    for (const auto* rule : rules::all_rules()) {
      for (const auto example : {rule->bad, rule->good})
        if (!example.empty()) out.push_back(lines_of(example));
    }
    return out;
  }();
  return all;
}

/// Manifests stay manifests more often when whole lines come, go and change their values.
class Mutation {
 public:
  explicit Mutation(unsigned seed) : random_(seed) {}

  std::string of(Lines lines) {
    if (lines.empty() || below(8) == 0) lines = pick(examples());
    for (auto left = 1 + below(3); left > 0 && !lines.empty(); --left) change(lines);
    std::string text;
    for (const auto& line : lines) text += line;
    return text;
  }

 private:
  std::size_t below(std::size_t end) {
    return std::uniform_int_distribution<std::size_t>(0, end - 1)(random_);
  }
  template <class T>
  const T& pick(const std::vector<T>& list) {
    return list[below(list.size())];
  }

  void change(Lines& lines) {
    const auto at = lines.begin() + static_cast<std::ptrdiff_t>(below(lines.size()));
    switch (below(5)) {
      case 0:
        lines.erase(at);
        break;
      case 1:
        lines.insert(at, std::string(pick(lines)));
        break;
      case 2:
        lines.insert(at, pick(pick(examples())));
        break;
      case 3:
        take_value(*at, pick(lines));
        break;
      default:
        join(lines, pick(examples()));
    }
  }

  static void take_value(std::string& line, const std::string& from) {
    const auto to = line.find(": "), of = from.find(": ");
    if (to != line.npos && of != from.npos) line = line.substr(0, to) + from.substr(of);
  }

  static void join(Lines& lines, const Lines& more) {
    lines.push_back("---\n");
    lines.insert(lines.end(), more.begin(), more.end());
  }

  std::minstd_rand random_;
};

/// The pieces of a run by two threads, so that what is shared is shared.
class Two final : public Workers {
 public:
  std::size_t count() const override { return 2; }
  void run(std::size_t pieces, const std::function<void(std::size_t)>& work) override {
    const auto every_second = [&](std::size_t piece) {
      for (; piece < pieces; piece += 2) work(piece);
    };
    std::jthread other(every_second, 1);
    every_second(0);
  }
};

std::string analyse(std::string_view text, Workers& workers) {
  static const schema::Catalog catalog;
  SourceMap sources;
  Diagnostics found;
  auto manifests = dialect::read_manifest_text("in.yaml", std::string(text), sources, found);
  const auto made = rules::analyze(std::move(manifests), sources, {}, catalog, found, workers);
  const auto lines = lines_of(text).size() + 1;
  std::string said;
  for (const auto& finding : found.all()) {
    MARTY_ASSERT(finding.where.begin.line <= lines);
    said += finding.rule + render(finding, sources);
  }
  return said;
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(unsigned char* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  if (seed % 4 == 0) return LLVMFuzzerMutate(data, size, max_size);
  const auto text = Mutation(seed).of(lines_of({reinterpret_cast<const char*>(data), size}));
  const auto kept = std::min(text.size(), max_size);
  std::copy_n(text.data(), kept, data);
  return kept;
}

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Two two;
  MARTY_ASSERT(analyse(text, one_at_a_time()) == analyse(text, two));
  return 0;
}
