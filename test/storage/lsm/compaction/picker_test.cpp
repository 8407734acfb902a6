// The picker against picker.txt: a state, a question, `----`, the answer. DISTKV_REWRITE=1 writes
// the answers anew; read the difference before keeping them.
//
//   options fan_out=4 merge_ratio=0.5 base_bytes_min=0 tombstone_ratio=0.5 stretch_bytes=100
//   data run 3 level=0 live_from=0 1@0-499:50 2@500-max:50/2000/1500
//   data base 1 4@0-max:400
//   pick damaged=4          or: debt damaged=4
//
// A table is file@first-last:bytes, or with /rows/tombstones (else as many rows as bytes, none
// erased).
#include "storage/lsm/compaction/picker.h"

#include <doctest/doctest.h>

#include <sstream>
#include <string>

#include "text_file.h"

namespace distkv::storage::lsm {
namespace {

using base::Token;

constexpr const char* kSpaceNames[kSpaces] = {"data", "hints", "node"};

Token token_of(const std::string& text) {
  return Token(text == "max" ? UINT64_MAX : std::stoull(text));
}

std::string text_of(Token token) {
  return token.value() == UINT64_MAX ? "max" : std::to_string(token.value());
}

// What stands between the first `from` and the next `to` (or the end).
std::string between(const std::string& text, char from, char to) {
  const auto start = from == '\0' ? 0 : text.find(from) + 1;
  return text.substr(start, text.find(to, start) - start);
}

TableSummary table_of(const std::string& text, Space space) {
  const std::string amounts = text.substr(text.find(':') + 1);
  TableSummary table;
  table.file = FileId(std::stoull(between(text, '\0', '@')));
  table.space = space;
  table.first = token_of(between(text, '@', '-'));
  table.last = token_of(between(text, '-', ':'));
  table.bytes = std::stoull(between(amounts, '\0', '/'));
  table.rows = table.bytes;
  if (amounts.find('/') != std::string::npos) {
    const std::string rows = amounts.substr(amounts.find('/') + 1);
    table.rows = std::stoull(between(rows, '\0', '/'));
    table.tombstones = std::stoull(between(rows, '/', ' '));
  }
  return table;
}

class Script {
 public:
  // Answers if the line is a question.
  std::string run(const std::string& line) {
    std::istringstream words(line);
    std::string word;
    words >> word;
    if (word == "options") read_options(words);
    if (word == "pick") return answer_pick(words);
    if (word == "debt") return answer_debt(words);
    for (size_t i = 0; i < kSpaces; ++i) {
      if (word == kSpaceNames[i]) read_run(words, i);
    }
    return "";
  }

 private:
  void read_options(std::istringstream& words) {
    for (std::string word; words >> word;) {
      const std::string name = between(word, '\0', '=');
      const std::string value = between(word, '=', ' ');
      if (name == "fan_out") options_.fan_out = std::stoull(value);
      if (name == "merge_ratio") options_.merge_ratio = std::stod(value);
      if (name == "base_bytes_min") options_.base_bytes_min = std::stoull(value);
      if (name == "tombstone_ratio") options_.tombstone_ratio = std::stod(value);
      if (name == "stretch_bytes") options_.stretch_bytes = std::stoull(value);
    }
  }

  void read_run(std::istringstream& words, size_t space) {
    RunState run;
    std::string kind;
    uint64_t id = 0;
    words >> kind >> id;
    run.id = RunId(id);
    run.is_base = kind == "base";
    for (std::string word; words >> word;) {
      if (word.starts_with("level=")) {
        run.level = static_cast<uint8_t>(std::stoul(word.substr(6)));
      } else if (word.starts_with("live_from=")) {
        run.live_from = token_of(word.substr(10));
      } else {
        run.tables.push_back(table_of(word, space_at(space)));
      }
    }
    state_.next_run = std::max(state_.next_run, RunId(id + 1));
    for (const auto& table : run.tables) {
      state_.next_file = std::max(state_.next_file, FileId(table.file.value() + 1));
    }
    state_.spaces[space].push_back(run);
  }

  static std::set<FileId> damaged_in(std::istringstream& words) {
    std::set<FileId> damaged;
    for (std::string word; words >> word;) {
      damaged.insert(FileId(std::stoull(between(word, '=', ' '))));
    }
    return damaged;
  }

  std::string answer_pick(std::istringstream& words) {
    const auto sound = check(state_);
    REQUIRE_MESSAGE(sound.is_ok(), sound.message());
    const auto merge = pick(state_, options_, damaged_in(words));
    if (!merge) return "nothing\n";
    const bool is_sweep = merge->kind == Merge::Kind::kSweep;
    std::string text =
        std::string(is_sweep ? "sweep " : "stack ") + kSpaceNames[index_of(merge->space)] + " runs";
    for (const auto run : merge->runs) text += " " + std::to_string(run.value());
    if (is_sweep)
      return text + " tokens " + text_of(merge->first) + "-" + text_of(merge->last) + "\n";
    return text + " to level " + std::to_string(merge->level) + "\n";
  }

  std::string answer_debt(std::istringstream& words) const {
    const Debt debt = debt_of(state_, options_, damaged_in(words));
    std::ostringstream text;
    text << "runs " << debt.runs << " bytes " << debt.bytes << "\n";
    return text.str();
  }

  StoreState state_;
  // The text says what differs from these, whatever the product takes by default.
  PickerOptions options_{
      .fan_out = 4, .merge_ratio = 0.5, .base_bytes_min = 0, .debt_bytes_min = 0};
};

TEST_SUITE_BEGIN("picker");

TEST_CASE("the picker answers every question of picker.txt as it says") {
  std::istringstream lines(read_text_file("picker.txt"));
  std::string expected;
  Script script;
  bool is_answer = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty()) is_answer = false;
    if (is_answer) continue;
    expected += line + "\n";
    if (line.starts_with("# ")) script = Script();
    const std::string answer = script.run(line);
    if (answer.empty()) continue;
    expected += "----\n" + answer;
    is_answer = true;
  }

  check_text_file("picker.txt", expected);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::storage::lsm
