"""The report's style sheet: system fonts, two palettes, no external file."""

STYLE = """
:root{color-scheme:light dark}
:root{--bg:#fff;--ink:#1a2230;--soft:#5b6675;--line:#dfe4ea;--card:#f6f8fa;--good:#137a4b;--goodbg:#e5f5ec;
--bad:#b3261e;--badbg:#fdecea;--warn:#8a5a00;--warnbg:#fff4db;--accent:#2f5fb3}
@media (prefers-color-scheme:dark){:root{--bg:#12161c;--ink:#e6eaf0;--soft:#9aa6b5;--line:#2c3541;
--card:#1a2028;--good:#5fd39a;--goodbg:#12301f;--bad:#ff8f86;--badbg:#3a1a18;--warn:#f0c264;--warnbg:#352909;
--accent:#86aef5}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:14px/1.5 system-ui,-apple-system,"Segoe UI",
Roboto,sans-serif}
main{max-width:1120px;margin:0 auto;padding:24px}
h1{font-size:22px;margin:0;line-height:1.2}
h2{font-size:12px;letter-spacing:.06em;text-transform:uppercase;color:var(--soft);margin:30px 0 10px}
header{display:flex;gap:16px;align-items:center;padding:18px 20px;border-radius:12px}
header p{margin:3px 0 0;color:var(--ink)}
header .mark{width:40px;height:40px;flex:none;border-radius:50%;display:grid;place-items:center;
font-size:22px;font-weight:700;color:var(--bg)}
header.good{background:var(--goodbg)}header.good h1{color:var(--good)}
header.good .mark{background:var(--good)}
header.bad{background:var(--badbg)}header.bad h1{color:var(--bad)}header.bad .mark{background:var(--bad)}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(220px,1fr));gap:14px 28px;margin:20px 4px 0}
dt{color:var(--soft);font-size:12px}dd{margin:1px 0 0;overflow-wrap:anywhere}
code{font:12.5px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.digest{overflow-wrap:anywhere}
.graph,.wide{overflow-x:auto;border:1px solid var(--line);border-radius:12px;background:var(--card)}
.graph{padding:12px}.graph svg{display:block;margin:0 auto;max-width:100%;height:auto}
table{border-collapse:collapse;width:100%;background:var(--bg);border-radius:12px}
th{font-size:12px;font-weight:600;color:var(--soft);text-align:left}
th,td{padding:10px 14px;border-bottom:1px solid var(--line);vertical-align:top}
tr:last-child td{border-bottom:0}
td small{display:block;color:var(--soft);font-size:12px}
.tight,.tight small{white-space:nowrap}
tbody tr:not(.more) td{border-bottom:0;padding-bottom:2px}tr.more td{padding-top:2px}
.badge{display:inline-block;border-radius:99px;padding:1px 10px;font-size:12px;font-weight:600}
.badge.good{background:var(--goodbg);color:var(--good)}
.badge.warn{background:var(--warnbg);color:var(--warn)}.badge.bad{background:var(--badbg);color:var(--bad)}
.reasons{margin:0;padding:14px 18px 14px 36px;border-radius:12px;background:var(--badbg);
overflow-wrap:anywhere}
.evidence{border:1px solid var(--line);border-radius:12px;padding:6px 18px}
.evidence p{margin:8px 0;display:block;overflow-wrap:anywhere}
.evidence span{display:inline-block;min-width:82px;color:var(--soft)}
footer{color:var(--soft);font-size:12px;margin:14px 4px 0}
svg .edge{fill:none;stroke:var(--line);stroke-width:2}svg .edge.good{stroke:var(--good)}
svg .edge.warn{stroke:var(--warn)}svg .edge.bad{stroke:var(--bad);stroke-dasharray:5 5}
svg .box{fill:var(--bg);stroke:var(--line)}svg .box.good{stroke:var(--good)}svg .box.bad{stroke:var(--bad)}
svg .box.warn{stroke:var(--warn)}svg text{fill:var(--ink);font:600 13px system-ui,sans-serif}
svg text.sub{fill:var(--soft);font:12px system-ui,sans-serif}
svg text.head{fill:var(--soft);font:11px system-ui,sans-serif;letter-spacing:.05em}
""".replace("\n", "")
