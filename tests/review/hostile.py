"""Replies that try to do harm: each of the 30 would be a success of theirs if `owned` were set, or the trap called."""

from __future__ import annotations

RUN = "window.owned=1;document.title='owned'"


def attacks(trap: str) -> dict[str, str]:
    """By what they try; `trap` is an address that counts who calls it."""
    load = f"fetch('{trap}')"
    return {
        "script": f"<script>{RUN}</script>",
        "script that loads": f"<script src={trap}></script>",
        "event handler": f'<img src=x onerror="{RUN};{load}">',
        "svg": f'<svg onload="{RUN}"><animate onbegin="{RUN}" attributeName=x dur=1s></svg>',
        "details": f'<details open ontoggle="{RUN}"><summary>x</summary></details>',
        "focus": f'<input autofocus onfocus="{RUN}"><select autofocus onfocus="{RUN}">',
        "link": f"[click](javascript:{RUN}) [click](JaVaScRiPt&colon;{RUN}) <javascript:{RUN}>",
        "link in html": f'<a href="javascript:{RUN}" autofocus>click</a>',
        "data link": f"[x](data:text/html;base64,PHNjcmlwdD5vd25lZD0xPC9zY3JpcHQ+) <iframe srcdoc='<script>{RUN}</script>'>",  # noqa: E501
        "image": f"![x]({trap}) ![x][y]\n\n[y]: {trap}",
        "image in html": f'<img src="{trap}"><picture><source srcset="{trap}"><img></picture><video poster="{trap}">',
        "style": f"<style>@import url('{trap}');*{{display:none!important}}</style>",
        "style attribute": f'<div style="position:fixed;inset:0;background:url({trap})">x</div>',
        "frames": f'<iframe src="{trap}"></iframe><object data="{trap}"></object><embed src="{trap}">',
        "refresh": f'<meta http-equiv="refresh" content="0;url={trap}"><base href="{trap}">',
        "form": f'<form action="{trap}"><button autofocus formaction="javascript:{RUN}">approve</button></form>',
        "breaking out": f"</textarea></pre></section></main><script>{RUN}</script><!--",
        "breaking out of json": f'"}};{RUN};//\u2028</script><script>{RUN}</script>',
        "math link": f"$\\href{{javascript:{RUN}}}{{x}}$ $\\url{{{trap}}}$ $\\includegraphics{{{trap}}}$",
        "math html": f"$\\text{{<img src=x onerror={RUN}>}}$ \\(\\style{{x}}{{<script>{RUN}</script>}}\\)",
        "mathml": f'<math><maction actiontype="statusline" xlink:href="javascript:{RUN}">x</maction></math>'
        f"<math><mtext><table><mglyph><style><img src=x onerror={RUN}></style></mglyph></table></mtext></math>",
        "broken latex": "$\\frac{1}{$ $$\\begin{matrix} 1 & 2 \\\\ $$ $\\left( x$ \\(\\sqrt[\\) \\[ $" + "{" * 400 + "$",  # noqa: E501
        "deep": "> " * 300 + "x\n\n" + "- " * 300 + "y\n\n" + "*" * 4000 + "[" * 3000,
        "a megabyte": "A word and another one. " * 42_000,
        "a megabyte in one": "<b>" + "a" * 1_000_000,
        "controls": "\x00\x01\x08\x1b[31m\x1b]0;owned\x07\x7f\x9b" + "red",
        "right to left": "the answer is \u202e24\u202c, \u2066x\u2067y\u2069 and \u200f\u200ezero\u200bwidth\ufeff",
        "stacked marks": "a" + "\u0301\u0489" * 3000,
        "code": f'```html\n<script>{RUN}</script>\n```\n\n```"><img src=x onerror={RUN}>\nx\n```\n\n`<img src=x onerror={RUN}>`',  # noqa: E501
        "clobbering": '<a id="main"><a id="editor-text" name="value"><form name="body"><p id="keys" data-do="approve">press a',  # noqa: E501
        "template": "{{ constructor.constructor('owned=1')() }} ${owned=1} <%= owned %> #{owned}",
    }  # fmt: skip
