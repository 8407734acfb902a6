// How a node that is in no cluster finds one, or founds one.
//
// - No seeds: it founds one at once.
// - Seeds: it asks each in turn, over and over, to let it in; the first that is in a cluster sends
//   everything needed. It never gives up, and says so in the log now and then.
// - Seeds, of which its own advertised endpoint is the first: it asks the others first; if each has
//   either answered that it is in no cluster, refused the connection, or stayed silent for
//   kFounderPatience, it founds. So nodes with equal lists started together form one cluster, and a
//   node with seeds that is not the first of them never founds a second.
// - A seed of another cluster (name differs) is a fatal answer: the listener is told why.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "base/timers.h"
#include "membership/membership.h"
#include "wire/messages.h"
#include "wire/rpc.h"

namespace distkv::membership {

inline constexpr base::Duration kJoinRetryInterval = std::chrono::milliseconds(200);
inline constexpr base::Duration kFounderPatience = std::chrono::seconds(3);

class JoinListener {
 public:
  virtual ~JoinListener() = default;
  // Nobody has a cluster: make one.
  virtual void on_found() = 0;
  // `reply` has code kOk and lives for the call.
  virtual void on_joined(const wire::JoinReply& reply) = 0;
  // Joining can never succeed: `why` names the seed and the cause.
  virtual void on_join_refused(const base::Status& why) = 0;
};

class Joiner {
 public:
  // `request` must outlive this, with all it views. Own endpoint among the seeds is skipped.
  Joiner(std::vector<base::Endpoint> seeds, const wire::JoinRequest& request,
         const Environment& environment, JoinListener& listener);
  ~Joiner();

  void start();
  void stop();

 private:
  struct Seed {
    base::Endpoint endpoint;
    base::MonotonicTime silent_since;  // Its last answer of any kind, or the start.
    bool has_no_cluster = false;       // Said so when last asked, or nobody listened there.
  };
  void ask_next();
  void on_answer(size_t asked, const base::Result<wire::FrameView>& answer);
  void note_absence(Seed& seed, base::Code code);
  bool found_if_alone();
  void refuse(const base::Endpoint& seed, std::string_view why);
  void warn_and_wait();

  std::vector<Seed> seeds_;  // Without this node itself.
  std::string names_;        // Of the seeds, for the log.
  bool may_found_ = false;
  const wire::JoinRequest& request_;
  Environment environment_;
  JoinListener& listener_;

  size_t next_ = 0;                           // The seed to ask next.
  base::Code last_answer_ = base::Code::kOk;  // Why the last seed asked did not let it in.
  base::MonotonicTime next_warning_;
  base::TimerId timer_;
  // Calls cannot be taken back; an answer that finds this gone is dropped.
  std::shared_ptr<const bool> life_ = std::make_shared<const bool>(true);
};

}  // namespace distkv::membership
