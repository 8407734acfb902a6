// The inside of the public SessionToken, which client.cpp reads and adds to.
#pragma once

#include "client/seen_keys.h"
#include "distkv/session_token.h"

namespace distkv {

class SessionToken::Seen : public client::SeenKeys {};

}  // namespace distkv
