#include "membership/joiner.h"

#include <algorithm>
#include <utility>

namespace distkv::membership {

namespace {
constexpr base::Duration kAskTimeout = std::chrono::seconds(1);  // A longer round trip is no LAN's.
constexpr base::Duration kWaitingWarnInterval = std::chrono::seconds(5);

// What the frame says went wrong; none if it is the reply that was asked for.
base::Result<wire::JoinReply> read_reply(const base::Result<wire::FrameView>& answer) {
  if (!answer.is_ok()) return answer.status();
  if (answer->type == wire::MessageType::kJoinReply) return wire::decode<wire::JoinReply>(*answer);
  if (answer->type != wire::MessageType::kError) {
    return base::Status(base::Code::kCorrupt, "the answer to a join request is of another type");
  }
  const auto error = wire::decode<wire::ErrorReply>(*answer);
  if (!error.is_ok()) return error.status();
  if (error->code == base::Code::kOk) {
    return base::Status(base::Code::kCorrupt, "an error frame says ok");
  }
  return base::Status(error->code, std::string(error->message));
}
}  // namespace

Joiner::Joiner(std::vector<base::Endpoint> seeds, const wire::JoinRequest& request,
               const Environment& environment, JoinListener& listener)
    : request_(request), environment_(environment), listener_(listener) {
  const base::Endpoint own{std::string(request.member.endpoint)};
  may_found_ = seeds.empty() || seeds.front() == own;
  std::erase(seeds, own);
  for (base::Endpoint& seed : seeds) {
    if (!names_.empty()) names_ += ",";
    names_ += seed.value();
    seeds_.push_back({.endpoint = std::move(seed), .silent_since = {}, .has_no_cluster = false});
  }
}

Joiner::~Joiner() { stop(); }

void Joiner::start() {
  next_ = 0;
  next_warning_ = environment_.clock.now();
  for (Seed& seed : seeds_) {
    seed.silent_since = environment_.clock.now();
    seed.has_no_cluster = false;
  }
  if (!found_if_alone()) ask_next();
}

void Joiner::stop() {
  life_ = std::make_shared<const bool>(true);
  environment_.timers.stop(timer_);
}

void Joiner::ask_next() {
  if (seeds_.empty()) return warn_and_wait();
  const size_t asked = next_;
  next_ = (next_ + 1) % seeds_.size();
  environment_.rpc.call(seeds_[asked].endpoint, request_, kAskTimeout,
                        [this, asked, life = std::weak_ptr<const bool>(life_)](
                            const base::Result<wire::FrameView>& answer) {
                          if (!life.expired()) on_answer(asked, answer);
                        });
}

void Joiner::on_answer(size_t asked, const base::Result<wire::FrameView>& answer) {
  const base::Result<wire::JoinReply> reply = read_reply(answer);
  const base::Code code = reply.is_ok() ? reply->code : reply.code();
  const bool is_other_cluster =
      code == base::Code::kOk && reply->cluster_name != request_.cluster_name;
  if (code == base::Code::kWrongCluster || is_other_cluster) {
    const std::string_view why = !reply.is_ok()     ? reply.status().message()
                                 : is_other_cluster ? reply->cluster_name
                                                    : reply->message;
    return refuse(seeds_[asked].endpoint, why);
  }
  if (code == base::Code::kOk) {
    stop();
    return listener_.on_joined(*reply);
  }
  last_answer_ = code;
  note_absence(seeds_[asked], code);
  if (!found_if_alone()) warn_and_wait();
}

// Any answer but these leaves it open whether the seed is in a cluster.
void Joiner::note_absence(Seed& seed, base::Code code) {
  seed.has_no_cluster = code == base::Code::kUnavailable || code == base::Code::kLost;
  if (code != base::Code::kTimedOut) seed.silent_since = environment_.clock.now();
}

bool Joiner::found_if_alone() {
  const base::MonotonicTime now = environment_.clock.now();
  const bool is_alone = std::all_of(seeds_.begin(), seeds_.end(), [now](const Seed& seed) {
    return seed.has_no_cluster || now - seed.silent_since >= kFounderPatience;
  });
  if (!may_found_ || !is_alone) return false;
  stop();
  listener_.on_found();
  return true;
}

void Joiner::refuse(const base::Endpoint& seed, std::string_view why) {
  stop();
  listener_.on_join_refused(base::Status(
      base::Code::kWrongCluster, "seed " + seed.value() + " is not of cluster " +
                                     std::string(request_.cluster_name) + ": " + std::string(why)));
}

void Joiner::warn_and_wait() {
  const base::MonotonicTime now = environment_.clock.now();
  if (now >= next_warning_ && next_ == 0) {
    environment_.log.warn("waiting_for_seeds", {{"node", request_.member.id},
                                                {"seeds", std::string_view(names_)},
                                                {"last_answer", base::name_of(last_answer_)}});
    next_warning_ = now + kWaitingWarnInterval;
  }
  timer_ = environment_.timers.start(kJoinRetryInterval, [this] { ask_next(); });
}

}  // namespace distkv::membership
