// Which of two statements about one member is to be believed: the whole of SWIM's ordering (SWIM
// §4.2) as one pure function.
//
// The generation decides first, then "left" (final for its generation), then the refutations, then
// the worse state. One departure: a death is believed at once only of a member that is already
// suspected or dead here; of one believed alive it counts as a suspicion, so that the tables of a
// healed partition, or one sick observer, kill nobody who can still answer.
#pragma once

#include <cstdint>

#include "membership/member.h"
#include "wire/messages.h"

namespace distkv::membership {

enum class Verdict : uint8_t {
  kIgnore,
  kTake,           // Believe it as it is.
  kTakeAsSuspect,  // Believe its incarnation, but only a suspicion.
};

// What `claim`, about the member `believed`, does to what is believed.
Verdict judge(const Member& believed, const wire::MemberUpdate& claim);

}  // namespace distkv::membership
