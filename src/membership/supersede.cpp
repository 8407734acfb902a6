#include "membership/supersede.h"

namespace distkv::membership {

namespace {
bool is_newer(const Member& believed, const wire::MemberUpdate& claim) {
  if (claim.incarnation.generation != believed.incarnation.generation) {
    return claim.incarnation.generation > believed.incarnation.generation;
  }
  if (believed.state == MemberState::kLeft) return false;
  if (claim.state == MemberState::kLeft) return true;
  if (claim.incarnation != believed.incarnation) return claim.incarnation > believed.incarnation;
  return claim.state > believed.state;
}
}  // namespace

Verdict judge(const Member& believed, const wire::MemberUpdate& claim) {
  if (!is_newer(believed, claim)) return Verdict::kIgnore;
  const bool is_sudden_death = claim.state == MemberState::kDead && believed.is_alive();
  return is_sudden_death ? Verdict::kTakeAsSuspect : Verdict::kTake;
}

}  // namespace distkv::membership
