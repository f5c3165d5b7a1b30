#include "cli/demo/story.hpp"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <optional>

#include "io/clock.hpp"

namespace marty::cli::demo {
namespace {

constexpr std::string_view kAuthority = "petstore-domain-service.petstore-domain:8080";
constexpr Duration kAnswerWithin = 60s;

std::string_view reason_without_answer(http::ClientFailure failure) {
  switch (failure) {
    case http::ClientFailure::kConnect:
      return "no connection";
    case http::ClientFailure::kTls:
      return "TLS handshake failed";
    case http::ClientFailure::kClosed:
      return "connection reset, no HTTP answer";
    case http::ClientFailure::kTimeout:
      return "no answer in time";
    case http::ClientFailure::kProtocol:
      return "not an HTTP answer";
    case http::ClientFailure::kTooLarge:
      return "answer too large";
    case http::ClientFailure::kNone:
      break;
  }
  return "";
}

std::string first_line(std::string_view body) {
  constexpr std::size_t kShown = 72;
  std::string line(body.substr(0, std::min(body.find('\n'), body.size())));
  return line.size() > kShown ? line.substr(0, kShown) + "…" : line;
}

/// What the reader sees anyway: the answer itself, and on the server's side the one application behind it.
bool goes_without_saying(telemetry::StepKind kind, engine::Direction side) {
  using enum telemetry::StepKind;
  if (kind == kTryStarted || kind == kResponded) return true;
  return side == engine::Direction::kInbound &&
         (kind == kEndpointPicked || kind == kQueued || kind == kTryResponse);
}

/// "istio-policies.yaml:31:9" of a longer path; nothing for what no manifest says.
std::string short_place(const engine::Sentence& sentence) {
  if (!sentence.origin.known()) return {};
  return sentence.place.substr(sentence.place.rfind('/') + 1);
}

}  // namespace

Story::Story(LocalSession& session, Pace pace)
    : session_(session), pace_(pace), transport_(session.loop().new_transport()) {
  http_ = std::make_unique<http::Client>(*transport_);
  transport_->bind(*http_);
}

Story::~Story() = default;

std::string Story::paint(std::string_view code, std::string_view text) const {
  if (session_.world().color == Color::kNo) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

void Story::say(const std::string& line) { session_.world().out(line + "\n"); }

bool Story::check(bool holds, const std::string& claim) {
  ++checks_;
  if (!holds) ++failed_;
  say(fmt::format("  {} {}", holds ? paint("32", "✓") : paint("1;31", "✗"), claim));
  return holds;
}

int Story::tell(std::span<const Step> steps) {
  const Instant begun = io::now();
  say("The manifests are in " + mesh().manifests().path + "; each decision names its line there.");
  std::vector<std::pair<std::string_view, std::size_t>> failures;
  std::size_t told = 0;
  for (const Step& step : steps) {
    say(fmt::format("\n{}\n{}\n", paint("1", fmt::format("{}/{}  {}", told + 1, steps.size(), step.title)),
                    step.lesson));
    const std::size_t failed_before = failed_;
    step.run(*this);
    ++told;
    if (failed_ != failed_before) failures.emplace_back(step.title, failed_ - failed_before);
    if (session_.interrupted()) return exit_code::kInterrupted;
    if (told < steps.size() && !pause_for_reader()) return exit_code::kInterrupted;
  }
  const auto seconds = std::chrono::duration<double>(io::now() - begun).count();
  say(fmt::format("\n{} steps, {} checks, {} failed, {:.0f} s", told, checks_, failed_, seconds));
  for (const auto& [title, count] : failures)
    say(fmt::format("  {} {}: {} failed", paint("1;31", "✗"), title, count));
  if (failed_ == 0)
    say(fmt::format(
        "Next: marty mesh up --service petstore-domain{}, edit a manifest, and watch it take effect.",
        linkerd() ? " --mesh linkerd" : ""));
  return failed_ == 0 ? exit_code::kClean : exit_code::kFindings;
}

/// The mesh goes on while the reader reads; false when interrupted.
bool Story::pause_for_reader() {
  if (pace_ == Pace::kAutomatic) return true;
  session_.world().err(paint("2", "  Enter for the next step"));
  bool pressed = false;
  auto watch = session_.loop().watch(STDIN_FILENO, EPOLLIN, [&](std::uint32_t) {
    char drop[256];
    if (::read(STDIN_FILENO, drop, sizeof drop) <= 0) pace_ = Pace::kAutomatic;
    pressed = true;
  });
  if (!watch) return true;
  const bool done = session_.run_until([&] { return pressed; }, std::chrono::hours(24));
  session_.loop().unwatch(STDIN_FILENO, *watch);
  return done;
}

http::ClientRequest Story::request(const Headers& headers, const std::string& via) const {
  http::ClientRequest request;
  request.to = {via.empty() ? session_.mesh().client_address() : via};
  request.authority = kAuthority;
  request.target = fmt::format("http://{}{}", kAuthority, kPath);
  request.headers = headers;
  request.timeout = kAnswerWithin;
  return request;
}

http::ClientResponse Story::direct(const http::ClientRequest& request) {
  // Shared with the callback: after an interruption the answer may come when nobody waits any more.
  auto answer = std::make_shared<std::optional<http::ClientResponse>>();
  http_->send(session_.loop().now(), request,
              [answer](const http::ClientResponse& response) { *answer = response; });
  session_.run_until([&] { return answer->has_value(); }, kAnswerWithin);
  return answer->value_or(http::ClientResponse{});
}

http::ClientResponse Story::get(const Headers& headers, const std::string& via) {
  return direct(request(headers, via));
}

std::vector<http::ClientResponse> Story::burst(std::size_t count, const Headers& headers) {
  auto answers = std::make_shared<std::vector<http::ClientResponse>>(count);
  auto left = std::make_shared<std::size_t>(count);
  for (std::size_t i = 0; i < count; ++i) {
    http_->send(session_.loop().now(), request(headers, {}),
                [answers, left, i](const http::ClientResponse& response) {
                  (*answers)[i] = response;
                  --*left;
                });
  }
  session_.run_until([&] { return *left == 0; }, kAnswerWithin);
  return *answers;
}

void Story::print_chain(const engine::Engine& engine, const telemetry::Decision& decision,
                        std::string_view who) {
  for (const auto& sentence : engine::explain(decision.trace, engine.program())) {
    if (goes_without_saying(sentence.kind, engine.program().direction)) continue;
    say(fmt::format("    {} {:<72} {}", paint("36", who), sentence.text, paint("2", short_place(sentence))));
  }
  if (!decision.peer.view().empty())
    say(fmt::format("    {} the caller is {}", paint("36", who),
                    linkerd() ? policy::ProxyIdentity(decision.peer.view()).view() : decision.peer.view()));
}

http::ClientResponse Story::show(const Headers& headers, const std::string& via) {
  std::map<const local::Proxy*, std::uint64_t> before;
  for (const auto& proxy : mesh().proxies())
    before[proxy.get()] = proxy->sidecar->engine().decisions().recorded();
  std::string line = fmt::format("  → GET http://{}{}", kAuthority, kPath);
  for (const auto& [name, value] : headers) line += fmt::format("  {}: {}", name, value);
  say(line);
  const auto answer = get(headers, via);
  const auto ms = std::chrono::duration<double, std::milli>(answer.elapsed).count();
  if (answer.status == 0) {
    say(fmt::format("  ← {} ({:.1f} ms)", reason_without_answer(answer.failure), ms));
  } else {
    const auto error = answer.header("l5d-proxy-error");
    say(fmt::format("  ← {} {} ({:.1f} ms)  {}", answer.status, answer.header("x-petstore-version"), ms,
                    error.empty() ? first_line(answer.body) : fmt::format("l5d-proxy-error: {}", error)));
  }
  // The client's side first, then the servers in the order of their pods.
  for (const bool inbound : {false, true}) {
    for (const auto& proxy : mesh().proxies()) {
      const auto& engine = proxy->sidecar->engine();
      if ((proxy->inbound_port != 0) != inbound || engine.decisions().recorded() == before[proxy.get()])
        continue;
      print_chain(engine, engine.decisions().newest(), inbound ? "server" : "client");
    }
  }
  return answer;
}

bool Story::show_decision(const std::function<bool(const telemetry::Decision&)>& wanted) {
  return show_decision_of(*mesh().outbound(mesh().client_address()), wanted);
}

bool Story::show_decision_of(const local::Proxy& proxy,
                             const std::function<bool(const telemetry::Decision&)>& wanted) {
  const auto& engine = proxy.sidecar->engine();
  const auto& ring = engine.decisions();
  for (std::size_t back = 0; back < ring.size(); ++back) {
    if (!wanted(ring.newest(back))) continue;
    const auto& decision = ring.newest(back);
    const telemetry::FlagsText flags_text(decision.flags);
    const std::string_view flags = linkerd() ? std::string_view() : flags_text.view();
    say(fmt::format("  one of them: {} {} → {} {}", decision.method.view(), decision.path.view(),
                    decision.status, flags));
    print_chain(engine, decision, proxy.inbound_port != 0 ? "server" : "client");
    return true;
  }
  return false;
}

bool Story::has_step(const telemetry::Decision& decision, telemetry::StepKind kind) const {
  return decision.trace.last(kind) != nullptr;
}

bool Story::wait(const std::function<bool()>& done, Duration limit, const std::string& doing) {
  const Instant begun = io::now();
  std::int64_t shown = -1;
  const bool reached = session_.run_until(
      [&] {
        const auto second = std::chrono::duration_cast<std::chrono::seconds>(io::now() - begun).count();
        if (second != shown && session_.world().terminal.err) {
          session_.world().err(fmt::format("\r\x1b[K  {} ({} s)", doing, second));
        }
        shown = second;
        return done();
      },
      limit);
  if (session_.world().terminal.err) session_.world().err("\r\x1b[K");
  return reached;
}

bool Story::fail_pod(const local::Pod& pod, int status, unsigned count) {
  http::ClientRequest order;
  order.to = pod.plan().app(9000);
  order.method = "POST";
  order.target = fmt::format("/admin/fail?status={}&count={}", status, count);
  order.authority = order.to.text;
  return direct(order).status / 100 == 2;
}

const local::Pod* Story::pod_of(std::string_view workload_suffix, std::size_t replica) const {
  for (const auto& pod : session_.mesh().pods()) {
    if (pod->plan().instance.workload.ends_with(workload_suffix) && replica-- == 0) return pod.get();
  }
  return nullptr;
}

const local::Pod* Story::pod_named(std::string_view name) const {
  for (const auto& pod : session_.mesh().pods())
    if (pod->plan().instance.pod == name) return pod.get();
  return nullptr;
}

const local::Pod* Story::serving_pod(std::string_view workload_suffix) {
  constexpr int kRequestsMost = 100;
  for (int i = 0; i < kRequestsMost; ++i) {
    if (get().status != 200) continue;
    const auto* picked = client().decisions().newest().trace.last(telemetry::StepKind::kEndpointPicked);
    if (!picked) continue;
    const auto& cluster = client().program().clusters[picked->a];
    if (!cluster.endpoints[picked->b].owner.workload.ends_with(workload_suffix)) continue;
    auto views = client().endpoints();
    std::erase_if(views, [&](const auto& view) { return view.cluster != cluster.name || view.ejected; });
    const auto fastest = std::min_element(views.begin(), views.end(), [](const auto& a, const auto& b) {
      return a.response_time < b.response_time;
    });
    return fastest == views.end() ? nullptr : pod_named(fastest->pod);
  }
  return nullptr;
}

bool Story::ejected(std::string_view pod) {
  const auto endpoints = client().endpoints();
  return std::any_of(endpoints.begin(), endpoints.end(),
                     [&](const auto& e) { return e.pod == pod && e.ejected; });
}

}  // namespace marty::cli::demo
