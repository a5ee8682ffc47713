"""The reference page of the sandbox, made from the tables the sandbox runs on.

`python -m opla.counterparts.manual > docs/reference/sandbox.md`; a test proves the file fresh.
"""

from __future__ import annotations

import sys

from opla.counterparts.codes import MARK, PIN_DIGITS, UNSOURCED_DIGITS
from opla.counterparts.endings import Fault, reference_table
from opla.counterparts.operator import CODE_DAYS, COST_PER_MILLE, CREDIT_DAYS
from opla.counterparts.payment import DEBIT_DAYS, FEES, LATE_MS, SESSION_MS
from opla.counterparts.webhooks import TRIES_S


def manual() -> str:
    fees = FEES
    lengths = ", ".join(f"{operator} {digits}" for operator, digits in PIN_DIGITS.items())
    tries = ", ".join(f"{try_s:g}" for try_s in TRIES_S)
    faults = ", ".join(f"`{fault}`" for fault in Fault if fault is not Fault.NONE)
    return f"""# The sandbox

<!-- Made by `python -m opla.counterparts.manual`: change the tables in `src/opla/counterparts/`, not this file. -->

One process stands in for the payment provider, the operators and the mailbox, so that the whole shop can be tried
without an account anywhere. No real money moves, every figure is invented, and every page says so. It listens on
127.0.0.1 only and keeps its own log in `var/sandbox/log.jsonl`: the other side's evidence, which survives `kill -9`.

## What a number does

The last three digits of the number script the outcome of a direct top-up. Codes have no number and always succeed.
"The same reference again" is what the janitor does about an unknown send.

{reference_table()}

A scripted silence lasts longer than the caller waits; the caller says in the header `Opla-Timeout-S` how long that is.

## Codes

A sandbox code starts with `{MARK}`, so that it can never pass for a real one, and has the length the operator prints:
{lengths}. For the others no length is sourced; theirs has {UNSOURCED_DIGITS} digits. It can be entered once, on
`/operator`, within {CODE_DAYS} days. A top-up keeps the credit for {CREDIT_DAYS} days.
The supplier takes {COST_PER_MILLE} ∕ 1000 of the face value.

## What the checkout page offers

| button | outcome | what the provider says afterwards |
|---|---|---|
| Pay | `pay` | `paid` |
| Refuse | `refuse` | `failed` |
| Walk away | `abandon` | `open`, then `expired` {SESSION_MS // 60_000} minutes after the start |
| Pay late | `late` | `expired`, then `paid` {LATE_MS // 1000} seconds later |
| Pay twice | `twice` | `paid`, with twice the amount captured |
| (no button) | `charge_back` | `paid`, with all that was kept charged back |

The provider keeps {fees.per_capture_minor} cents and {fees.per_mille} ∕ 1000 of each capture,
{fees.per_refund_minor} cents of each refund and {fees.per_charge_back_minor} cents of each charge-back: invented too.
It says so in `fee_minor`, in all for a payment, apart for a refund.

## Consent kept for later charges

A payment with `keep` leaves a mandate when it is paid: `mandate` with its `id` and `days`. A `POST /payments` with that
`mandate` charges by it, without a page and without `return_url`. With consent to keep, the checkout page offers five
buttons more; each pays, and says what becomes of every later charge:

| button | outcome | a later charge by the mandate |
|---|---|---|
| Pay, late or twice too | `pay` | `paid` at once |
| The bank wants the person | `then_authenticate` | `failed`, why `authentication` |
| Refused | `then_refuse` | `failed`, why `refused` |
| Consent is gone | `then_end` | 422 `mandate_ended` |
| No answer | `then_silence` | `paid`, but no answer comes; the same reference again says so |
| By direct debit | `then_debit` | `open`, `paid` {LATE_MS // 1000} seconds later; `days` says {DEBIT_DAYS} |

An open direct debit can be decided too: `POST /payments/{{id}}/decide` with `refuse`. An ended mandate is told no
more, and a charge by it, or by one that nobody knows, is 422 `mandate_ended`.

## Calls

All with `Authorization: Bearer` and the secret in `var/sandbox/secret`, JSON in and out. The same reference again
returns the first answer; the same reference with another amount is 409 `reference_used`.

| call | fields or query |
|---|---|
| `POST /payments` | reference, amount_minor, currency, description, language, return_url, webhook_url |
| the same, besides | keep (true, or absent), mandate |
| `GET /payments/{{id}}` · `GET /payments?reference=` | |
| `POST /payments/{{id}}/decide` | outcome |
| `POST /payments/{{id}}/refunds` | reference, amount_minor, currency |
| `GET /refunds?reference=` | |
| `POST /mandates/{{id}}/end` | |
| `POST /sends` | reference, sku, operator, kind (`code`, `direct`), face_minor, currency, number, plan |
| `GET /sends?reference=` | |
| `POST /mail` | reference, to, subject, text, language |
| `GET /mail.json?to=` | |
| `POST /faults` | method, path, fault, times; or webhooks: `deliver`, `lose`, `repeat` |

A webhook is a form `id=…` to `webhook_url`, unsigned, tried {tries} seconds after the change, then lost. `POST /faults`
makes the next `times` calls whose path starts with `path` meet one of {faults}; a restart forgets it.

Pages for people: `/` · `/pay/{{token}}` · `/operator` · `/mail`, in the languages of the shop (`?lang=nl`).
"""


if __name__ == "__main__":
    sys.stdout.write(manual())
