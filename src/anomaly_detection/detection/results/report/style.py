"""The page's style: light and dark, wide and narrow, and on paper."""

from __future__ import annotations

import base64
import hashlib

STYLE = """
:root{color-scheme:light dark;--page:#f6f7f9;--card:#fff;--sunken:#f0f2f5;--line:#e1e4ea;--ink:#171c26;--soft:#525c6d;
--accent:#2f54c9;--value:#33415c;--dense:#8b96ab;--band:rgba(92,127,230,.2);--expected:#5c7fe6;--grid:#e7eaef;--bar:#a9b5ca;
--s0:#a97b16;--s1:#c2610c;--s2:#c42f1f;--s3:#8c0f45}
@media screen and (prefers-color-scheme:dark){:root{--page:#10131a;--card:#181c25;--sunken:#1f2430;--line:#2b3140;--ink:#e9ecf3;
--soft:#a3acbd;--accent:#8ea8f7;--value:#c6cfdf;--dense:#6d7991;--band:rgba(127,156,245,.22);--expected:#7f9cf5;--grid:#262c39;
--bar:#56637d;--s0:#d8b14e;--s1:#f29a4b;--s2:#fb7263;--s3:#ff74ab}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{max-width:1080px;margin:0 auto;padding:32px 20px 48px}
h1{font-size:26px;line-height:1.2;margin:0 0 4px;overflow-wrap:anywhere}
h2{font-size:18px;line-height:1.3;margin:0 0 12px}
h3{font-size:14px;margin:0 0 6px}
p{margin:0 0 10px}
.lead{font-size:17px;max-width:75ch;margin:14px 0 0;overflow-wrap:anywhere}
.soft,figcaption,caption{color:var(--soft)}
.soft{font-size:13px}
section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:20px;margin:20px 0 0}
header{margin:0 0 4px}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(130px,1fr));gap:12px;margin:20px 0 0;padding:0}
.tiles>div{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:12px 16px}
.tiles dt{color:var(--soft);font-size:13px}
.tiles dd{margin:0;font-size:24px;line-height:1.25;font-weight:600;font-variant-numeric:tabular-nums}
.tiles small{display:block;font-size:12px;font-weight:400;color:var(--soft)}
.key{display:flex;flex-wrap:wrap;gap:4px 18px;margin:0 0 10px;padding:0;list-style:none;font-size:13px}
.key svg{width:14px;height:14px;vertical-align:-2px;margin-right:5px;overflow:visible}
figure{margin:0 0 18px}
figure:last-child{margin-bottom:0}
figcaption{font-size:13px;margin:0 0 4px;overflow-wrap:anywhere}
figcaption b{color:var(--ink);font-weight:600}
svg{display:block;width:100%;height:auto}
.key svg,.mark svg{display:inline-block}
svg text{font-size:12px;fill:var(--soft);font-family:inherit}
.share{height:10px;margin-top:6px;max-width:420px}
.narrow{display:none}
.pair{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:20px}
.pair figure{margin:0}
.grid{stroke:var(--grid);stroke-width:1;fill:none}
.axis{stroke:var(--soft);stroke-width:1;fill:none}
.value{stroke:var(--value);stroke-width:1.3;fill:none;stroke-linejoin:round}
.dense{stroke:var(--dense);stroke-width:.8;fill:none;stroke-linejoin:round}
.expected{stroke:var(--expected);stroke-width:1;fill:none;stroke-dasharray:4 3}
.band{fill:var(--band)}
.bar{fill:var(--bar)}
.cut{stroke:var(--ink);stroke-width:1.4;stroke-dasharray:5 4;fill:none}
svg text.strong{fill:var(--ink);font-weight:600}
.cloud{stroke:var(--dense);stroke-width:3;stroke-linecap:round;fill:none;opacity:.55}
.m0{stroke:var(--s0);stroke-width:6;stroke-linecap:round;fill:none}
.m1{stroke:var(--s1);stroke-width:6;stroke-linecap:square;fill:none}
.m2{fill:var(--s2);stroke:var(--card);stroke-width:.7}
.m3{fill:var(--s3);stroke:var(--card);stroke-width:.7}
.e0{fill:var(--s0)}.e1{fill:var(--s1)}.e2{fill:var(--s2)}.e3{fill:var(--s3)}
.event{opacity:.16}
.mark{white-space:nowrap;font-weight:600}
.mark svg{width:12px;height:12px;vertical-align:-1px;margin-right:6px;overflow:visible}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:14px}
caption{text-align:left;font-size:13px;padding:0 0 8px}
th,td{text-align:left;vertical-align:top;padding:7px 12px 7px 0;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
th{color:var(--soft);font-weight:600;font-size:13px;white-space:nowrap;overflow-wrap:normal}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td.t{white-space:nowrap;font-variant-numeric:tabular-nums}
td.why{min-width:16em}
td.v{min-width:11em}
td.v .pair-of{white-space:nowrap}
tr:last-child td{border-bottom:0}
details{font-size:13px}
summary{color:var(--accent);cursor:pointer}
.list{display:grid;grid-template-columns:minmax(9em,max-content) minmax(0,1fr);gap:6px 20px;margin:0}
.list dt{color:var(--soft)}
.list dd{margin:0;overflow-wrap:anywhere}
.values{grid-template-columns:minmax(5em,max-content) minmax(0,1fr);gap:1px 12px;font-size:13px}
.notes{border-left:4px solid var(--s1)}
.notes ul,.plain{margin:0;padding-left:1.2em}
.notes li,.plain li{margin:0 0 6px;overflow-wrap:anywhere}
pre{background:var(--sunken);border-radius:8px;padding:14px;margin:0 0 10px;white-space:pre-wrap;overflow-wrap:anywhere;
font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
code{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
footer{margin:20px 0 0;color:var(--soft);font-size:13px;overflow-wrap:anywhere}
@media screen and (max-width:700px){
main{padding:20px 14px 32px}h1{font-size:22px}section{padding:16px 14px}
.wide{display:none}.narrow{display:block}.pair{grid-template-columns:minmax(0,1fr)}
.tiles{grid-template-columns:repeat(2,minmax(0,1fr))}
.list{grid-template-columns:minmax(0,1fr);gap:0}.list dd{margin:0 0 8px}
.values{grid-template-columns:minmax(4em,max-content) minmax(0,1fr);gap:1px 12px}.values dd{margin:0}
table,tbody,tr,td,caption{display:block}thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
tr{border-bottom:1px solid var(--line);padding:10px 0}tr:last-child{border-bottom:0}
td,td.n{border:0;padding:1px 0;text-align:left;display:grid;grid-template-columns:8.5em minmax(0,1fr);white-space:normal}
td::before{content:attr(data-label);color:var(--soft);font-size:13px;font-weight:400}
td.why,td.v{min-width:0}td.v .pair-of{white-space:normal}}
@media print{@page{margin:14mm}:root{color-scheme:light;--page:#fff}body{font-size:11px}main{max-width:none;padding:0}
section{border-color:#ccc;padding:12px;margin:12px 0 0}h1{font-size:20px}h2{font-size:14px;break-after:avoid}
figure,tr,.tiles,pre{break-inside:avoid}table{font-size:10px}.tiles dd{font-size:17px}.lead{font-size:13px}details{display:none}}
""".strip()

POLICY = (
    "default-src 'none'; style-src 'sha256-"
    + base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    + "'; base-uri 'none'; form-action 'none'"
)
"""The page may load and run nothing; its one style is known by its hash."""
