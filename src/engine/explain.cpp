#include "engine/explain.hpp"

#include "engine/narrator.hpp"

namespace marty::engine {

std::vector<Sentence> explain(const telemetry::Trace& trace, const Program& program) {
  Narrator narrator(program);
  std::vector<Sentence> sentences;
  for (const auto& step : trace.steps()) sentences.push_back(narrator.tell(step));
  return sentences;
}

}  // namespace marty::engine
