"""A judge with a keyboard and no mouse: what can be pressed is reached, in the order it is read, is seen to have the
focus, and does what it says when Enter is pressed."""

from __future__ import annotations

from typing import Final

from playwright.sync_api import Page

#: What takes the focus, in the order of the document; of radio buttons of one name one does, for arrows lead on.
_BEGIN: Final = """() => {
    document.activeElement?.blur();
    const open = document.querySelector('dialog[open]');  // nothing behind it can be reached
    const seen = new Set(), stops = [...(open || document).querySelectorAll(
        'a[href], button, input, select, textarea, summary, [tabindex], [contenteditable]')].filter(e => {
        if (e.disabled || e.type === 'hidden' || e.tabIndex < 0 || !e.checkVisibility({visibilityProperty: true}))
            return false;
        if (e.type !== 'radio' || !e.name) return true;
        const of = `${e.form ? [...document.forms].indexOf(e.form) : ''} ${e.name}`;
        const group = [...(e.form || document).querySelectorAll('input[type=radio]')].filter(r => r.name === e.name);
        const first = group.find(r => r.checked && !r.disabled) || group.find(r => !r.disabled);
        return e === first && !seen.has(of) && seen.add(of);
    });
    const near = e => [e, e.parentElement, ...(e.labels || []), e.nextElementSibling].filter(Boolean);
    const look = e => near(e).map(one => { const s = getComputedStyle(one);
        return `${s.outlineStyle} ${s.outlineWidth} ${s.boxShadow} ${s.borderColor} ${s.backgroundColor}`; });
    const judge = {stops, unseen: [], order: [], looks: stops.map(look), at: location.href};
    window.keyboardJudge = judge;
    document.addEventListener('focusin', judge.follow = event => {
        const at = stops.indexOf(event.target), r = event.target.getBoundingClientRect();
        judge.order.push(at < 0 ? event.target.outerHTML.slice(0, 120) : at);
        if (at < 0) return;
        const now = look(event.target), same = now.every((one, n) => one === judge.looks[at][n]);
        const off = r.width < 1 || r.height < 1 || r.right <= 0 || r.left >= innerWidth;
        const hidden = off && !(event.target.labels || []).length;
        if (same || hidden) judge.unseen.push(event.target.outerHTML.slice(0, 120));
    });
    scrollTo(0, 0);
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute('tabindex');
    judge.order.length = 0;
    // A field for a moment has stops within itself: its parts (six beyond the first at most) and its calendar.
    return [stops.length, 7 * stops.filter(e => ['date', 'time', 'month', 'datetime-local'].includes(e.type)).length];
}"""
_ORDER: Final = """() => { const judge = window.keyboardJudge;
    document.removeEventListener('focusin', judge.follow);
    return {order: judge.order.slice(0, judge.stops.length), unseen: judge.unseen,
            names: judge.stops.map(e => e.outerHTML.slice(0, 120))}; }"""
#: What invites a click and is nothing that a keyboard can press.
_MOUSE_ONLY: Final = """() => [...document.querySelectorAll('body *')].filter(e => e.checkVisibility()
    && (getComputedStyle(e).cursor === 'pointer' || /^(button|link|tab|menuitem|switch)$/.test(e.getAttribute('role')))
    && !e.closest('a[href], button, summary, label, select, option, input, textarea, [tabindex]'))
    .map(e => e.outerHTML.slice(0, 120))"""
#: The main button of each form, pressed: the form is sent, or the browser says what is missing. Nothing leaves.
_LISTEN: Final = """() => {
    window.formsSent = [];
    for (const what of ['submit', 'invalid'])
        document.addEventListener(what, event => {
            if (!window.formsSent) return;
            window.formsSent.push(event.target.form || event.target);
            event.preventDefault();
            event.stopImmediatePropagation();
        }, true);
}"""
_FOCUS_BUTTON: Final = """n => { const form = [...document.querySelectorAll('main form')][n];
    const button = form.querySelector('button.main:not([type=button]):not([disabled])')
        || form.querySelector('button:not([type=button]):not([disabled])');
    if (!button || !button.checkVisibility()) return false;
    window.formsSent = []; button.focus(); return document.activeElement === button; }"""
#: Whoever tests on may send forms again.
_LET_GO: Final = "() => { window.formsSent = null; }"
_SENT: Final = "n => window.formsSent.includes([...document.querySelectorAll('main form')][n])"
_NOTHING_BEFORE: Final = "() => !window.keyboardJudge.stops[0] || !!window.keyboardJudge.stops[0].closest('main')"
_AFTER_SKIP: Final = """() => { const main = document.querySelector(location.hash || 'none');
    return !!main && (main.contains(document.activeElement)
        || !window.keyboardJudge.stops.some(e => main.contains(e) && e.checkVisibility())); }"""
_AS_IT_WAS: Final = "() => { history.replaceState(history.state, '', window.keyboardJudge.at); scrollTo(0, 0); }"
#: Stops that the browser itself makes on the way, and tells nobody of.
_OF_THE_BROWSER: Final = 2
#: Forms of one page that are pressed: lists repeat theirs.
_MOST_FORMS: Final = 12


def keyboard(page: Page) -> list[str]:
    """What somebody without a mouse could not do here, a line each. What is folded away is open by now."""
    count, inner = page.evaluate(_BEGIN)
    for _ in range(count + inner + _OF_THE_BROWSER):
        page.keyboard.press("Tab")
    found = page.evaluate(_ORDER)
    wrong = [f"its focus is not seen: {html}" for html in found["unseen"]]
    order, names = found["order"], found["names"]
    if order != list(range(count)):
        at = next((n for n, (is_, was) in enumerate(zip(order, range(count), strict=False)) if is_ != was), len(order))
        got = order[at] if at < len(order) else "nothing"
        wrong.append(f"Tab {at + 1} goes to {names[got] if isinstance(got, int) else got}, not to {names[at]}")
    wrong += [f"only a mouse presses it: {html}" for html in page.evaluate(_MOUSE_ONLY)]
    if not page.locator("dialog[open]").count():
        wrong += _buttons(page) + _skip(page)
    page.evaluate(_AS_IT_WAS)
    return wrong


def _buttons(page: Page) -> list[str]:
    page.evaluate(_LISTEN)
    wrong = []
    for n in range(min(page.locator("main form").count(), _MOST_FORMS)):
        if page.evaluate(_FOCUS_BUTTON, n):
            page.keyboard.press("Enter")
            if not page.evaluate(_SENT, n):
                wrong.append(f"Enter on its button does not send form {n + 1}")
    page.evaluate(_LET_GO)
    return wrong


def _skip(page: Page) -> list[str]:
    """The first link leads past what is on every page, where anything stands before what this page is for."""
    if page.evaluate(_NOTHING_BEFORE):
        return []
    skip = page.locator("a[href^='#']").first
    if not skip.count():
        return ["there is no link past what is on every page"]
    skip.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    return [] if page.evaluate(_AFTER_SKIP) else ["the link past what is on every page leads elsewhere"]
