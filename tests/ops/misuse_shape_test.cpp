#include "tests/ops/misuse.h"

namespace aio::test {

using enum ErrorCode;

std::vector<Misuse> shape_misuses(const Operands& o) {
  return {
      {"reshape", value, {"x is undefined"}, [=] { reshape(o.none, {1}); }},
      {"reshape",
       shape,
       {"[2, 3]", "[4, 2]"},
       [=] {
         reshape(o.x, {4, 2});
       }},
      {"reshape",
       shape,
       {"[2, 3]", "[4, -1]"},
       [=] {
         reshape(o.x, {4, -1});
       }},
      {"reshape",
       shape,
       {"[-1, -1]"},
       [=] {
         reshape(o.x, {-1, -1});
       }},
      {"reshape",
       shape,
       {"[-2, -3]"},
       [=] {
         reshape(o.x, {-2, -3});
       }},
      {"reshape",
       shape,
       {"[0, -1]"},
       [=] {
         reshape(o.nothing, {0, -1});
       }},
      {"permute", value, {"x is undefined"}, [=] { permute(o.none, {0}); }},
      {"permute", shape, {"1", "[2, 3]"}, [=] { permute(o.x, {0}); }},
      {"permute",
       index,
       {"0", "[2, 3]", "twice"},
       [=] {
         permute(o.x, {0, 0});
       }},
      {"permute",
       index,
       {"2", "[2, 3]"},
       [=] {
         permute(o.x, {0, 2});
       }},
      {"transpose", value, {"x is undefined"}, [=] { transpose(o.none, 0, 1); }},
      {"transpose", index, {"2", "[2, 3]"}, [=] { transpose(o.x, 0, 2); }},
      {"transpose", index, {"-3", "[2, 3]"}, [=] { transpose(o.x, -3, 1); }},
      {"slice", value, {"x is undefined"}, [=] { slice(o.none, 0, 0, 1); }},
      {"slice", index, {"2", "[2, 3]"}, [=] { slice(o.x, 2, 0, 1); }},
      {"slice", index, {"4", "[2, 3]"}, [=] { slice(o.x, 1, 0, 4); }},
      {"slice", index, {"2", "1", "[2, 3]"}, [=] { slice(o.x, 1, 2, 1); }},
      {"slice", index, {"-4", "[2, 3]"}, [=] { slice(o.x, 1, -4, 2); }},
      {"slice", value, {"step is 0"}, [=] { slice(o.x, 1, 0, 2, 0); }},
      {"select", value, {"x is undefined"}, [=] { select(o.none, 0, 0); }},
      {"select", index, {"3", "[2, 3]"}, [=] { select(o.x, 1, 3); }},
      {"select", index, {"-4", "[2, 3]"}, [=] { select(o.x, 1, -4); }},
      {"select", index, {"5", "[2, 3]"}, [=] { select(o.x, 5, 0); }},
      {"select", index, {"0", "[0, 3]"}, [=] { select(o.nothing, 0, 0); }},
      {"expand", value, {"x is undefined"}, [=] { expand(o.none, {2}); }},
      {"expand",
       shape,
       {"[2, 3]", "[4, 3]"},
       [=] {
         expand(o.x, {4, 3});
       }},
      {"expand", shape, {"[2, 3]", "[3]"}, [=] { expand(o.x, {3}); }},
      {"unsqueeze", value, {"x is undefined"}, [=] { unsqueeze(o.none, 0); }},
      {"unsqueeze", index, {"3", "[2, 3]"}, [=] { unsqueeze(o.x, 3); }},
      {"unsqueeze", index, {"-4", "[2, 3]"}, [=] { unsqueeze(o.x, -4); }},
      {"unsqueeze", shape, {"[1, 1, 1, 1, 1, 2]", "6"}, [=] { unsqueeze(o.rank6, 0); }},
      {"squeeze", value, {"x is undefined"}, [=] { squeeze(o.none, 0); }},
      {"squeeze", shape, {"dimension 1 of x [2, 3] has size 3"}, [=] { squeeze(o.x, 1); }},
      {"squeeze", index, {"2", "[2, 3]"}, [=] { squeeze(o.x, 2); }},
      {"contiguous", value, {"x is undefined"}, [=] { contiguous(o.none); }},
      {"concat", value, {"no parts"}, [=] { concat({}, 0); }},
      {"concat",
       value,
       {"parts[1] is undefined"},
       [=] {
         concat({o.x, o.none}, 0);
       }},
      {"concat",
       value,
       {"parts[0] is undefined"},
       [=] {
         concat({o.none, o.x}, 0);
       }},
      {"concat",
       shape,
       {"parts[1] has shape [4]", "parts[0] [2, 3]"},
       [=] {
         concat({o.x, o.row4}, 0);
       }},
      {"concat",
       shape,
       {"parts[1] has shape [0, 3]", "[2, 3]"},
       [=] {
         concat({o.x, o.nothing}, 1);
       }},
      {"concat",
       dtype,
       {"parts[1] is f64[2, 3]", "f32"},
       [=] {
         concat({o.x, o.x64}, 0);
       }},
      {"concat",
       device,
       {"parts[1] [2, 3] is on cuda:0"},
       [=] {
         concat({o.x, o.cuda}, 0);
       }},
      {"concat",
       index,
       {"2", "[2, 3]"},
       [=] {
         concat({o.x, o.y}, 2);
       }},
      {"stack", value, {"no parts"}, [=] { stack({}, 0); }},
      {"stack",
       value,
       {"parts[1] is undefined"},
       [=] {
         stack({o.x, o.none}, 0);
       }},
      {"stack",
       shape,
       {"parts[1] has shape [0, 3]", "[2, 3]"},
       [=] {
         stack({o.x, o.nothing}, 0);
       }},
      {"stack",
       dtype,
       {"parts[1] is f64[2, 3]", "f32"},
       [=] {
         stack({o.x, o.x64}, 0);
       }},
      {"stack",
       device,
       {"parts[1] [2, 3] is on cuda:0"},
       [=] {
         stack({o.x, o.cuda}, 0);
       }},
      {"stack",
       index,
       {"3", "[2, 3]"},
       [=] {
         stack({o.x, o.y}, 3);
       }},
      {"split", value, {"x is undefined"}, [=] { split(o.none, {1}, 0); }},
      {"split",
       shape,
       {"add up to 4", "[2, 3]"},
       [=] {
         split(o.x, {2, 2}, 1);
       }},
      {"split", shape, {"add up to 0", "[2, 3]"}, [=] { split(o.x, {}, 1); }},
      {"split",
       value,
       {"size -1"},
       [=] {
         split(o.x, {4, -1}, 1);
       }},
      {"split", index, {"2", "[2, 3]"}, [=] { split(o.x, {3}, 2); }},
      {"roll", value, {"x is undefined"}, [=] { roll(o.none, 0, 1); }},
      {"roll", index, {"2", "[2, 3]"}, [=] { roll(o.x, 2, 1); }},
      {"roll", index, {"0", "[]"}, [=] { roll(o.scalar, 0, 1); }},
      {"temporal_roll", shape, {"x has shape [2, 3]", "[B, T, N, C]"}, [=] { temporal_roll(o.x, o.ids); }},
      {"temporal_roll", shape, {"shift has shape [2]", "[3]", "[1, 2, 3, 4]"}, [=] { temporal_roll(o.video, o.ids); }},
      {"temporal_roll", dtype, {"shift is f32[3]", "i64"}, [=] { temporal_roll(o.video, o.gamma); }},
      {"temporal_roll", dtype, {"x is i64[2]"}, [=] { temporal_roll(o.ids, o.ids); }},
      {"temporal_roll", device, {"shift [2] is on cuda:0"}, [=] { temporal_roll(o.video, o.cuda_ids); }},
      {"temporal_roll", value, {"shift is undefined"}, [=] { temporal_roll(o.video, o.none); }},
  };
}

TEST_CASE("misuse: views, concat, split, rolls") { check_misuses(shape_misuses); }

}  // namespace aio::test
