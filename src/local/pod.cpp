#include "local/pod.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "io/files.hpp"

namespace marty::local {
namespace {

constexpr Duration kProbeEvery = 20ms;
constexpr Duration kProbeTimeout = 2s;

void replace_all(std::string& text, std::string_view what, std::string_view by) {
  for (auto at = text.find(what); at != text.npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
}

}  // namespace

Pod::Pod(io::Loop& loop, http::Client& prober, const PodPlan& plan, PodSettings settings,
         std::function<void(const std::string&)> told)
    : loop_(loop),
      prober_(prober),
      plan_(plan),
      settings_(std::move(settings)),
      told_(std::move(told)),
      alarm_([this](Instant now) {
        if (process_ != nullptr && !process_->running()) {
          if (const auto started = spawn(); !started) told_(plan_.instance.pod + " cannot be started again");
        }
        probe(now);
      }),
      log_file_(settings_.state_dir + "/" + plan_.instance.pod + ".log"),
      self_(std::make_shared<Pod*>(this)) {}

Pod::~Pod() { loop_.disarm(alarm_); }

Status Pod::start() {
  const bool external = plan_.local == nullptr || plan_.local->command.empty();
  if (!external) MARTY_TRY(spawn());
  loop_.arm(alarm_, loop_.now());
  return ok();
}

std::string Pod::expand(std::string word) const {
  replace_all(word, "$HOST", plan_.app_host);
  replace_all(word, "$PORT", std::to_string(plan_.ports.empty() ? 0 : plan_.ports.front()));
  replace_all(word, "$POD", plan_.instance.pod);
  replace_all(word, "$STATE", settings_.state_dir);
  replace_all(word, "$BIN", settings_.bin_dir);
  return word;
}

Status Pod::spawn() {
  io::ProcessSpec spec;
  for (const auto& word : plan_.local->command) spec.argv.push_back(expand(*word));
  for (const auto& [name, value] : plan_.local->env) spec.env.emplace_back(name, expand(value));
  for (const char* name : {"HTTP_PROXY", "http_proxy"}) {
    if (!settings_.proxy_url.empty()) spec.env.emplace_back(name, settings_.proxy_url);
  }
  spec.output_file = spec.error_file = log_file_;
  auto spawned =
      io::Process::spawn(loop_, spec, [this](Instant now, io::ExitStatus status) { exited(now, status); });
  if (!spawned) return std::move(spawned.error()).within(settings_.place + ": " + plan_.instance.pod);
  process_ = std::move(*spawned);
  return ok();
}

void Pod::exited(Instant now, io::ExitStatus status) {
  ready_ = false;
  if (stopping_) return;
  const auto how =
      status.signal != 0 ? fmt::format("signal {}", status.signal) : fmt::format("exit code {}", status.code);
  if (!ever_ready_) {
    std::string command;
    for (const auto& word : plan_.local->command) command += (command.empty() ? "" : " ") + expand(*word);
    failure_ =
        Error{ErrorCode::kInput,
              fmt::format("{} ended with {} before it was ready{}", plan_.instance.pod, how, last_words()),
              fmt::format("correct its command at {}; what ran was: {}", settings_.place, command)};
    return;
  }
  ++restarts_;
  told_(fmt::format(
      "{} ended with {}; it starts again in {} ms", plan_.instance.pod, how,
      std::chrono::duration_cast<std::chrono::milliseconds>(*plan_.local->restart_after).count()));
  loop_.arm(alarm_, now + *plan_.local->restart_after);
}

std::string Pod::last_words() const {
  auto log = io::read_file(log_file_);
  if (!log || log->empty()) return {};
  constexpr std::size_t kShown = 600;
  if (log->back() == '\n') log->pop_back();
  return ":\n" + (log->size() > kShown ? log->substr(log->size() - kShown) : *log);
}

/// Asks the application itself, not its sidecar: a kubelet's probe is not subject to mesh policies either.
void Pod::probe(Instant now) {
  if (ready_ || stopping_ || failure_ || probing_ || plan_.ports.empty()) {
    ready_ = ready_ || plan_.ports.empty();
    return;
  }
  const mesh::Workload& workload = plan_.workload;
  const std::uint16_t port = workload.readiness_port != 0 ? workload.readiness_port : plan_.ports.front();
  http::ClientRequest request;
  request.to = plan_.app(port);
  request.target = workload.readiness_path.empty() ? "/" : workload.readiness_path;
  request.authority = request.to.text;
  request.timeout = kProbeTimeout;
  const bool any_status = workload.readiness_path.empty();
  probing_ = true;
  prober_.send(now, request, [self = std::weak_ptr(self_), any_status](const http::ClientResponse& answer) {
    const auto alive = self.lock();
    if (!alive) return;
    Pod& pod = **alive;
    pod.probing_ = false;
    pod.ready_ = any_status ? answer.failure != http::ClientFailure::kConnect
                            : answer.status >= 200 && answer.status < 400;
    pod.ready_ = pod.ready_ && !pod.stopping_;
    if (pod.ready_) {
      if (pod.ever_ready_) pod.told_(pod.plan_.instance.pod + " is ready again");
      pod.ever_ready_ = true;
    } else if (pod.process_ == nullptr || pod.process_->running()) {
      pod.loop_.arm(pod.alarm_, pod.loop_.now() + kProbeEvery);
    }
  });
}

void Pod::stop(Duration grace) {
  stopping_ = true;
  loop_.disarm(alarm_);
  if (process_ != nullptr && process_->running()) process_->terminate(grace);
}

void Pod::signal(int number) const {
  if (process_ != nullptr && process_->running()) process_->signal(number);
}

}  // namespace marty::local
