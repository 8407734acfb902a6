#include "bin/cli/commands.h"

namespace distkv::bin::cli {

int remove(Call& call) {
  const std::string& key = call.argument(0);
  return report_write(call, key, call.client.remove(key, put_options(call)),
                      "Successfully deleted key '" + key + "'");
}

}  // namespace distkv::bin::cli
