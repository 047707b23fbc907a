/**
 * The page's one style sheet. Colours are from the Okabe-Ito palette (told apart with every common colour blindness) and
 * no meaning hangs on colour alone; fonts are the reader's own.
 */
export const style = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --ink: #1b1f24; --soft: #59636e; --line: #e3e6ea; --tint: #eef4fa;
  --gate: #0072b2; --dev: #c05a00; --goal: #59636e;
  --good: #00674b; --good-back: #e0f3ec; --mid: #7a4f00; --mid-back: #fcf0d4; --bad: #9c3a00; --bad-back: #fce8dd;
  --none: #59636e; --none-back: #eceff2; --bar-before: #a5adb7; --bar-after: #0072b2;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0f1216; --card: #171b21; --ink: #e6e9ed; --soft: #9aa4af; --line: #2a3038; --tint: #16242f;
    --gate: #56b4e9; --dev: #e69f00; --goal: #9aa4af;
    --good: #5fd3ae; --good-back: #11302a; --mid: #f0c35a; --mid-back: #35290f; --bad: #ff9d6b; --bad-back: #3b1f14;
    --none: #9aa4af; --none-back: #242a32; --bar-before: #5b6570; --bar-after: #56b4e9;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 40px 24px 72px; }
h1 { font-size: 2rem; line-height: 1.2; letter-spacing: -0.02em; margin: 0 0 6px; font-weight: 650; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; line-height: 1.3; letter-spacing: -0.01em; margin: 56px 0 6px; font-weight: 650; scroll-margin-top: 16px; }
h3 { font-size: 1rem; line-height: 1.4; margin: 0; font-weight: 600; overflow-wrap: anywhere; }
h3.next { margin-top: 24px; }
p { margin: 0 0 12px; max-width: 74ch; }
.soft, .lead { color: var(--soft); }
.lead { margin-bottom: 16px; }
.small { font-size: 0.8125rem; line-height: 1.5; }
.eyebrow { color: var(--soft); font-size: 0.8125rem; margin: 0 0 10px; overflow-wrap: anywhere; }
code, .mono { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; font-size: 0.8125rem; overflow-wrap: anywhere; }
nav { display: flex; flex-wrap: wrap; gap: 4px 18px; margin-top: 22px; font-size: 0.875rem; }
nav a { color: var(--gate); text-decoration: none; }
nav a:hover, nav a:focus-visible { text-decoration: underline; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 20px 22px; margin: 0 0 16px; }
.figures { display: grid; grid-template-columns: minmax(0, 1.7fr) repeat(2, minmax(0, 1fr)); gap: 16px; margin: 26px 0 0; }
.figure { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 18px 22px; }
.figure .label { color: var(--soft); font-size: 0.8125rem; margin: 0 0 4px; }
.figure .value { font-size: 2rem; line-height: 1.2; letter-spacing: -0.02em; font-weight: 650; font-variant-numeric: tabular-nums; margin: 0 0 4px; }
.figure .value .from { color: var(--soft); font-weight: 450; }
.figure .more { color: var(--soft); font-size: 0.875rem; margin: 0; }
.state { margin: 18px 0 0; }
.notice { border-left: 3px solid var(--mid); background: var(--mid-back); border-radius: 0 8px 8px 0; padding: 10px 16px; margin: 14px 0 0; font-size: 0.9375rem; max-width: none; }
.notice p:last-child { margin: 0; }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 12px; margin: 0 0 16px; }
.card .scroll { border-radius: 8px; margin: 14px 0 0; }
table { border-collapse: collapse; width: 100%; font-size: 0.875rem; line-height: 1.45; font-variant-numeric: tabular-nums; }
th, td { padding: 9px 14px; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
tbody tr:last-child > * { border-bottom: 0; }
thead th { color: var(--soft); font-weight: 500; font-size: 0.8125rem; white-space: nowrap; vertical-align: bottom; }
tbody th { font-weight: 500; }
.scroll th:first-child { position: sticky; left: 0; background: var(--card); }
.num { text-align: right; white-space: nowrap; }
.is-best { background: var(--tint); }
.under { display: block; color: var(--soft); font-size: 0.75rem; white-space: nowrap; }
th .under { font-weight: 400; white-space: normal; }
.wide { min-width: 18ch; } .line { white-space: nowrap; } .prose { min-width: 26ch; color: var(--soft); }
.chip { display: inline-block; border-radius: 999px; padding: 1px 10px; font-size: 0.75rem; line-height: 1.6; font-weight: 600; white-space: nowrap; color: var(--none); background: var(--none-back); }
.chip.good { color: var(--good); background: var(--good-back); } .chip.mid { color: var(--mid); background: var(--mid-back); } .chip.bad { color: var(--bad); background: var(--bad-back); }
.id { margin-left: auto; color: var(--soft); font-size: 0.75rem; overflow-wrap: anywhere; }
.legend { display: flex; flex-wrap: wrap; gap: 6px 22px; font-size: 0.8125rem; color: var(--soft); margin: 0 0 14px; }
.legend svg { vertical-align: -2px; margin-right: 7px; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 310px), 1fr)); gap: 16px; }
.chart { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 14px 16px 10px; margin: 0; min-width: 0; }
.chart figcaption { display: flex; justify-content: space-between; gap: 10px; align-items: baseline; margin-bottom: 6px; font-size: 0.875rem; font-weight: 600; overflow-wrap: anywhere; }
.chart figcaption .soft { font-weight: 400; font-size: 0.8125rem; white-space: nowrap; }
.chart svg { width: 100%; height: auto; display: block; color: var(--soft); font-family: inherit; }
.top { display: flex; flex-wrap: wrap; gap: 6px 12px; align-items: center; margin-bottom: 8px; }
dl.facts { display: grid; grid-template-columns: minmax(10ch, max-content) minmax(0, 1fr); gap: 4px 20px; margin: 12px 0 0; font-size: 0.875rem; font-variant-numeric: tabular-nums; }
dl.facts dt { color: var(--soft); } dl.facts dd { margin: 0; overflow-wrap: anywhere; }
.dimensions { columns: 2 440px; column-gap: 16px; }
.dimensions .card { break-inside: avoid; }
.bars { display: grid; grid-template-columns: minmax(8ch, 34%) minmax(0, 1fr); gap: 12px 16px; margin: 14px 0 0; font-size: 0.875rem; line-height: 1.35; align-items: center; }
.bars .name { overflow-wrap: anywhere; }
.pair { display: grid; grid-template-columns: minmax(0, 1fr) 13ch; gap: 3px 10px; align-items: center; font-size: 0.75rem; color: var(--soft); font-variant-numeric: tabular-nums; }
.track { background: var(--none-back); border-radius: 3px; height: 9px; overflow: hidden; }
.track span { display: block; height: 100%; border-radius: 3px; background: var(--bar-before); min-width: 0; }
.track.after span { background: var(--bar-after); }
.swatch { display: inline-block; width: 18px; height: 9px; border-radius: 3px; background: var(--bar-before); margin-right: 7px; }
.swatch.after { background: var(--bar-after); }
.quote { margin: 8px 0 0; max-width: none; white-space: pre-wrap; overflow-wrap: anywhere; }
.said { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 250px), 1fr)); gap: 12px; margin-top: 14px; }
.reply { border: 1px solid var(--line); border-radius: 8px; padding: 12px 14px; min-width: 0; }
.reply .top { justify-content: space-between; margin-bottom: 6px; font-size: 0.8125rem; font-weight: 600; }
.reply pre, pre.asked { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; font-size: 0.8125rem; line-height: 1.5; }
pre.asked { color: var(--soft); margin-top: 6px; }
.lines p { margin: 0; font-size: 0.875rem; line-height: 1.5; min-height: 0.7em; overflow-wrap: anywhere; } .lines .marked { background: var(--bad-back); border-radius: 6px; padding: 1px 6px; }
.scatter { max-width: 720px; margin: 0 0 16px; }
ul { margin: 8px 0 0; padding-left: 18px; } li { margin: 3px 0; max-width: 80ch; overflow-wrap: anywhere; }
.reply ul { font-size: 0.8125rem; line-height: 1.45; color: var(--soft); margin-top: 10px; padding: 8px 0 0 16px; border-top: 1px solid var(--line); }
.reply ul b { color: var(--ink); font-weight: 600; }
.notes { font-size: 0.875rem; color: var(--soft); }
@media (max-width: 700px) {
  main { padding: 26px 16px 56px; }
  h1 { font-size: 1.5rem; } h2 { margin-top: 44px; }
  .figures { grid-template-columns: minmax(0, 1fr); gap: 12px; }
  .figure .value { font-size: 1.625rem; }
  .card { padding: 16px; } th, td { padding: 8px 10px; }
  dl.facts { grid-template-columns: minmax(0, 1fr); gap: 0; } dl.facts dd { margin-bottom: 8px; }
  .pair { grid-template-columns: minmax(0, 1fr) 13ch; }
  .wide { min-width: 13ch; }
  .bars { grid-template-columns: minmax(0, 1fr); gap: 3px; }
  .bars .name:not(:first-child) { margin-top: 9px; }
}
@media print {
  body { background: #fff; } nav { display: none; } main { max-width: none; padding: 0; }
  .card, .chart, .figure, .reply { break-inside: avoid; }
}
`
