#include "data/metrics/ptb/lexer.h"

#include "data/metrics/ptb/rules.h"

namespace aio::ptb {

std::size_t token_end(Text text, std::size_t begin) {
  using Rule = Match (*)(Text, std::size_t);
  constexpr Rule kRules[] = {fused,
                             tag,
                             entity,
                             word_before_auxiliary,
                             word_before_negation,
                             word,
                             word_with_period,
                             apostrophe_word,
                             you,
                             url,
                             email,
                             handle,
                             auxiliary,
                             year,
                             number,
                             hyphenated,
                             joined_capitals,
                             alternatives,
                             number_hyphenated,
                             prefix_or_name,
                             dollar,
                             abbreviation,
                             file_name,
                             smiley,
                             opening_quote,
                             marks};
  Match best;
  for (const Rule rule : kRules) {
    const Match match = rule(text, begin);
    if (match.reach > best.reach) best = match;
  }
  return best.end;
}

}  // namespace aio::ptb
