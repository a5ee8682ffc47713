"""The addresses of the kiosk. None of them names an order: there is one, of whoever stands there."""

from __future__ import annotations

from django.urls import path

from opla.kiosk import choosing, home, order, paying, visiting, voucher

urlpatterns = [
    path("kiosk/", home.page, name="kiosk"),
    path("kiosk/over/", visiting.over, name="kiosk-over"),
    path("kiosk/touch/", home.touch, name="kiosk-touch"),
    path("kiosk/number/", home.number, name="kiosk-number"),
    path("kiosk/not-here/", home.not_here, name="kiosk-not-here"),
    path("kiosk/operator/<slug:operator_id>/", choosing.operator, name="kiosk-operator"),
    path("kiosk/price/", choosing.price, name="kiosk-price"),
    path("kiosk/quote/<uuid:quote_id>/", choosing.quote, name="kiosk-quote"),
    path("kiosk/quote/<uuid:quote_id>/card/", paying.card, name="kiosk-card"),
    path("kiosk/quote/<uuid:quote_id>/counter/", paying.counter, name="kiosk-counter"),
    path("kiosk/voucher/", voucher.page, name="kiosk-voucher"),
    path("kiosk/order/", order.show, name="kiosk-order"),
    path("kiosk/order/state/", order.state, name="kiosk-order-state"),
    path("kiosk/order/leave/", order.leave, name="kiosk-leave"),
    path("kiosk/order/again/", order.again, name="kiosk-again"),
    path("kiosk/order/code/", order.code, name="kiosk-code"),
    path("kiosk/order/slip/", order.slip, name="kiosk-slip"),
    path("kiosk/order/text/", order.text, name="kiosk-text"),
    path("kiosk/order/phone/", order.phone, name="kiosk-phone"),
]
