"""The style sheet of the HTML report: system fonts, light and dark, and paper."""

STYLE = """
:root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--ink:#16202e;--soft:#5a6675;--line:#e2e6eb;
--good:#136c43;--good-bg:#dff4e8;--bad:#a4201f;--bad-bg:#fde4e2;--warn:#85550a;--warn-bg:#fdf0d3;
--plain-bg:#edf0f4;--accent:#2456a6;--bar:#3f8f6b;--bar-bad:#c94440;--bar-warn:#d99a2b}
@media (prefers-color-scheme:dark){:root{--bg:#10151c;--card:#182029;--ink:#e7ecf2;--soft:#9aa7b6;
--line:#2b3643;--good:#7fdcae;--good-bg:#143526;--bad:#ff9f99;--bad-bg:#45191a;--warn:#f2c56b;
--warn-bg:#3c2d0e;--plain-bg:#25303c;--accent:#8ab4f8;--bar:#4fae83;--bar-bad:#e0625d;--bar-warn:#e0a83f}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);
font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{max-width:1080px;margin:0 auto;padding:36px 24px 48px}
h1{font-size:30px;line-height:1.2;margin:2px 0 6px;letter-spacing:-.01em;overflow-wrap:anywhere}
h2{font-size:18px;margin:0 0 14px;letter-spacing:-.005em}
h2 small{font-size:13px;font-weight:400;color:var(--soft);margin-left:6px}
h3{font-size:15px;margin:0}
p{margin:0 0 8px}
code{font:12.5px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;
overflow-wrap:anywhere}
.eyebrow{font-size:12px;font-weight:600;letter-spacing:.09em;text-transform:uppercase;color:var(--accent)}
.soft,.empty,.absent{color:var(--soft)}.empty,.absent{font-style:italic}
.top{display:flex;justify-content:space-between;gap:24px;align-items:flex-start}.top>div{min-width:0}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:22px 0}
.tile,section,.check{background:var(--card);border:1px solid var(--line);border-radius:12px}
.tile{padding:14px 16px}.tile b{display:block;font-size:26px;line-height:1.15;font-weight:650;
font-variant-numeric:tabular-nums}.tile span{color:var(--soft);font-size:13px}
section{padding:20px 22px;margin:0 0 16px}
.checks{display:grid;grid-template-columns:repeat(auto-fit,minmax(280px,1fr));gap:12px;margin:0 0 16px}
.check{padding:16px 18px;border-top:4px solid var(--line)}
.check.good{border-top-color:var(--bar)}.check.bad{border-top-color:var(--bar-bad)}
.check header,.version header{display:flex;gap:10px;align-items:center;flex-wrap:wrap;margin-bottom:10px}
.check header{justify-content:space-between}
.check h3{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:14px}
ul{margin:0;padding-left:18px}li{margin:2px 0;overflow-wrap:anywhere}
.check ul{font-size:13.5px;color:var(--soft)}
.pill{display:inline-block;padding:1px 10px;border-radius:999px;font-size:12px;font-weight:650;
white-space:nowrap;background:var(--plain-bg);color:var(--soft)}
.pill.good{background:var(--good-bg);color:var(--good)}.pill.bad{background:var(--bad-bg);color:var(--bad)}
.pill.warn{background:var(--warn-bg);color:var(--warn)}
.attention{border-left:5px solid var(--bar-warn)}.attention.clear{border-left-color:var(--bar)}
.attention li{margin:5px 0}
dl{display:grid;grid-template-columns:minmax(130px,max-content) 1fr;gap:5px 20px;margin:0;font-size:14px}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
dl+.empty,dl+.scroll{margin-top:12px}
.two{columns:2;column-gap:36px}.version{border-top:1px solid var(--line);padding-top:18px;margin-top:18px}
.version:first-of-type{border-top:0;padding-top:0;margin-top:0}
.version dl{margin-bottom:12px}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:13.5px}
th{font-size:12px;font-weight:600;text-align:left;color:var(--soft);white-space:nowrap}
th,td{padding:7px 14px 7px 0;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:break-word}
tbody tr:last-child td{border-bottom:0}td.figure{font-variant-numeric:tabular-nums}
td .pill{margin-right:4px}td code{white-space:nowrap}
.version table{table-layout:fixed;min-width:640px}.version th:nth-child(1){width:15%}
.version th:nth-child(2){width:12%}.version th:nth-child(4){width:33%}
td time,td.nowrap{white-space:nowrap}
time{font-variant-numeric:tabular-nums}
svg{display:block;width:100%;height:auto}svg text{fill:var(--soft);font-size:11px}
.axis{stroke:var(--line)}.s{fill:var(--bar)}.d{fill:var(--bar-bad)}.f{fill:var(--bar-warn)}
.legend{display:flex;gap:18px;font-size:13px;color:var(--soft);margin-top:8px}
.legend i{display:inline-block;width:10px;height:10px;border-radius:3px;margin-right:6px}
.legend .s{background:var(--bar)}.legend .d{background:var(--bar-bad)}.legend .f{background:var(--bar-warn)}
footer{color:var(--soft);font-size:13px;margin-top:22px}
@media (max-width:640px){main{padding:20px 14px}dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:8px}}
@media print{:root{color-scheme:light;--bg:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#bbb;
--good:#0b5a36;--good-bg:#e6f5ec;--bad:#8f1615;--bad-bg:#fbe6e4;--warn:#6d4506;--warn-bg:#fbf1dc;
--plain-bg:#eee;--accent:#1d4a93;--bar:#3f8f6b;--bar-bad:#c94440;--bar-warn:#d99a2b}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
body{font-size:11pt}main{max-width:none;padding:0}.tile,.check,.version,tr{break-inside:avoid}
section{border-radius:0;border-width:1px 0 0;padding:12px 0}h2{break-after:avoid}.scroll{overflow:visible}}
"""
