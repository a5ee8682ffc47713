"""Tables that people edit. Money, orders and codes are not here: functions of `sql/` write them, `queries` reads."""

from __future__ import annotations

from typing import ClassVar
from uuid import uuid4

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models


class CatalogVersion(models.Model):
    """One whole catalogue, as it was sold from. A quote names its version, so what was shown can be shown again."""

    class State(models.TextChoices):
        PROPOSED = "proposed"
        ACTIVE = "active"
        RETIRED = "retired"

    made_at = models.DateTimeField()
    made_by = models.TextField()
    state = models.TextField(choices=State.choices)
    note = models.TextField(blank=True)
    document = models.JSONField()
    #: Of a change made on the page of the catalogue: the version that was sold from then. Null: a whole file.
    base = models.BigIntegerField(null=True)

    class Meta:
        db_table = "catalog_version"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["state"], condition=models.Q(state="active"), name="catalog_version_one_active"
            )
        ]

    def __str__(self) -> str:
        return f"catalogue {self.pk} ({self.state})"


class PromotionsVersion(models.Model):
    """One whole document of promotions, its coupons as keyed digests. A quote names the version it was made from."""

    made_at = models.DateTimeField()
    made_by = models.TextField()
    active = models.BooleanField()
    note = models.TextField(blank=True)
    document = models.JSONField()
    #: Of a change made on the page: the version that counted then, 0 where there was none. Null: a whole file.
    base = models.BigIntegerField(null=True)
    proposed = models.BooleanField(default=False, db_default=False)
    #: Of a change made on the page that came to count: when, and who let it.
    approved_at = models.DateTimeField(null=True)
    approved_by = models.TextField(blank=True, default="", db_default="")

    class Meta:
        db_table = "promotions_version"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["active"], condition=models.Q(active=True), name="promotions_version_one_active"
            )
        ]

    def __str__(self) -> str:
        return f"promotions {self.pk}"


class FeeVersion(models.Model):
    """What the shop charges above the face value, its VAT inside it, as it was from some moment on. A quote keeps the
    fee that was shown, so none of them is needed to show one again."""

    made_at = models.DateTimeField()
    made_by = models.TextField()
    state = models.TextField()  # as of a version of the catalogue
    note = models.TextField()
    fee_minor = models.BigIntegerField()
    currency = models.TextField()
    base = models.BigIntegerField()  # the version that counted when it was proposed; 0: the one of the settings
    approved_at = models.DateTimeField(null=True)
    approved_by = models.TextField(blank=True, default="")

    class Meta:
        db_table = "fee_version"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["state"], condition=models.Q(state="active"), name="fee_version_one_active"
            ),
            models.CheckConstraint(condition=models.Q(fee_minor__gte=0), name="fee_version_not_negative"),
        ]

    def __str__(self) -> str:
        return f"fee {self.pk} ({self.state})"


class Reseller(models.Model):
    """Somebody who sells on from a float, by the API or by a file. `id` is its name in account codes and events."""

    id = models.SlugField(primary_key=True, max_length=40)
    name = models.TextField()
    email = models.EmailField()  # who is told what became of its orders
    made_at = models.DateTimeField()
    active = models.BooleanField(default=True)

    class Meta:
        db_table = "reseller"

    def __str__(self) -> str:
        return self.name


class ApiKey(models.Model):
    """A reseller's key, hashed; the key itself was shown once. `scopes` and `addresses` as in `core.api_access`."""

    hash = models.BinaryField(unique=True)
    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT)
    name = models.TextField(default="")  # what its owner calls it
    hint = models.TextField(default="")  # its first signs, to tell it from others
    scopes = ArrayField(models.TextField(), default=list)
    addresses = ArrayField(models.TextField(), default=list)
    sandbox = models.BooleanField(default=False)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)  # to the minute
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "api_key"

    def __str__(self) -> str:
        return f"a key of {self.reseller_id}"


class WebhookEndpoint(models.Model):
    """Where a program of a reseller wants to be told, and how its messages are signed (`core.webhook`)."""

    id = models.UUIDField(primary_key=True)
    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT)
    sandbox = models.BooleanField(default=False)  # told of what sandbox keys ask, and of nothing else
    url = models.TextField()
    events = ArrayField(models.TextField(), default=list)  # none: all
    secret_sealed = models.BinaryField()
    old_secret_sealed = models.BinaryField(null=True)  # signs beside the other until `old_until`
    old_until = models.DateTimeField(null=True)
    made_at = models.DateTimeField()
    failing_since = models.DateTimeField(null=True)  # the first failure since something arrived
    failed_at = models.DateTimeField(null=True)  # and the last
    gone_at = models.DateTimeField(null=True)  # it answered 410
    ended_at = models.DateTimeField(null=True)  # nothing is posted to it any more
    ended_why = models.TextField(default="")  # gone, dead, by_hand, removed

    class Meta:
        db_table = "webhook_endpoint"

    def __str__(self) -> str:
        return f"an endpoint of {self.reseller_id}"


