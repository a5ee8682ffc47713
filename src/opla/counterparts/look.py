"""The one style sheet of the sandbox pages: paper or ink, one signal colour, amber for "mind this"."""

from __future__ import annotations

CSS = """
:root{color-scheme:light dark;--paper:#fdfcf9;--card:#fff;--ink:#16202a;--quiet:#46525e;--line:#8b959e;--signal:#0b5a8a;
--on-signal:#fff;--mind:#fbe3a6;--on-mind:#3b2a00}
@media (prefers-color-scheme:dark){:root{--paper:#10161c;--card:#18212a;--ink:#f3f1ea;--quiet:#c3cbd2;--line:#74808b;
--signal:#7cc4f0;--on-signal:#0a1a26;--mind:#4a3a0c;--on-mind:#ffe6a3}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.6 system-ui,-apple-system,"Segoe UI",Roboto,
"PingFang SC","Hiragino Sans GB","Microsoft YaHei","Noto Sans CJK SC","Noto Sans SC",sans-serif}
.band{background:var(--mind);color:var(--on-mind);padding:.75rem 1.25rem;display:flex;flex-wrap:wrap;gap:0 .75rem;
align-items:baseline}
.band strong{font-size:1.5rem;line-height:1.3;font-weight:800}
main,nav{max-width:30rem;margin:0 auto;padding:0 1.25rem}
nav{display:flex;flex-wrap:wrap;justify-content:flex-end;align-items:center;gap:0 .75rem;min-height:3.5rem}
nav .mark{margin-right:auto}
nav a{display:inline-flex;align-items:center;justify-content:flex-end;min-height:44px;min-width:44px}
.mark{display:flex;gap:3px;align-items:flex-end;height:22px}
.mark i{width:7px;background:var(--signal);border-radius:1px}
.mark i:nth-child(1){height:9px}.mark i:nth-child(2){height:15px}.mark i:nth-child(3){height:22px}
h1{font-size:1.25rem;line-height:1.3;margin:.25rem 0 1rem}
h2{font-size:1rem;margin:0 0 .5rem}
.sum{font-size:3rem;line-height:1.1;font-weight:700;font-variant-numeric:tabular-nums;margin:0 0 1rem}
dl{margin:0 0 1.5rem;padding:.75rem 0;border-top:1px solid var(--line);border-bottom:1px solid var(--line);
display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem}
dt{color:var(--quiet)}dd{margin:0;overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
a{color:var(--signal)}
form{margin:0 0 2rem}
button,.button{display:block;width:100%;min-height:48px;padding:.5rem 1rem;margin:0 0 .75rem;font:inherit;
text-align:left;color:var(--ink);background:var(--card);border:1px solid var(--line);border-radius:10px;cursor:pointer;
text-decoration:none}
button.main,.button.main{background:var(--signal);border-color:var(--signal);color:var(--on-signal);font-weight:700;
text-align:center;font-size:1.125rem;min-height:56px;display:grid;place-items:center}
button small{display:block;font-size:.875rem;line-height:1.45;color:var(--quiet)}
button:focus-visible,a:focus-visible,input:focus-visible{outline:3px solid var(--signal);outline-offset:3px}
label{display:block;margin:0 0 .25rem;font-weight:600}
input{width:100%;min-height:48px;padding:.5rem .75rem;margin:0 0 1rem;font:inherit;font-variant-numeric:tabular-nums;
color:var(--ink);background:var(--card);border:1px solid var(--line);border-radius:10px}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:1rem;margin:0 0 1rem}
.card p{margin:0 0 .5rem}.card dl{border:0;padding:0;margin:0}
.text{white-space:pre-wrap;overflow-wrap:anywhere}
.said{background:var(--mind);color:var(--on-mind);border-radius:10px;padding:.75rem 1rem;margin:0 0 1rem}
.quiet{color:var(--quiet)}
"""
