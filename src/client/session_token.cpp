#include "distkv/session_token.h"

#include <utility>

#include "client/session_file.h"
#include "client/session_seen.h"

namespace distkv {

namespace {
Error error_of(const base::Status& status) {
  if (status.is_ok()) return {};
  return {ErrorKind::kInvalid, status.message()};
}
}  // namespace

SessionToken::SessionToken() : seen_(std::make_unique<Seen>()) {}
SessionToken::~SessionToken() = default;
SessionToken::SessionToken(SessionToken&&) noexcept = default;
SessionToken& SessionToken::operator=(SessionToken&&) noexcept = default;

uint64_t SessionToken::size() const { return seen_->size(); }
uint64_t SessionToken::forgotten() const { return seen_->forgotten(); }

std::string SessionToken::encode() const { return seen_->encode(); }

Error SessionToken::decode(std::string_view bytes) {
  const auto read = client::SeenKeys::decode(bytes);
  if (read.is_ok()) seen_->merge(*read);
  return error_of(read.status());
}

Error SessionToken::load(const std::string& path) {
  return error_of(client::load_session(path, *seen_));
}

Error SessionToken::save(const std::string& path) {
  return error_of(client::save_session(path, *seen_));
}

}  // namespace distkv
