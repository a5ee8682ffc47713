"""The commands of the documentation, carried out as they are written.

`TABLE` has a row for each command that stands in a block of `sh` on a page: what it says when it is carried out here,
the test that runs it, or why none can. One that is not in it fails, and so does a row that no page needs any more.

A walk is a shop of its own in a folder of its own, where the commands of some pages are carried out one after the
other. What stands for something else on a page is that something here: our port, a folder of ours, the key that was
just made (`KEPT`). Lines that only set something must set what the code reads. Two pages are for a machine of its own
(`launcher/test_machine.py`).
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from opla.commands.up import free_port

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "catalogs").glob("*.md"),
     *(ROOT / "deploy").rglob("*.md"), *ROOT.glob("src/**/*.md")]
)  # fmt: skip

_BLOCK = re.compile(r"^( *)```sh\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_SETS = re.compile(r"(?:export )?(?:[A-Z_]+=(?:\"[^\"]*\"|\S*) *)+(?:#.*)?")


@dataclass(frozen=True)
class Says:
    """Carried out in a walk: a word of what it prints, and how it ends. `keeps`: what later commands mean by it."""

    word: str
    code: int = 0
    keeps: str = ""  # what pages write in its place, a name of KEPT


@dataclass(frozen=True)
class By:
    """Run by a test: `file::name`, below tests/."""

    test: str


@dataclass(frozen=True)
class Never:
    why: str


MACHINE = By(
    "launcher/test_machine.py::test_a_machine_that_was_set_up_as_the_page_says_sells_is_reloaded_and_comes_back"
)
MONTH = By("operations/test_month_command.py::test_what_the_page_says_works_in_its_order")
RESTORED = By("launcher/test_restore.py::test_after_a_lost_disk_nothing_is_sold_sent_or_paid_a_second_time")
MACHINES = By("operations/test_terminal_command.py::test_the_providers_own_machines_are_listed")
PUT = By("operations/test_terminal_command.py::test_machines_are_put_somewhere_listed_and_taken_away")
LISTS = By("operations/test_suppliers.py::test_the_command_shows_decides_and_sets_alarms")
PRINTER = By("operations/test_print_command.py::test_what_is_no_printer_is_refused")
VOUCHERS = By("operations/test_vouchers_command.py::test_from_the_printer_to_the_till")
ITEMS = By("operations/test_refund_command.py::test_from_the_ask_to_the_agreement_of_another_account")
ARCHIVED = By("operations/test_archive.py::test_what_the_page_says_works_in_its_order")
CLUSTER = By(
    "scale/test_fail_over.py::"
    "test_a_primary_dies_and_another_is_cut_off_under_load_and_nothing_acknowledged_is_lost_or_twice"
)
ELSEWHERE = Never("on the databases' own machines: tests/scale sets up the same out of namespaces")
THIS = Never("it runs this test")
LYCA = "./opla topup --operator lycamobile --amount 7"
ORDER = "--email you@example.org --pay sandbox"
AUTH = '-H "Authorization: Bearer $OPLA_KEY"'
JSON = '-H "Content-Type: application/json"'

TABLE: dict[str, Says | By | Never] = {
    "./opla up": Says("Opla is open"),
    "./opla test": THIS,
    "./opla test tests/core/test_phone.py": THIS,
    "./opla test tests/core -k emergency": THIS,
    "./opla test tests/live -rs": Never("it asks providers, with keys of theirs"),
    ".venv/bin/python docs/pictures/take.py http://127.0.0.1:8000/": Never("it takes the pictures of the pages anew"),
    f"./opla topup --operator proximus --amount 15 {ORDER}": Says("Delivered"),
    f"{LYCA} --number 0470123456 {ORDER}": Says("Delivered"),
    f"{LYCA} --number 0470123901 {ORDER}": Says("Refunded", 1),
    f"{LYCA} --number 0470123904 {ORDER}": Says("Delivered"),
    f"{LYCA} --number 0470123910 {ORDER} --wait 3": Says("being delivered", 3),
    f"{LYCA} --number 024123456 {ORDER} --json": Says("number_landline", 1),
    "./opla items": Says(""),
    "./opla items show 7": ITEMS,
    './opla items resolve 7 --as delivered --amount 14.40 --note "their portal lists it, 14:10" --evidence portal.png':
        ITEMS,
    "./opla books": Says("The books balance."),
    "./opla books --full": Says("The books balance."),
    "./opla books --accounts": Says("The books balance."),
    "./opla simulate --orders 2000 --seed 7": Says("2000"),
    "./opla chaos --minutes 2": By("chaos/test_course.py::"
        "test_a_short_storm_loses_nothing_and_a_refund_that_only_they_know_is_found"),
    # With the API
    './opla reseller add acme --title "Acme Phones" --email orders@acme.example': Says("acme"),
    "./opla reseller key acme --sandbox": Says("opla_test_", keeps="opla_test_…"),
    f'curl "$OPLA_URL/api/v1/me" {AUTH}': Says('"reseller": "acme"'),
    f'curl "$OPLA_URL/api/v1/products?operator=mobile-vikings" {AUTH}': Says('"MV-15"'),
    f'curl "$OPLA_URL/api/v1/products/MV-15" {AUTH}': Says('"source'),
    f'curl "$OPLA_URL/api/v1/numbers/look-up" {AUTH} {JSON} -d \'{{"number": "0470 12 34 56"}}\'': Says("operator"),
    f'curl "$OPLA_URL/api/v1/orders" {AUTH} {JSON} -H "Idempotency-Key: my-4711"'
    ' -d \'{"sku": "MV-15", "number": "0470 12 34 56"}\'': Says('"state": "placed"', keeps="$ORDER"),
    f'curl "$OPLA_URL/api/v1/orders/$ORDER" {AUTH}': Says('"state"'),
    "./opla reseller pay-in acme 500.00 --key statement-2026-11-22-7": Says("500.00"),
    "./opla reseller key acme": Says("opla_"),
    # Money
    './opla rate EUR USD 1.0867 --source "ECB reference rate"': Says("1 EUR = 1.086700 USD"),
    "./opla fill sandbox 92.00 --arrived 100.00 USD --key statement-2026-11-22-9": Says("Recorded."),
    "./opla close": Says("No day is left to close."),
    "./opla close --day 2026-11-21 --journal journal.csv": MONTH,
    "./opla month close 2026-11": MONTH,
    "./opla month": MONTH,
    "./opla month close 2026-10": MONTH,
    "./opla month export 2026-10 for-the-accountant": MONTH,
    "hledger -f for-the-accountant/2026-10-journal.hledger balance --tree": MONTH,
    "OPLA_CHART=/etc/opla/accounts.yaml ./opla month export 2026-10 for-the-accountant": MONTH,
    "./opla statement 2026-11-23.xml 2026-11-23.cod": Never("a bank's files"),
    # Copies
    "./opla backup /mnt/elsewhere/opla": Says(""),
    'mkdir -p "$OPLA_VAR" && cp keys.json "$OPLA_VAR"/': RESTORED,
    "./opla restore /mnt/elsewhere/opla": RESTORED,
    './opla restore /mnt/elsewhere/opla --until "2026-11-23 09:41"':
        By("launcher/test_backup.py::test_it_comes_back_as_it_was_at_a_minute"),
    "./opla quarantine": RESTORED,
    "./opla quarantine look": RESTORED,
    './opla quarantine compared payments cash --note "drawers counted, nothing missing" --by Ana': RESTORED,
    "./opla quarantine leave --yes": RESTORED,
    './opla quarantine release 1 --unsold serials.txt --note "the vendor\'s list of today"': RESTORED,
    "./opla quarantine gave K7M3-9QX2-TB A3": RESTORED,
    './opla quarantine enter --until "2026-11-23 09:41" --yes': RESTORED,
    # Stock
    './opla codes order "Vendor NV" PX-15 200 14.25 --invoice F-2026/17': Says("Purchase 1."),
    "./opla codes import box.csv --purchase 1": Says("1 codes are in stock."),
    "./opla codes paid 1 2850": Says("2850.00"),
    "./opla codes alarm PX-15 40 # an item when fewer are for sale, with how many to order": Says("fewer than 40"),
    "./opla codes minimum PX-15 30 # none is sold that is good for fewer days": Says("at least 30 days"),
    './opla codes block 3 "does not work" # the whole batch, at once; ./opla codes batch 3 says who has the others':
        Says("Batch 3:"),
    "./opla codes import bought.csv": Says("2 codes are in stock."),
    "./opla codes count": Says("PX-15"),
    "./opla cards import cards.csv": Says("2 "),
    "./opla cards list": Says("PX-SIM"),
    # Counters
    "./opla places import my-places.csv": Says("places are new"),
    "./opla places list": Says("main-street"),
    "./opla places export > my-places.csv": Says(""),
    "./opla places remove owner shop-7": Says("1 removed."),
    "./opla drawer open counter-1 --place own:main-street # SOURCE:REF of the place": Says("counter-1"),
    './opla drawer put-in counter-1 50 --why "change"': Says("50.00"),
    "./opla terminal open bank-1 --drawer counter-1": Says("bank-1"),
    "./opla terminal found": MACHINES,
    "./opla terminal open card-1 --drawer counter-1 --as mollie_terminal --id term_7MgL4wea46qkRcoTZjWEH": PUT,
    "./opla terminal open card-2 --station main-kiosk --as mollie_terminal --id term_8NhM5xfb57rlSdpUakXFI": PUT,
    "./opla terminal open kiosk-card --as mollie_terminal --id term_… --station main-kiosk": PUT,
    "./opla terminal paid-out 512.40 --until 2026-11-22 --reference 4711-0815 --key statement-2026-11-24-3":
        By("operations/test_terminal_command.py::test_a_day_of_slips_a_refund_and_what_was_sent_for_them"),
    "./opla print main-till tcp:192.168.1.50": PRINTER,
    "./opla print main-till usb:04b8:0e15 --paper 58": PRINTER,
    "./opla print main-till file:/dev/usb/lp0": PRINTER,
    "./opla promotions check my-promotions.yaml": Says("is valid"),
    "./opla promotions import my-promotions.yaml": Says("It counts from now on."),
    "./opla promotions list": Says("welcome"),
    "./opla promotions export > my-promotions.yaml": Says(""),
    "./opla vouchers make PX-15 200 --until 2027-12-31 --language fr --out vouchers.pdf": Says("Batch 1"),
    "./opla vouchers send 00001000000161..00001000020046 --place own:main-street": VOUCHERS,
    "./opla vouchers arrive 00001000000161..00001000020046": VOUCHERS,
    "./opla vouchers activate 00001000000161 --till counter-1 --given 20": VOUCHERS,
    "./opla vouchers list": Says("PX-15"),
    "./opla post slips proximus slips.pdf --count 20 --language nl":
        By("operations/test_slips.py::test_the_command_makes_slips_and_counts_what_is_where"),
    # The house
    "./opla owner --name Ana --email ana@shop.example": Says("/owner/enter/"),
    "./opla owner --name Ben --email ben@shop.example --role accountant": Says("/owner/enter/"),
    "./opla owner --email ana@shop.example --lost": Says("/owner/enter/"),
    "./opla owner --name ana": Says("/owner/enter/"),
    "./opla metrics": Says("opla_http_requests_total"),
    "./opla doctor": Says("ok "),
    "./opla doctor --live": By("adapters/test_doctor_live.py::test_everything_together_names_what_is_missing"),
    "./opla bounce # or, from an alias: ./opla bounce < report": By("operations/test_mail_back.py::"
        "test_the_command_reads_a_maildir_once_or_what_is_piped"),
    "./opla suppliers sync": LISTS,
    "./opla suppliers news": LISTS,
    "./opla suppliers approve reloadly PX-15 901:15.00": LISTS,
    'OPLA_TRY="mollie reloadly" ./opla up': By("operations/test_trying.py::"
        "test_the_whole_way_is_gone_with_the_true_adapters_and_nobody_has_a_key"),
    # Several machines
    "./opla up --host 10.0.0.21": CLUSTER,
    "./opla books # every check holds": Never("./opla books, under a cluster"),
    "./opla test --full tests/scale": THIS,
    "apt-get install etcd-server": ELSEWHERE,
    "cat > /etc/default/etcd <<'END'": ELSEWHERE,
    "END": ELSEWHERE,
    "systemctl restart etcd": ELSEWHERE,
    "patronictl -c /etc/patroni.yml switchover --force # a planned one, a second or two": ELSEWHERE,
    "systemctl stop patroni # on the leader; then: pull its cable": ELSEWHERE,
    # Running it
    "./opla archive": ARCHIVED,
    "./opla archive out 2026-11 /mnt/elsewhere/old-months": ARCHIVED,
    "./opla archive back 2026-11 /mnt/elsewhere/old-months": ARCHIVED,
    "python3 -c 'import secrets; print(secrets.token_urlsafe(32))' > metrics.token": Says(""),
    "chmod 600 metrics.token": Says(""),
    "OPLA_METRICS_TOKEN_FILE=$PWD/metrics.token ./opla up":
        By("launcher/test_secret_files.py::test_what_a_file_holds_is_the_setting_and_its_name_alone_goes_to_children"),
    "podman build -f deploy/Containerfile -t opla .": Never("it fetches Debian's image; built and run by hand"),
    "podman run -d --name opla --read-only --tmpfs /tmp --cap-drop all --security-opt no-new-privileges"
    " -v opla:/var/lib/opla --env-file /etc/opla/opla.env --secret mollie --secret database"
    " -e OPLA_PAYMENTS_MOLLIE_KEY_FILE=/run/secrets/mollie -e DATABASE_URL_FILE=/run/secrets/database"
    " -p 127.0.0.1:8000:8000 -p 127.0.0.1:8001:8001 --stop-timeout 50 opla": Never("the same"),
    "mmdebstrap --variant=minbase --include=systemd-sysv,dbus,adduser,python3-venv,git,ca-certificates,curl,procps"
    " bookworm debian.tar": Never("it makes what test_machine.py boots"),
    "OPLA_DEBIAN=$PWD/debian.tar ./opla test --full tests/launcher/test_machine.py": THIS,
}  # fmt: skip
#: Carried out whole on a machine of their own.
ON_A_MACHINE = {"docs/howto/upgrade.md", "docs/howto/install.md"}

#: What is kept of what a command prints, by what later pages write in its place.
KEPT = {"opla_test_…": re.compile(r"opla_test_\w[\w-]+"), "$ORDER": re.compile(r'"order": "([\w-]+)"')}

FILES = {
    "bought.csv": "sku,code,serial,cost,valid_until\nPX-15,0000567890123,PX-000001,14.25,\n"
    "PX-15,0000567890124,PX-000002,14.25,\n",
    "box.csv": "sku,code,serial,cost,valid_until\nPX-15,0000567890125,PX-000003,14.25,\n",
    "cards.csv": "sku,iccid,cost\nPX-SIM,8900000000000000003,10.50\nPX-SIM,8900000000000000011,10.50\n",
    "my-places.csv": "source,ref,kind,name,street,postcode,city,takes,sells,opening_hours\n"
    "own,main-street,partner,Our shop,Hoofdstraat 1,9000,Gent,cash,top_up,Mo-Su 00:00-24:00\n"
    "owner,shop-7,partner,Corner,Kerkstraat 7,9000,Gent,cash,top_up,\n",
    "my-promotions.yaml": (ROOT / "catalogs" / "promotions.sample.yaml").read_text("utf-8"),
}

FIRST_EVENING = (
    "README.md", "docs/tutorial/first-top-up.md", "docs/explanation/unknown-is-not-failed.md",
    "docs/howto/sell-with-the-api.md",
)  # fmt: skip
THE_HOUSE = (
    "docs/howto/name-the-people.md", "docs/howto/start-the-day.md", "docs/howto/resolve-an-item.md",
    "docs/explanation/books.md", "docs/howto/close-a-month.md", "docs/howto/stock-codes.md",
    "docs/howto/go-live.md", "docs/howto/say-where-to-buy.md", "docs/howto/run-a-promotion.md",
    "docs/howto/sell-sim-cards.md", "docs/howto/sell-vouchers.md", "docs/howto/watch-a-shop.md",
    "docs/howto/back-up-and-restore.md",
)  # fmt: skip
ONLY_LONG = {"./opla simulate --orders 2000 --seed 7"}


def commands(page: str) -> list[str]:
    """The commands of a page, each on one line."""
    text = (ROOT / page).read_text("utf-8")
    lines = [line for _, block in _BLOCK.findall(text) for line in re.sub(r"\\\n", " ", block).splitlines()]
    return [re.sub(r" +", " ", line.strip()) for line in lines if line.strip()]


def written() -> dict[str, list[str]]:
    """Every command, and the pages it stands on."""
    found: dict[str, list[str]] = {}
    for path in PAGES:
        page = str(path.relative_to(ROOT))
        for command in commands(page):
            if page not in ON_A_MACHINE or command in TABLE:
                found.setdefault(command, []).append(page)
    return found


def test_every_command_of_the_documentation_is_run_or_says_why_not() -> None:
    found = {command for command in written() if not _SETS.fullmatch(command)}
    assert found - TABLE.keys() == set()
    assert TABLE.keys() - found == set(), "no page says these any more"


def test_what_is_carried_out_stands_on_a_page_of_a_walk() -> None:
    walked = {command for page in (*FIRST_EVENING, *THE_HOUSE) for command in commands(page)}
    assert {command for command, row in TABLE.items() if isinstance(row, Says)} - walked == set()


def test_what_runs_a_command_exists_and_speaks_of_it() -> None:
    for command, row in TABLE.items():
        if isinstance(row, By):
            file, _, test = row.test.partition("::")
            text = (ROOT / "tests" / file).read_text("utf-8")
            assert re.search(rf"^def {test}\(", text, re.MULTILINE), row.test
            if name := re.search(r"\./opla (\w+)", command):
                assert name[1] == "up" or name[1] in text, row.test


def test_the_machine_carries_out_every_block_of_its_pages() -> None:
    text = (ROOT / "tests" / "launcher" / "test_machine.py").read_text("utf-8")
    asked = re.findall(r'blocks\("([\w.]+)", about="([^"]+)"', text)
    for page in ON_A_MACHINE:
        for _, block in _BLOCK.findall((ROOT / page).read_text("utf-8")):
            mine = [about for name, about in asked if page.endswith(f"/{name}")]
            assert any(about in block for about in mine) or set(commands(page)) & TABLE.keys(), block


def test_settings_that_a_page_sets_are_settings() -> None:
    read = "\n".join(path.read_text("utf-8") for path in (ROOT / "src").rglob("*.py"))
    read += "\n".join(path.read_text("utf-8") for path in (ROOT / "tests" / "live").glob("*.py"))
    known = re.compile(r"(OPLA_\w+|DATABASE_\w+)")
    tables = "\n".join(path.read_text("utf-8") for path in PAGES)
    for command, pages in written().items():
        if _SETS.fullmatch(command) and pages != ["docs/howto/sell-with-the-api.md"]:
            for name in known.findall(command.partition('"')[0].partition("…")[0]):
                last = name.rpartition("_")[2]
                assert name in read or f'"{last}' in read or f"_{last}" in read, (name, pages)
                assert f"`{name}`" in tables or f"{name}=" in tables, (name, pages)


@dataclass
class Walk:
    folder: Path
    port: int
    env: dict[str, str]
    meant: dict[str, str] = field(default_factory=dict)
    up: subprocess.Popen[bytes] | None = None

    def goes(self, pages: tuple[str, ...], *, long: bool) -> None:
        self._opens()
        for page in pages:
            for command in commands(page):
                row = TABLE.get(command)
                if isinstance(row, Says) and (long or command not in ONLY_LONG):
                    self._does(page, command, row)
                elif page == "docs/howto/sell-with-the-api.md" and command.startswith("export "):
                    name, _, value = self._here(command.removeprefix("export ")).partition("=")
                    self.env[name] = value

    def _here(self, command: str) -> str:
        for there, here in self.meant.items():
            command = command.replace(there, here)
        return command

    def _does(self, page: str, command: str, row: Says) -> None:
        if command == "./opla up":
            self._opens()
            return
        done = subprocess.run(
            ["sh", "-c", self._here(command)], cwd=self.folder, env=self.env, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        said = f"{page}: {command}\n{done.stdout}\n{done.stderr}"
        assert done.returncode == row.code, said
        assert row.word in done.stdout + done.stderr, said
        if row.keeps:
            found = KEPT[row.keeps].search(done.stdout + done.stderr)
            assert found, said
            self.meant[row.keeps] = found[found.re.groups]

    def _opens(self) -> None:
        if self.up is not None:
            return
        log = self.folder / "up.log"
        with log.open("wb") as file:
            words = ["./opla", "up", "--port", str(self.port)]
            self.up = subprocess.Popen(words, cwd=self.folder, env=self.env, stdout=file, stderr=file)
        deadline = time.monotonic() + 180
        while "Opla is open" not in log.read_text():
            assert self.up.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)

    def closes(self) -> None:
        if self.up is not None:
            self.up.send_signal(signal.SIGINT)
            self.up.wait(60)
            assert "Opla is closed." in (self.folder / "up.log").read_text()


@pytest.fixture
def walk(tmp_path: Path) -> Iterator[Walk]:
    (tmp_path / "opla").symlink_to(ROOT / "opla")
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    port = free_port("127.0.0.1", 23_400 + os.getpid() % 1000)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OPLA_", "DATABASE_", "PYTHON"))}
    meant = {"http://127.0.0.1:8000": f"http://127.0.0.1:{port}", "/mnt/elsewhere/opla": str(tmp_path / "elsewhere")}
    made = Walk(tmp_path, port, {**kept, "OPLA_VAR": str(tmp_path / "var")}, meant)
    try:
        yield made
    finally:
        made.closes()
        from opla.commands.purge import remove
        from opla.db.instance import locate
        from opla.db.locks import holding

        if (tmp_path / "var").exists():
            instance = locate(tmp_path / "var")
            with holding(instance.keeper_lock):  # it has been stopped
                pass
            remove(instance)


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_whoever_follows_the_first_pages_gets_what_they_say(walk: Walk) -> None:
    walk.goes(FIRST_EVENING, long=False)


@pytest.mark.full
def test_whoever_follows_the_pages_of_the_house_gets_what_they_say(walk: Walk) -> None:
    walk.goes((*THE_HOUSE, "README.md"), long=True)
