/** The report's style sheet: light and dark by the reader's setting, one column on a phone, plain on paper. */
export const STYLE = `
:root{color-scheme:light dark;--page:#fbfcfd;--card:#fff;--edge:#d9dfe7;--text:#18212d;--quiet:#566273;--line:#1c63c9;--area:#1c63c91f;--fall:#b3261e;--fall-area:#b3261e26;--up:#0b6b3a;--down:#b3261e;--long:#0b7d43;--short:#a33c00;--exit:#3d4a5c;--badge:#e8eef7;--badge-text:#1d4372}
@media (prefers-color-scheme:dark){:root{--page:#0e1319;--card:#161d26;--edge:#2b3644;--text:#e6ebf2;--quiet:#9aa7b8;--line:#6aa9ff;--area:#6aa9ff26;--fall:#ff8a80;--fall-area:#ff8a8033;--up:#55cf8f;--down:#ff8a80;--long:#3ddc84;--short:#ffab70;--exit:#d5dde8;--badge:#20334d;--badge-text:#b9d4f8}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;-webkit-text-size-adjust:100%}
main{max-width:72rem;margin:0 auto;padding:1.5rem 1rem 4rem}
header p{margin:.25rem 0;color:var(--quiet)}
h1{font-size:1.6rem;line-height:1.25;margin:0 0 .5rem;overflow-wrap:anywhere}
h2{font-size:1.15rem;margin:2.5rem 0 .75rem}
.badge{display:inline-block;background:var(--badge);color:var(--badge-text);border-radius:.3rem;padding:0 .45rem;font-size:.78rem;font-weight:600;line-height:1.6;vertical-align:middle}
.badge.simulated,.simulated .badge{background:#8a5a00;color:#fff}
.cards{display:grid;grid-template-columns:repeat(4,minmax(0,1fr));gap:.6rem;margin:1.25rem 0 0;padding:0}
.cards div{background:var(--card);border:1px solid var(--edge);border-radius:.5rem;padding:.6rem .8rem}
.cards dt{color:var(--quiet);font-size:.82rem}
.cards dd{margin:0;font-size:1.15rem;font-weight:600;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.up{color:var(--up)}.down{color:var(--down)}
.chart{margin:1rem 0 1.75rem}
figcaption{font-weight:600;margin-bottom:.4rem}
.plot{position:relative;display:grid;grid-template-columns:minmax(0,1fr) auto;grid-template-rows:auto auto}
.plot>svg{display:block;width:100%;height:17rem;background:var(--card);border:1px solid var(--edge);border-radius:.3rem;overflow:visible}
.depth-chart .plot>svg{height:9rem}
.plot path{vector-effect:non-scaling-stroke;fill:none}
.grid{stroke:var(--edge);stroke-width:1}
.stroke{stroke:var(--line);stroke-width:1.5;stroke-linejoin:round}
.plot .area{fill:var(--area)}
.stroke.depth{stroke:var(--fall)}.plot .area.depth{fill:var(--fall-area)}
.level{stroke:var(--quiet);stroke-width:1;stroke-dasharray:4 4}
.mark{fill:none;stroke-width:8;vector-effect:non-scaling-stroke}
.mark.entry-long{stroke:var(--long);stroke-linecap:round}
.mark.entry-short{stroke:var(--short);stroke-linecap:round}
.mark.exit{stroke:var(--exit);stroke-linecap:square;stroke-width:5}
.mark.small{stroke-width:5}.mark.exit.small{stroke-width:3}
.values{position:relative;min-width:4.2rem}
.values span{position:absolute;left:.4rem;transform:translateY(-50%);font-size:.75rem;color:var(--quiet);white-space:nowrap;font-variant-numeric:tabular-nums}
.times{display:flex;justify-content:space-between;font-size:.75rem;color:var(--quiet);padding-top:.25rem;font-variant-numeric:tabular-nums}
.legend{display:flex;flex-wrap:wrap;gap:.25rem 1.2rem;list-style:none;margin:.4rem 0 0;padding:0;font-size:.82rem;color:var(--quiet)}
.legend svg{width:12px;height:12px;margin-right:.35rem;vertical-align:-1px}
.columns{columns:22rem 2;column-gap:2rem}
.columns table{break-inside:avoid;margin-bottom:1.25rem}
.scroll{overflow-x:auto;border:1px solid var(--edge);border-radius:.3rem;background:var(--card)}
.scroll:focus-visible{outline:2px solid var(--line)}
table{border-collapse:collapse;width:100%;font-size:.88rem}
caption{text-align:left;font-weight:600;padding:.25rem 0}
.scroll caption{padding:.4rem .6rem}
th,td{padding:.3rem .6rem;border-bottom:1px solid var(--edge);text-align:left;vertical-align:top}
tr:last-child>*{border-bottom:0}
thead th{color:var(--quiet);font-weight:600;white-space:nowrap}
tbody th{font-weight:400;color:var(--quiet)}
.number,.numbers td{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.months td{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.months thead th{text-align:right}
.months th:first-child{text-align:left}
.nowrap{white-space:nowrap}
.reason{min-width:19rem}
code,.hash{font:.85em/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
pre{background:var(--card);border:1px solid var(--edge);border-radius:.3rem;padding:.7rem;white-space:pre-wrap}
ul.notes{padding-left:1.2rem}
.quiet{color:var(--quiet);font-size:.88rem}
@media (max-width:40rem){.cards{grid-template-columns:repeat(2,minmax(0,1fr))}main{padding:1rem .75rem 3rem}.plot>svg{height:13rem}.depth-chart .plot>svg{height:8rem}.times span:nth-child(even){display:none}h1{font-size:1.3rem}.values{min-width:3.6rem}}
@media print{body{background:#fff}main{max-width:none}.scroll{overflow:visible}}
`;
