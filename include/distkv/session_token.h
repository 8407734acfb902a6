// What one session has seen, so that its reads at any consistency, through any node, show its own
// acknowledged writes and never go back (Terry et al., "Session Guarantees for Weakly Consistent
// Replicated Data", 1994).
//
//   distkv::SessionToken session;
//   client.put("key", "value", {.consistency = Consistency::kOne, .session = &session});
//   client.get("key", {.consistency = Consistency::kOne, .session = &session});
//
// A read sends what the session has seen of its key, and is answered with a state that has seen all
// of that, or with kBehind. Bounded: past 10000 keys or 4 MiB the key used longest ago is
// forgotten; a read of a key the session does not know says so from then on
// (GetOutcome::session_forgot).
//
// Belongs to one thread, as its client does. Any number of clients may use it, one after another.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "distkv/client.h"

namespace distkv {

class SessionToken {
 public:
  SessionToken();
  ~SessionToken();
  SessionToken(SessionToken&&) noexcept;
  SessionToken& operator=(SessionToken&&) noexcept;

  // Keys it knows.
  uint64_t size() const;
  // Keys it had to forget.
  uint64_t forgotten() const;

  // To hand the session to another process. decode() adds to what is known; kInvalid, and nothing
  // changes, for what is damaged.
  std::string encode() const;
  Error decode(std::string_view bytes);

  // The same with a file, which is replaced as a whole or not at all. A file that is not there is a
  // session that has seen nothing. save() first adds what others saved meanwhile, so that commands
  // at the same time lose nothing of each other's. kInvalid, saying what is wrong and where.
  Error load(const std::string& path);
  Error save(const std::string& path);

 private:
  friend class Client;
  class Seen;
  std::unique_ptr<Seen> seen_;
};

}  // namespace distkv
