"""Every address of the shop. None carries a number, an e-mail or a code; an order's link is its only secret."""

from __future__ import annotations

from django.urls import path

from opla.storefront.views import (
    amounts,
    basket,
    choose,
    code,
    follow,
    have,
    language,
    order,
    plan,
    promotions,
    quote,
    recipient,
    remind,
)
from opla.storefront.views import help as helping

urlpatterns = [
    path("", choose.home, name="home"),
    path("number/", choose.number, name="number"),
    path("plan/", plan.plan, name="plan"),
    path("promotions/", promotions.listed, name="promotions"),
    path("promotions/news/", follow.ask, name="follow"),
    path("sim/<str:kind>/", choose.sim_page, name="sim"),
    path("top-up/<str:operator>/", amounts.amounts, name="amounts"),
    path("top-up/<str:operator>/<str:sku>/", recipient.recipient, name="recipient"),
    path("quote/<uuid:quote_id>/", quote.quote, name="quote"),
    path("quote/<uuid:quote_id>/line/", quote.line, name="quote-line"),
    path("quote/<uuid:quote_id>/renew/", quote.renew, name="renew"),
    path("quote/<uuid:quote_id>/coupon/", quote.coupon, name="coupon"),
    path("quote/<uuid:quote_id>/basket/", basket.add, name="basket-add"),
    path("basket/", basket.basket, name="basket"),
    path("basket/remove/", basket.remove, name="basket-remove"),
    path("basket/renew/", basket.renew, name="basket-renew"),
    path("o/<str:link>/", order.show, name="order"),
    path("o/<str:link>/state/", order.state, name="order-state"),
    path("o/<str:link>/pay/", order.pay_again, name="pay-again"),
    path("o/<str:link>/receipt/", order.receipt, name="receipt"),
    path("o/<str:link>/remind/", remind.count_in, name="order-remind"),
    path("o/<str:link>/code/", code.reveal, name="code"),
    path("o/<str:link>/proof/", code.ask, name="proof"),
    path("o/<str:link>/prove/", code.prove, name="prove"),
    path("have/", have.have, name="have"),
    path("have/which/", have.which, name="have-which"),
    path("have/<slug:operator>/", have.ask, name="have-operator"),
    path("have/<slug:operator>/line/", have.line, name="have-line"),
    path("have/<slug:operator>/file/", have.file, name="have-file"),
    path("have/<slug:operator>/remind/", remind.ask, name="have-remind"),
    path("r/<str:link>/", remind.show, name="reminder"),
    path("r/<str:link>/top-up/", remind.top_up, name="reminder-top-up"),
    path("r/<str:link>/confirm/", remind.confirm, name="reminder-confirm"),
    path("r/<str:link>/answer/", remind.answer, name="reminder-answer"),
    path("r/<str:link>/line/", remind.line, name="reminder-line"),
    path("r/<str:link>/stop/", remind.stop, name="reminder-stop"),
    path("help/", helping.about, name="help"),
    path("language/", language.switch, name="language"),
]