class OwnerLink(models.Model):
    """A one-time sign-in link of somebody who runs the shop, hashed."""

    hash = models.BinaryField(unique=True)
    role = models.TextField()
    name = models.TextField()
    email = models.EmailField(blank=True, default="")  # of the person of the house; empty: in a sandbox, of nobody
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "owner_link"

    def __str__(self) -> str:
        return f"a link until {self.expires_at:%H:%M}"


class Customers(BaseUserManager["Customer"]):
    """Finds a customer by the address that was proven, however it is written."""

    def get_by_natural_key(self, username: str | None) -> Customer:
        return self.get(email=(username or "").lower())


class Customer(AbstractBaseUser):
    """Somebody who keeps their SIMs and orders here. Buying needs none of this; the address is the whole of it."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    email = models.EmailField(unique=True)  # in lower case, as it was proven
    language = models.CharField(max_length=10)
    made_at = models.DateTimeField()
    is_active = models.BooleanField(default=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[Customers] = Customers()

    class Meta:
        db_table = "customer"

    def __str__(self) -> str:
        return f"customer {self.pk}"


class Place(models.Model):
    """Where top-ups are sold over a counter, as `core.places.Place` says it. `source` and `ref` are its identity."""

    source = models.TextField()
    ref = models.TextField()
    kind = models.TextField()
    name = models.TextField(blank=True)
    street = models.TextField(blank=True)
    postcode = models.TextField(blank=True)
    city = models.TextField(blank=True)
    lat_microdeg = models.IntegerField(null=True)
    lon_microdeg = models.IntegerField(null=True)
    phone = models.TextField(blank=True)
    languages = models.JSONField(default=list)
    operators = models.JSONField(default=list)
    sells = models.JSONField(default=list)
    takes = models.JSONField(default=list)
    hours = models.TextField(blank=True)
    confirmed_on = models.DateField(null=True)
    changed_at = models.DateTimeField(db_index=True)
    changed_by = models.TextField()

    class Meta:
        db_table = "place"
        constraints: ClassVar = [models.UniqueConstraint(fields=["source", "ref"], name="place_once")]

    def __str__(self) -> str:
        return f"{self.source} {self.ref}"


class KeptLine(models.Model):
    """A SIM that a customer keeps here. All that tells of a person is sealed; `line_id` is that of their file."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE)
    line_id = models.UUIDField()
    sealed = models.BinaryField()
    version = models.IntegerField(default=1)
    made_at = models.DateTimeField()

    class Meta:
        db_table = "kept_line"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["customer", "line_id"], name="kept_line_once")
        ]

    def __str__(self) -> str:
        return f"SIM {self.line_id}"


class Session(models.Model):
    """One browser that is signed in, of a customer or of the house. The key in its cookie is kept hashed."""

    hash = models.BinaryField(primary_key=True)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, null=True)  # null: of the house
    data = models.TextField()  # signed, as Django's sessions are
    agent = models.TextField()  # what the browser calls itself
    made_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "session"

    def __str__(self) -> str:
        return f"a session until {self.expires_at:%Y-%m-%d}"


class SignInLink(models.Model):
    """A one-time link to sign in with, hashed; the address it went to is proven by whoever uses it."""

    hash = models.BinaryField(primary_key=True)
    email = models.EmailField()
    language = models.CharField(max_length=10)
    back = models.TextField()  # where to go then
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "sign_in_link"

    def __str__(self) -> str:
        return f"a link until {self.expires_at:%H:%M}"


class Passkey(models.Model):
    """A key on a customer's device (WebAuthn): `public` is the credential data that checks its signatures."""

    credential_id = models.BinaryField(unique=True)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE)
    public = models.BinaryField()
    name = models.TextField()
    made_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "passkey"

    def __str__(self) -> str:
        return f"a passkey of {self.customer_id}"


class SecondStep(models.Model):
    """What makes six digits every half minute (RFC 6238), sealed about the customer. Asked once it was confirmed."""

    customer = models.OneToOneField(Customer, on_delete=models.CASCADE, primary_key=True)
    sealed = models.BinaryField()
    made_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    step = models.BigIntegerField(default=0)  # the newest that was used: no digits work twice

    class Meta:
        db_table = "second_step"

    def __str__(self) -> str:
        return f"the second step of {self.customer_id}"


class RecoveryCode(models.Model):
    """One of the codes for who has lost the app, hashed: 80 bits, gone when used."""

    hash = models.BinaryField(primary_key=True)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE)

    class Meta:
        db_table = "recovery_code"

    def __str__(self) -> str:
        return f"a recovery code of {self.customer_id}"
