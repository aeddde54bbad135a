#pragma once
// The look of a report: one style sheet for light and dark, for screen and paper. Charts use its classes c0 to c7.

namespace aio::report {

inline constexpr const char* kReportStyle = R"(
:root { color-scheme: light dark;
  --page: #fcfcfb; --card: #ffffff; --text: #1c2024; --soft: #646b73; --line: #e3e5e8; --faint: #eff1f3;
  --good: #2b8a3e; --bad: #c92a2a; --accent: #2563c9;
  --c0: #2563c9; --c1: #d9480f; --c2: #2b8a3e; --c3: #9c36b5; --c4: #0c8599; --c5: #b7791f; --c6: #c2255c; --c7: #5c6773; }
@media (prefers-color-scheme: dark) { :root {
  --page: #14171a; --card: #1b1f23; --text: #e6e8ea; --soft: #98a1ab; --line: #30363c; --faint: #23282d;
  --good: #69c57c; --bad: #ff8787; --accent: #7aa7f5;
  --c0: #7aa7f5; --c1: #ff9f68; --c2: #69c57c; --c3: #d79be8; --c4: #4fc3d4; --c5: #e2b95a; --c6: #f783ac; --c7: #a5afba; } }
* { box-sizing: border-box; }
body { background: var(--page); color: var(--text); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto,
  "Helvetica Neue", "DejaVu Sans", sans-serif; font-variant-numeric: tabular-nums; max-width: 76rem; margin: 0 auto;
  padding: 2.2rem 1.4rem 4rem; }
h1 { font-size: 1.7rem; font-weight: 650; letter-spacing: -.01em; margin: 0; }
h2 { font-size: 1.2rem; font-weight: 650; margin: 3rem 0 .9rem; }
h3 { font-size: 1rem; font-weight: 600; margin: 0; }
p { margin: .3rem 0 .9rem; max-width: 60rem; }
a { color: var(--accent); text-decoration: none; } a:hover { text-decoration: underline; }
.soft, nav, .facts { color: var(--soft); }
nav { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; margin: .8rem 0 0; padding-bottom: .9rem;
  border-bottom: 1px solid var(--line); }
.facts { font-size: .87rem; margin: .15rem 0 .7rem; overflow-wrap: anywhere; }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.6rem, 1fr)); gap: .8rem; margin: 1.6rem 0 0; }
.tile, .card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.tile { padding: .75rem .95rem .7rem; }
.tile b { display: block; font-size: 1.55rem; font-weight: 620; letter-spacing: -.02em; line-height: 1.25; }
.tile span { display: block; font-size: .82rem; line-height: 1.35; color: var(--soft); }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(21rem, 1fr)); gap: .9rem; align-items: start;
  grid-auto-flow: dense; }
.card { padding: .95rem 1.1rem 1rem; overflow-x: auto; }
.wide { grid-column: 1 / -1; }
table { border-collapse: collapse; font-size: .9rem; width: 100%; }
th, td { text-align: right; padding: .3rem .1rem .3rem 1rem; border-top: 1px solid var(--faint); vertical-align: baseline; }
th { font-weight: 500; color: var(--soft); border-top: 0; font-size: .82rem; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
td.best { font-weight: 650; } td .soft { font-size: .82rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(19rem, 1fr)); gap: .9rem; }
figure { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: .8rem .9rem .5rem; }
figcaption { display: flex; flex-wrap: wrap; justify-content: space-between; gap: .1rem 1rem; font-size: .9rem;
  font-weight: 600; margin-bottom: .3rem; }
.legend { display: flex; flex-wrap: wrap; gap: 0 .9rem; font-weight: 400; font-size: .82rem; color: var(--soft); }
.legend i { display: inline-block; width: 1.1rem; border-top: 2.5px solid; vertical-align: .25em; margin-right: .35rem; }
.legend .dashed i { border-top-style: dashed; border-top-width: 2px; }
.charts.two { grid-template-columns: repeat(auto-fit, minmax(24rem, 1fr)); }
.below { margin-top: .9rem; margin-bottom: 0; }
.card figure { border: 0; padding: .5rem 0 0; }
svg { display: block; width: 100%; height: auto; overflow: visible; }
svg text { font-size: 11.5px; fill: var(--soft); } svg .strong { fill: var(--text); font-weight: 600; font-size: 12.5px; }
svg .grid { stroke: var(--faint); } svg .base { stroke: var(--soft); stroke-opacity: .6; }
svg .reference { stroke: var(--soft); stroke-dasharray: 4 4; }
svg .whisker { stroke: var(--text); stroke-width: 1.3; }
svg .value { fill: var(--card); stroke: var(--text); stroke-width: 1.2; }
svg polyline { fill: none; stroke-width: 1.9; stroke-linejoin: round; stroke-linecap: round; }
svg polyline.dashed { stroke-dasharray: 5 4; stroke-width: 1.6; }
polyline.c0 { stroke: var(--c0); } polyline.c1 { stroke: var(--c1); } polyline.c2 { stroke: var(--c2); }
polyline.c3 { stroke: var(--c3); } polyline.c4 { stroke: var(--c4); } polyline.c5 { stroke: var(--c5); }
polyline.c6 { stroke: var(--c6); } polyline.c7 { stroke: var(--c7); }
circle.c0, rect.c0 { fill: var(--c0); } circle.c1, rect.c1 { fill: var(--c1); } circle.c2, rect.c2 { fill: var(--c2); }
circle.c3, rect.c3 { fill: var(--c3); } circle.c4, rect.c4 { fill: var(--c4); } circle.c5, rect.c5 { fill: var(--c5); }
circle.c6, rect.c6 { fill: var(--c6); } circle.c7, rect.c7 { fill: var(--c7); }
.c0 i { color: var(--c0); } .c1 i { color: var(--c1); } .c2 i { color: var(--c2); } .c3 i { color: var(--c3); }
.c4 i { color: var(--c4); } .c5 i { color: var(--c5); } .c6 i { color: var(--c6); } .c7 i { color: var(--c7); }
svg rect { fill-opacity: .82; }
details { margin: 0 0 .9rem; }
summary { cursor: pointer; padding: .35rem 0; }
summary h3 { display: inline; } summary .facts { margin-left: .6rem; }
pre { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: .8rem 1rem; font-size: .82rem;
  line-height: 1.45; overflow-x: auto; margin: .4rem 0; }
.examples { display: grid; grid-template-columns: repeat(auto-fill, minmax(21rem, 1fr)); gap: .9rem; margin-bottom: 1.4rem; }
.frames { display: flex; gap: 4px; margin-bottom: .6rem; }
.frames img { border-radius: 5px; flex: 1 1 0; min-width: 0; max-width: 12rem; height: auto; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem .9rem; margin: 0; font-size: .88rem; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
.good { color: var(--good); font-weight: 600; } .bad { color: var(--bad); font-weight: 600; }
@media print { body { max-width: none; padding: 0; } figure, .card { break-inside: avoid; } }
)";

}  // namespace aio::report
