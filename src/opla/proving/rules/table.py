"""The table. Its expected values are written by hand; nothing in it is computed.

Figures are made up; rules are those the catalogues have a source for, except at `A brand elsewhere`.
"""

from __future__ import annotations

from typing import Final

from opla.proving.rules.shape import Shape, Step

_ELSEWHERE: Final = "A brand elsewhere"

_PROXIMUS: Final = {
    "contents": ["credit", "data"], "credit": "15.00", "data_mb": 4000, "lasts": {"days": 31},
    "early_renewal": "overwrite_all", "credit_lasts": {"months": 12}, "credit_renewal": "keeps_its_end",
}  # fmt: skip
_ORANGE: Final = _PROXIMUS | {"early_renewal": "queue", "credit_renewal": "lives_on_with_new"}
_BASE: Final = {
    "contents": ["credit", "voice", "sms", "data"], "credit": "15.00", "data_mb": 1500, "voice_min": 60, "sms": 100,
    "lasts": {"days": 30}, "early_renewal": "overwrite_voice_roll_data", "bonus_min": "10.00",
    "credit_lasts": {"months": 12}, "credit_renewal": "lives_on_with_new",
}  # fmt: skip
_ROLLING: Final = {
    "contents": ["data"], "data_mb": 1500, "lasts": {"days": 30}, "early_renewal": "overwrite_voice_roll_data",
}  # fmt: skip
_BASE_CREDIT: Final = {
    "contents": ["credit"], "face": "5.00", "credit": "5.00", "early_renewal": "credit_adds",
    "credit_lasts": {"months": 12}, "credit_renewal": "lives_on_with_new",
}  # fmt: skip
_VIKINGS: Final = {
    "contents": ["credit", "data", "sms"], "credit": "15.00", "data_mb": 5000, "sms": 100, "lasts": {"months": 1},
    "early_renewal": "restart_month", "credit_lasts": {"months": 6}, "credit_renewal": "lives_on_with_new",
}  # fmt: skip
_VIKINGS_PLANS: Final = _VIKINGS | {
    "plan_change": "at_each_top_up", "plan_change_loses": ["credit"], "plan_change_loses_to": ["data-only"],
}  # fmt: skip
_LYCA: Final = {
    "credit_price": "15.00", "contents": ["data"], "data_mb": "unlimited", "data_full_speed_mb": 25000,
    "data_then_kbps": 512, "lasts": {"days": 30}, "early_renewal": "refused_while_active", "group": "bundle",
}  # fmt: skip
_ALDI: Final = {
    "contents": ["credit"], "credit": "15.00", "credit_lasts": {"months": 12}, "credit_renewal": "adds_up",
    "credit_cap": {"months": 12},
}  # fmt: skip
_ALDI_BUNDLE: Final = {
    "credit_price": "32.00", "contents": ["data"], "data_mb": 1000, "lasts": {"days": 30}, "early_renewal": "beside",
    "group": "bundle", "once_a_day": True, "auto_renew": "opt_in",
}  # fmt: skip
_CARREFOUR: Final = {
    "contents": ["credit"], "credit": "15.00", "credit_lasts": "as_the_number",
    "number_life": {"length": {"months": 6}, "since": "use"},
}  # fmt: skip
_CARREFOUR_OPTION: Final = {
    "credit_price": "1.00", "contents": ["voice"], "voice_min": 30, "lasts": {"days": 31}, "early_renewal": "beside",
    "group": "option", "auto_renew": "built_in",
}  # fmt: skip

SHAPES: Final = (
    Shape(
        "How long it lasts", "N days, to the minute", "Proximus", _PROXIMUS, ("lasts",),
        after=("credit 15.00 until 2027-11-20 14:05", "data 4000 MB until 2026-12-21 14:05"),
        happened=("credit_added", "bucket_added data"),
    ),
    Shape(
        "How long it lasts", "N days, to the same local minute when the clock changes", "BASE",
        _ROLLING, ("lasts",),
        steps=(Step(at="2026-10-01 14:05"),),
        after=("data 1500 MB until 2026-10-31 14:05",),
        happened=("bucket_added data",),
    ),
    Shape(
        "How long it lasts", "one calendar month, to the minute", "Mobile Vikings", _VIKINGS, ("lasts",),
        after=(
            "credit 15.00 until 2027-05-20 14:05", "data 5000 MB until 2026-12-20 14:05",
            "sms 100 until 2026-12-20 14:05",
        ),
        happened=("credit_added", "bucket_added data", "bucket_added sms"),
    ),
    Shape(
        "How long it lasts", "one calendar month from a day that the next month lacks", "Mobile Vikings",
        _VIKINGS | {"contents": ["data"]}, ("lasts",),
        steps=(Step(at="2027-01-31 09:30"),),
        after=("data 5000 MB until 2027-02-28 09:30",),
        happened=("bucket_added data",),
    ),
    Shape(
        "When it starts", "at the activation of a bundle, paid from the credit", "Lycamobile", _LYCA, ("credit_price",),
        before=("credit 20.00 until 2027-03-01 09:00",),
        after=("credit 5.00 until 2027-03-01 09:00", "data 25000 MB then 512 kbps until 2026-12-20 14:05"),
        happened=("credit_taken", "bucket_added data"),
    ),
    Shape(
        "When it starts", "not at all while the credit is too low", "Lycamobile", _LYCA, ("credit_price",),
        before=("credit 14.99 until 2027-03-01 09:00",),
        refused="credit_too_low",
    ),
    Shape(
        "When it starts", "so many minutes later", _ELSEWHERE, _ALDI | {"starts_after": {"minutes": 30}},
        ("starts_after",),
        after=("credit 15.00 from 2026-11-20 14:35 until 2027-11-20 14:35",),
        happened=("starts_late", "credit_added"),
    ),
    Shape(
        "When it starts", "a day later; what runs goes on until then", _ELSEWHERE,
        _PROXIMUS | {"starts_after": {"days": 1}}, ("starts_after", "early_renewal"),
        before=("data 1000 MB until 2026-12-01 10:00",),
        after=(
            "credit 15.00 from 2026-11-21 14:05 until 2027-11-21 14:05",
            "data 1000 MB until 2026-11-21 14:05",
            "data 4000 MB from 2026-11-21 14:05 until 2026-12-22 14:05",
        ),
        happened=("starts_late", "credit_added", "bucket_lost data", "bucket_added data"),
    ),
    Shape(
        "When it starts", "a day later; what would only have begun after that never does", _ELSEWHERE,
        _PROXIMUS | {"contents": ["data"], "starts_after": {"days": 1}}, ("starts_after", "early_renewal"),
        before=("data 1000 MB from 2026-11-25 10:00 until 2026-12-25 10:00",),
        after=("data 4000 MB from 2026-11-21 14:05 until 2026-12-22 14:05",),
        happened=("starts_late", "bucket_lost data", "bucket_added data"),
    ),
    Shape(
        "When it starts", "never after its last day", _ELSEWHERE, _ORANGE | {"use_by": "2026-11-30"},
        ("use_by", "early_renewal"),
        before=("data 1000 MB until 2026-12-05 10:00",),
        refused="lapses_before_start",
    ),
    Shape(
        "Buying again early", "overwrites everything", _ELSEWHERE, _PROXIMUS, ("early_renewal",),
        before=("data 1200 MB until 2026-12-01 10:00", "voice 30 min until 2026-12-01 10:00"),
        after=("credit 15.00 until 2027-11-20 14:05", "data 4000 MB until 2026-12-21 14:05"),
        happened=("credit_added", "bucket_lost data", "bucket_lost voice", "bucket_added data"),
    ),
    Shape(
        "Buying again early", "overwrites minutes and SMS, rolls the data over", "BASE", _BASE, ("early_renewal",),
        before=(
            "data 700 MB until 2026-12-03 10:00", "voice 20 min until 2026-12-03 10:00",
            "sms 10 until 2026-12-03 10:00",
        ),
        after=(
            "credit 15.00 until 2027-11-20 14:05", "data 2200 MB until 2026-12-20 14:05",
            "voice 60 min until 2026-12-20 14:05", "sms 100 until 2026-12-20 14:05",
        ),
        happened=(
            "credit_added", "bucket_lost voice", "bucket_lost sms", "bucket_extended data",
            "bucket_added data", "bucket_added voice", "bucket_added sms",
        ),
    ),
    Shape(
        "Buying again early", "rolls data over before the new data is there", _ELSEWHERE,
        _ROLLING | {"starts_after": {"days": 1}}, ("early_renewal", "starts_after"),
        before=("data 700 MB until 2026-12-03 10:00",),
        after=("data 700 MB until 2026-12-21 14:05", "data 1500 MB from 2026-11-21 14:05 until 2026-12-21 14:05"),
        happened=("starts_late", "bucket_extended data", "bucket_added data"),
    ),
    Shape(
        "Buying again early", "rolls data over that lives longer, and does not shorten it", _ELSEWHERE,
        _ROLLING, ("early_renewal",),
        before=("data 700 MB until 2027-01-03 10:00",),
        after=("data 700 MB until 2027-01-03 10:00", "data 1500 MB until 2026-12-20 14:05"),
        happened=("bucket_added data",),
    ),
    Shape(
        "Buying again early", "restarts the month; the credit goes on", "Mobile Vikings", _VIKINGS, ("early_renewal",),
        before=("credit 4.00 until 2026-12-24 08:00", "data 3000 MB until 2026-12-01 08:00"),
        after=(
            "credit 19.00 until 2027-05-20 14:05", "data 5000 MB until 2026-12-20 14:05",
            "sms 100 until 2026-12-20 14:05",
        ),
        happened=("credit_extended", "credit_added", "bucket_lost data", "bucket_added data", "bucket_added sms"),
    ),
    Shape(
        "Buying again early", "queues", "giffgaff", _ORANGE, ("early_renewal",),
        before=("data 500 MB until 2026-12-02 10:00",),
        after=(
            "credit 15.00 until 2027-11-20 14:05", "data 500 MB until 2026-12-02 10:00",
            "data 4000 MB from 2026-12-02 10:00 until 2027-01-02 10:00",
        ),
        happened=("credit_added", "queued", "bucket_added data"),
    ),
    Shape(
        "Buying again early", "queues behind what is queued", "giffgaff", _ORANGE, ("early_renewal",),
        before=("data 500 MB until 2026-12-02 10:00", "data 4000 MB from 2026-12-02 10:00 until 2027-01-02 10:00"),
        after=(
            "credit 15.00 until 2027-11-20 14:05", "data 500 MB until 2026-12-02 10:00",
            "data 4000 MB from 2026-12-02 10:00 until 2027-01-02 10:00",
            "data 4000 MB from 2027-01-02 10:00 until 2027-02-02 10:00",
        ),
        happened=("credit_added", "queued", "bucket_added data"),
    ),
    Shape(
        "Buying again early", "adds credit only", "BASE", _BASE_CREDIT, ("contents", "early_renewal"),
        before=("data 700 MB until 2026-12-03 10:00", "voice 20 min until 2026-12-03 10:00"),
        after=(
            "credit 5.00 until 2027-11-20 14:05",
            "data 700 MB until 2026-12-03 10:00", "voice 20 min until 2026-12-03 10:00",
        ),
        happened=("credit_added",),
    ),
    Shape(
        "Buying again early", "gives no second bonus while one runs", _ELSEWHERE,
        _PROXIMUS | {"early_renewal": "credit_adds"}, ("early_renewal",),
        before=("data 0 MB until 2026-12-03 10:00",),
        after=("credit 15.00 until 2027-11-20 14:05", "data 0 MB until 2026-12-03 10:00"),
        happened=("credit_added", "bonus_not_given (still_running)"),
    ),
    Shape(
        "Buying again early", "is refused while one is active", "Lycamobile", _LYCA, ("early_renewal", "group"),
        before=("credit 20.00 until 2027-03-01 09:00", "data 100 MB then 512 kbps until 2026-12-05 10:00"),
        refused="another_active",
    ),
    Shape(
        "Buying again early", "is taken at the minute the first one ends", "Lycamobile", _LYCA,
        ("early_renewal", "group"),
        before=("credit 20.00 until 2027-03-01 09:00", "data 100 MB then 512 kbps until 2026-12-05 10:00"),
        steps=(Step(at="2026-12-05 10:00"),),
        after=("credit 5.00 until 2027-03-01 09:00", "data 25000 MB then 512 kbps until 2027-01-04 10:00"),
        happened=("credit_taken", "bucket_added data"),
    ),
    Shape(
        "Buying again early", "leaves products of another group alone", _ELSEWHERE, _LYCA, ("early_renewal", "group"),
        before=("credit 15.00 until 2027-03-01 09:00", "data 900 MB in group add-on until 2026-12-05 10:00"),
        after=(
            "data 900 MB in group add-on until 2026-12-05 10:00", "data 25000 MB then 512 kbps until 2026-12-20 14:05",
        ),
        happened=("credit_taken", "bucket_added data"),
    ),
    Shape(
        "Buying again early", "runs beside what is there", _ELSEWHERE, _PROXIMUS | {"early_renewal": "beside"},
        ("early_renewal",),
        before=("data 500 MB until 2026-12-02 10:00",),
        after=(
            "credit 15.00 until 2027-11-20 14:05",
            "data 500 MB until 2026-12-02 10:00", "data 4000 MB until 2026-12-21 14:05",
        ),
        happened=("credit_added", "bucket_added data"),
    ),
    Shape(
        "Whether there is a bonus", "only from a minimum amount", "BASE",
        _BASE | {"face": "5.00", "credit": "5.00"}, ("bonus_min", "face"),
        before=("data 700 MB until 2026-12-03 10:00", "voice 20 min until 2026-12-03 10:00"),
        after=(
            "credit 5.00 until 2027-11-20 14:05",
            "data 700 MB until 2026-12-03 10:00", "voice 20 min until 2026-12-03 10:00",
        ),
        happened=("credit_added", "bonus_not_given (below_minimum)"),
    ),
    Shape(
        "Whether there is a bonus", "from exactly that amount", "BASE",
        _BASE | {"contents": ["credit", "sms"], "face": "10.00", "credit": "10.00"}, ("bonus_min", "face"),
        after=("credit 10.00 until 2027-11-20 14:05", "sms 100 until 2026-12-20 14:05"),
        happened=("credit_added", "bucket_added sms"),
    ),
    Shape(
        "Whether there is a bonus", "only within N days of the last top-up: the last minute", "Proximus",
        _PROXIMUS | {"bonus_window_days": 31}, ("bonus_window_days",),
        before=("topped up 2026-10-20 14:05",),
        after=("credit 15.00 until 2027-11-20 14:05", "data 4000 MB until 2026-12-21 14:05"),
        happened=("credit_added", "bucket_added data"),
    ),
    Shape(
        "Whether there is a bonus", "only within N days of the last top-up: a minute late", "Proximus",
        _PROXIMUS | {"bonus_window_days": 31}, ("bonus_window_days",),
        before=("topped up 2026-10-20 14:04",),
        after=("credit 15.00 until 2027-11-20 14:05",),
        happened=("credit_added", "bonus_not_given (outside_window)"),
    ),
    Shape(
        "Whether there is a bonus", "nobody can say when the last top-up is not known", "Proximus",
        _PROXIMUS | {"bonus_window_days": 31}, ("bonus_window_days",),
        after=("credit 15.00 until 2027-11-20 14:05",),
        happened=("credit_added", "bonus_not_given (window_unknown)"),
    ),
    Shape(
        "Whether there is a bonus", "only on some plans", "Proximus",
        _PROXIMUS | {"bonus_needs_plan": True, "bonus_plans": ["bonus"]}, ("bonus_needs_plan", "bonus_plans"),
        before=("plan per-minute",),
        after=("plan per-minute", "credit 15.00 until 2027-11-20 14:05"),
        happened=("credit_added", "bonus_not_given (plan_without_bonus)"),
    ),
    Shape(
        "Whether there is a bonus", "on a plan that gives one", "Proximus",
        _PROXIMUS | {"bonus_needs_plan": True, "bonus_plans": ["bonus"]}, ("bonus_needs_plan", "bonus_plans"),
        before=("plan bonus",),
        after=("plan bonus", "credit 15.00 until 2027-11-20 14:05", "data 4000 MB until 2026-12-21 14:05"),
        happened=("credit_added", "bucket_added data"),
    ),
    Shape(
        "Whether there is a bonus", "nobody can say when the plan is not known", "Proximus",
        _PROXIMUS | {"bonus_needs_plan": True, "bonus_plans": ["bonus"]}, ("bonus_needs_plan", "bonus_plans"),
        after=("credit 15.00 until 2027-11-20 14:05",),
        happened=("credit_added", "bonus_not_given (plan_unknown)"),
    ),
    Shape(
        "How long credit lives", "each top-up its own time", _ELSEWHERE, _PROXIMUS | {"contents": ["credit"]},
        ("credit_lasts", "credit_renewal"),
        before=("credit 3.00 until 2026-12-01 10:00",),
        after=("credit 3.00 until 2026-12-01 10:00", "credit 15.00 until 2027-11-20 14:05"),
        happened=("credit_added",),
    ),
    Shape(
        "How long credit lives", "a new top-up extends the old credit too", "Orange (old rule)",
        _ORANGE | {"contents": ["credit"]}, ("credit_lasts", "credit_renewal"),
        before=("credit 3.00 until 2026-12-01 10:00",),
        after=("credit 18.00 until 2027-11-20 14:05",),
        happened=("credit_extended", "credit_added"),
    ),
    Shape(
        "How long credit lives", "lost 12 months after the last top-up", "BASE", _BASE_CREDIT,
        ("credit_lasts", "credit_renewal"),
        before=("credit 3.00 until 2026-12-01 10:00",),
        steps=(Step(), Step("looks", "2027-11-20 14:05")),
        happened=("credit_extended", "credit_added"),
    ),
    Shape(
        "How long credit lives", "there until the minute before", "BASE", _BASE_CREDIT,
        ("credit_lasts", "credit_renewal"),
        before=("credit 3.00 until 2026-12-01 10:00",),
        steps=(Step(), Step("looks", "2027-11-20 14:04")),
        after=("credit 8.00 until 2027-11-20 14:05",),
        happened=("credit_extended", "credit_added"),
    ),
    Shape(
        "How long credit lives", "what is left is carried over", "Mobile Vikings", _VIKINGS | {"contents": ["credit"]},
        ("credit_lasts", "credit_renewal"),
        before=("credit 2.50 until 2026-11-21 10:00",),
        after=("credit 17.50 until 2027-05-20 14:05",),
        happened=("credit_extended", "credit_added"),
    ),
    Shape(
        "How long credit lives", "credit that lives longer is not shortened", "Mobile Vikings",
        _VIKINGS | {"contents": ["credit"]}, ("credit_lasts", "credit_renewal"),
        before=("credit 2.50 until 2027-06-01 10:00",),
        after=("credit 15.00 until 2027-05-20 14:05", "credit 2.50 until 2027-06-01 10:00"),
        happened=("credit_added",),
    ),
    Shape(
        "How long credit lives", "times add up, to a cap counted from now", "ALDI Talk", _ALDI,
        ("credit_lasts", "credit_renewal", "credit_cap"),
        before=("credit 5.00 until 2027-02-20 14:05",),
        after=("credit 20.00 until 2027-11-20 14:05",),
        happened=("credit_extended", "credit_added"),
    ),
    Shape(
        "How long credit lives", "times add up without a cap", _ELSEWHERE,
        {name: value for name, value in _ALDI.items() if name != "credit_cap"}, ("credit_lasts", "credit_renewal"),
        before=("credit 5.00 until 2027-02-20 14:05",),
        after=("credit 20.00 until 2028-02-20 14:05",),
        happened=("credit_extended", "credit_added"),
    ),
    Shape(
        "How long credit lives", "as long as the number", "Carrefour Mobile", _CARREFOUR, ("credit_lasts",),
        before=("credit 1.00 as long as the number",),
        after=("credit 16.00 as long as the number",),
        happened=("credit_added",),
    ),
    Shape(
        "How long the number lives", "since the last top-up", "BASE",
        _BASE_CREDIT | {"number_life": {"length": {"months": 12}, "since": "top_up"}}, ("number_life",),
        before=("number until 2027-01-01 10:00",),
        after=("credit 5.00 until 2027-11-20 14:05", "number until 2027-11-20 14:05"),
        happened=("credit_added", "number_extended"),
    ),
    Shape(
        "How long the number lives", "since the last use; a top-up is none", "Carrefour Mobile", _CARREFOUR,
        ("number_life",),
        before=("number until 2027-01-01 10:00",),
        after=("credit 15.00 as long as the number", "number until 2027-01-01 10:00"),
        happened=("credit_added",),
    ),
    Shape(
        "How long the number lives", "since the last use; a call is one", "Carrefour Mobile", _CARREFOUR,
        ("number_life",),
        before=("number until 2027-01-01 10:00",),
        steps=(Step("uses", "2026-12-31 23:59"),),
        after=("number until 2027-06-30 23:59",),
    ),
    Shape(
        "How long the number lives", "since the last purchase, with money or with credit", "ASDA Mobile",
        _LYCA | {"number_life": {"length": {"days": 180}, "since": "purchase"}}, ("number_life", "credit_price"),
        before=("credit 15.00 as long as the number", "number until 2027-01-01 10:00"),
        after=("data 25000 MB then 512 kbps until 2026-12-20 14:05", "number until 2027-05-19 14:05"),
        happened=("credit_taken", "bucket_added data", "number_extended"),
    ),
    Shape(
        "How long the number lives", "since the last use or purchase", "giffgaff",
        _CARREFOUR | {"number_life": {"length": {"months": 6}, "since": "use_or_purchase"}}, ("number_life",),
        before=("number until 2027-01-01 10:00",),
        steps=(Step(), Step("uses", "2026-12-31 23:59")),
        after=("credit 15.00 as long as the number", "number until 2027-06-30 23:59"),
        happened=("credit_added", "number_extended"),
    ),
    Shape(
        "How long the number lives", "then a top-up still saves it", "ASDA Mobile",
        _BASE_CREDIT | {"number_life": {"length": {"days": 180}, "since": "purchase"}, "number_grace": {"days": 90}},
        ("number_life", "number_grace"),
        before=("number until 2026-11-01 10:00, lost 2026-12-01 10:00",),
        after=("credit 5.00 until 2027-11-20 14:05", "number until 2027-05-19 14:05, lost 2027-08-17 14:05"),
        happened=("credit_added", "number_extended"),
    ),
    Shape(
        "How long the number lives", "then it is lost, with all it holds", "ASDA Mobile",
        _BASE_CREDIT | {"number_life": {"length": {"days": 180}, "since": "purchase"}, "number_grace": {"days": 90}},
        ("number_life", "number_grace"),
        before=("credit 9.00 as long as the number", "number until 2026-10-21 14:05, lost 2026-11-20 14:05"),
        refused="number_lost",
    ),
    Shape(
        "Changing the plan", "at each top-up; one plan costs the credit", "Mobile Vikings",
        _VIKINGS_PLANS,
        ("plan_change", "plan_change_loses", "plan_change_loses_to"),
        before=("plan balanced", "credit 4.00 until 2027-01-01 10:00"),
        steps=(Step(plan="data-only"),),
        after=(
            "plan data-only", "credit 15.00 until 2027-05-20 14:05",
            "data 5000 MB until 2026-12-20 14:05", "sms 100 until 2026-12-20 14:05",
        ),
        happened=("plan_changed", "credit_lost", "credit_added", "bucket_added data", "bucket_added sms"),
    ),
    Shape(
        "Changing the plan", "at each top-up; another plan costs nothing", "Mobile Vikings",
        _VIKINGS_PLANS,
        ("plan_change", "plan_change_loses", "plan_change_loses_to"),
        before=("plan data-only", "credit 4.00 until 2027-01-01 10:00"),
        steps=(Step(plan="balanced"),),
        after=(
            "plan balanced", "credit 19.00 until 2027-05-20 14:05",
            "data 5000 MB until 2026-12-20 14:05", "sms 100 until 2026-12-20 14:05",
        ),
        happened=("plan_changed", "credit_extended", "credit_added", "bucket_added data", "bucket_added sms"),
    ),
    Shape(
        "Changing the plan", "not between top-ups", "Mobile Vikings", _VIKINGS | {"plan_change": "at_each_top_up"},
        ("plan_change",),
        before=("plan balanced",),
        steps=(Step("changes plan", plan="data-only"),),
        refused="plan_change_refused",
    ),
    Shape(
        "Changing the plan", "in the customer zone; bonus units stay behind", "BASE",
        _BASE | {"plan_change": "in_customer_zone", "plan_change_loses": ["voice", "sms", "data"]},
        ("plan_change", "plan_change_loses"),
        before=("plan balanced", "credit 4.00 until 2027-01-01 10:00", "data 700 MB until 2026-12-03 10:00"),
        steps=(Step("changes plan", plan="bonus"),),
        after=("plan bonus", "credit 4.00 until 2027-01-01 10:00"),
        happened=("plan_changed", "bucket_lost data"),
    ),
    Shape(
        "Changing the plan", "in the customer zone, and back again", "BASE",
        _BASE | {"plan_change": "in_customer_zone"}, ("plan_change",),
        before=("plan balanced", "data 700 MB from 2026-11-03 10:00 until 2026-12-03 10:00"),
        steps=(Step("changes plan", plan="bonus"), Step("changes plan", "2026-11-20 14:06", "balanced")),
        after=("plan balanced", "data 700 MB until 2026-12-03 10:00"),
        happened=("plan_changed", "plan_changed"),
    ),
    Shape(
        "Changing the plan", "once a period: the second time", _ELSEWHERE, _PROXIMUS | {"plan_change": "once_a_period"},
        ("plan_change",),
        before=(
            "plan bonus", "changed plan 2026-11-10 09:00",
            "data 700 MB from 2026-11-05 10:00 until 2026-12-05 10:00",
        ),
        steps=(Step("changes plan", plan="per-minute"),),
        refused="plan_change_refused",
    ),
    Shape(
        "Changing the plan", "once a period: even if the first change ended what ran", _ELSEWHERE,
        _PROXIMUS | {"plan_change": "once_a_period", "plan_change_loses": ["data"]},
        ("plan_change", "plan_change_loses"),
        before=("plan bonus", "data 700 MB until 2026-12-05 10:00"),
        steps=(Step("changes plan", plan="per-minute"), Step("changes plan", "2026-12-05 09:59", "bonus")),
        refused="plan_change_refused",
    ),
    Shape(
        "Changing the plan", "once a period: in the next one", _ELSEWHERE, _PROXIMUS | {"plan_change": "once_a_period"},
        ("plan_change",),
        before=(
            "plan bonus", "changed plan 2026-11-05 09:59",
            "data 700 MB from 2026-11-05 10:00 until 2026-12-05 10:00",
        ),
        steps=(Step("changes plan", plan="per-minute"),),
        after=("plan per-minute", "data 700 MB until 2026-12-05 10:00"),
        happened=("plan_changed",),
    ),
    Shape(
        "Changing the plan", "never", _ELSEWHERE, _PROXIMUS | {"plan_change": "never"}, ("plan_change",),
        before=("plan bonus",),
        steps=(Step(plan="per-minute"),),
        refused="plan_change_refused",
    ),
    Shape(
        "How fast and where", "“unlimited” that slows down", "Lycamobile", _LYCA,
        ("data_mb", "data_full_speed_mb", "data_then_kbps"),
        before=("credit 15.00 as long as the number",),
        after=("data 25000 MB then 512 kbps until 2026-12-20 14:05",),
        happened=("credit_taken", "bucket_added data"),
    ),
    Shape(
        "How fast and where", "a cap on use abroad in the EU", "Lycamobile", _LYCA | {"eu_data_mb": 12000},
        ("eu_data_mb",),
        before=("credit 15.00 as long as the number",),
        after=("data 25000 MB then 512 kbps, 12000 MB in the EU until 2026-12-20 14:05",),
        happened=("credit_taken", "bucket_added data"),
    ),
    Shape(
        "How fast and where", "what could be used abroad still can when data rolls over", _ELSEWHERE,
        _ROLLING | {"eu_data_mb": 1000}, ("eu_data_mb", "early_renewal"),
        before=("data 700 MB, 200 MB in the EU until 2026-12-03 10:00",),
        after=("data 2200 MB, 1200 MB in the EU until 2026-12-20 14:05",),
        happened=("bucket_extended data", "bucket_added data"),
    ),
    Shape(
        "How fast and where", "a network generation and a speed cap", _ELSEWHERE,
        _PROXIMUS | {"contents": ["data"], "network_generation": "4G", "max_mbps": 20},
        ("network_generation", "max_mbps"),
        after=("data 4000 MB on 4G at 20 Mbps until 2026-12-21 14:05",),
        happened=("bucket_added data",),
    ),
    Shape(
        "Renewing by itself", "when its owner asked for it", "ALDI Talk", _ALDI_BUNDLE, ("auto_renew", "credit_price"),
        before=("credit 70.00 until 2027-11-01 10:00",),
        steps=(Step(renew=True), Step("looks", "2026-12-20 14:05")),
        after=("credit 6.00 until 2027-11-01 10:00", "data 1000 MB until 2027-01-19 14:05, renews"),
        happened=("credit_taken", "bucket_added data", "credit_taken", "bucket_added data"),
    ),
    Shape(
        "Renewing by itself", "not when its owner did not", "ALDI Talk", _ALDI_BUNDLE, ("auto_renew", "credit_price"),
        before=("credit 70.00 until 2027-11-01 10:00",),
        steps=(Step(), Step("looks", "2026-12-20 14:05")),
        after=("credit 38.00 until 2027-11-01 10:00",),
        happened=("credit_taken", "bucket_added data"),
    ),
    Shape(
        "Renewing by itself", "built in, as long as there is credit", "Carrefour Mobile", _CARREFOUR_OPTION,
        ("auto_renew", "credit_price"),
        before=("credit 2.50 as long as the number",),
        steps=(Step(), Step("looks", "2027-03-01 10:00")),
        after=("credit 0.50 as long as the number",),
        happened=(
            "credit_taken", "bucket_added voice", "credit_taken", "bucket_added voice", "not_renewed (credit_too_low)",
        ),
    ),
    Shape(
        "Renewing by itself", "a top-up when the credit is below an amount", "Mobile Vikings",
        _VIKINGS | {"contents": ["credit"], "auto_renew": "credit_threshold"}, ("auto_renew",),
        before=("topped up 2026-10-01 09:00", "credit 4.99 until 2027-01-01 10:00", "tops up below 5.00"),
        steps=(Step("looks"),),
        after=("credit 19.99 until 2027-05-20 14:05",),
        happened=("credit_extended", "credit_added"),
    ),
    Shape(
        "Renewing by itself", "not at that amount", "Mobile Vikings",
        _VIKINGS | {"contents": ["credit"], "auto_renew": "credit_threshold"}, ("auto_renew",),
        before=("topped up 2026-10-01 09:00", "credit 5.00 until 2027-01-01 10:00", "tops up below 5.00"),
        steps=(Step("looks"),),
        after=("credit 5.00 until 2027-01-01 10:00",),
    ),
    Shape(
        "Renewing by itself", "a top-up, but the first is made by hand", "Mobile Vikings",
        _VIKINGS | {"contents": ["credit"], "auto_renew": "credit_threshold"}, ("auto_renew",),
        before=("tops up below 5.00",),
        steps=(Step("looks"),),
    ),
    Shape(
        "How often", "once a local day", "ALDI Talk", _ALDI_BUNDLE, ("once_a_day",),
        before=("credit 70.00 until 2027-11-01 10:00",),
        steps=(Step(), Step(at="2026-11-20 23:59")),
        refused="once_a_day",
    ),
    Shape(
        "How often", "again after midnight", "ALDI Talk", _ALDI_BUNDLE, ("once_a_day",),
        before=("credit 70.00 until 2027-11-01 10:00",),
        steps=(Step(), Step(at="2026-11-21 00:00")),
        after=(
            "credit 6.00 until 2027-11-01 10:00",
            "data 1000 MB until 2026-12-20 14:05", "data 1000 MB until 2026-12-21 00:00",
        ),
        happened=("credit_taken", "bucket_added data", "credit_taken", "bucket_added data"),
    ),
    Shape(
        "A code's last day", "it can be entered until that day ends", "Proximus", _PROXIMUS | {"code_expires": True},
        ("code_expires",),
        steps=(Step(at="2026-11-20 23:59", code_last_day="2026-11-20"),),
        after=("credit 15.00 until 2027-11-20 23:59", "data 4000 MB until 2026-12-21 23:59"),
        happened=("credit_added", "bucket_added data"),
    ),
    Shape(
        "A code's last day", "it is refused from the next minute on", "Proximus", _PROXIMUS | {"code_expires": True},
        ("code_expires",),
        steps=(Step(at="2026-11-21 00:00", code_last_day="2026-11-20"),),
        refused="code_lapses",
    ),
    Shape(
        "A code's last day", "it lapses before the operator would take it", _ELSEWHERE,
        _PROXIMUS | {"code_expires": True, "early_renewal": "refused_while_active"}, ("code_expires", "early_renewal"),
        before=("data 700 MB until 2026-12-03 10:00",),
        steps=(Step(code_last_day="2026-12-02"),),
        refused="code_lapses",
    ),
    Shape(
        "What is not known", "is named, and nothing is computed", "Proximus",
        {name: value for name, value in _PROXIMUS.items() if name not in {"data_mb", "early_renewal"}}, ("contents",),
        refused="effect_unknown: data_mb early_renewal",
    ),
)  # fmt: skip
