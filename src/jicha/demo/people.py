"""Employees, accounts and invented names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from jicha.demo.frame import Ids, Pick
from jicha.demo.grid import Ints, generator
from jicha.demo.network import COUNTY, Network

SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
)
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华建文志国海燕红玲波辉斌宇鹏晨琳梅峰云林"
POSTS = (
    "reader",
    "calculator",
    "cashier",
    "meter_installer",
    "connection",
    "inspector",
    "line_loss",
    "service",
    "manager",
)
PER_STATION = {
    "reader": 4,
    "calculator": 2,
    "cashier": 3,
    "meter_installer": 4,
    "connection": 3,
    "inspector": 4,
    "line_loss": 1,
    "service": 2,
    "manager": 2,
}
ROLES = {
    "reader": ["reading"],
    "calculator": ["calculation"],
    "cashier": ["cashier"],
    "meter_installer": ["order"],
    "connection": ["order"],
    "inspector": ["back_bill_entry"],
    "line_loss": [],
    "service": ["order"],
    "manager": ["back_bill_approval", "refund_approval"],
    "it": ["admin"],
}
STATION_FACTOR = 1_000
FIRMS = ("五金", "服饰", "食品", "机械", "塑料", "家具", "电子", "水产", "茶业", "建材")
SHOPS = ("超市", "饭店", "药店", "理发店", "网吧", "宾馆", "水果店", "诊所", "修理铺", "百货")


@dataclass
class Staff:
    """Who works where: per station the same posts, numbered; the county has its own people."""

    stations: int
    extra: list[dict[str, object]]

    def ids(self, post: str, station: Ints, rank: Ints | int = 0) -> Ids:
        """Return the employees of a post at stations, by rank."""
        place = POSTS.index(post)
        number = (station + 1) * STATION_FACTOR + place * 50 + np.asarray(rank) % PER_STATION[post] + 1
        return Ids("E", np.asarray(number, dtype=np.int64))

    def reader_ids(self, station: Ints, section: Ints) -> Ids:
        """Return who reads a section; the last reader of a station stands in for nobody."""
        return self.ids("reader", station, section)

    def one(self, post: str, station: int, rank: int = 0) -> str:
        """Return one employee's identifier."""
        return f"E{self.ids(post, np.array([station]), rank).numbers[0]}"


def make_staff(network: Network) -> Staff:
    """Return the staff of the county's stations."""
    return Staff(network.stations, [])


def employee_rows(seed: int, staff: Staff, network: Network) -> list[dict[str, object]]:
    """Return the employees: every post at every station, and the county's IT."""
    rng = generator(seed, "employees")
    rows: list[dict[str, object]] = []
    orgs = [str(number) for number in network.station_numbers()]
    for station, org in enumerate(orgs):
        for post in POSTS:
            rows += [
                {"employee_id": staff.one(post, station, rank), "org_no": org, "post": post}
                for rank in range(PER_STATION[post])
            ]
    rows += [{"employee_id": f"E{rank + 1}", "org_no": COUNTY, "post": "it"} for rank in range(2)]
    for row in rows:
        row["name"] = person_name(rng)
        row["hired_on"] = date(int(rng.integers(1995, 2023)), int(rng.integers(1, 13)), 1)
        row["left_on"] = None
    for row in rows:
        # Each station's last meter installer has left, and lost the account the same day.
        if row["post"] == "meter_installer" and str(row["employee_id"])[-1] == "4":
            row["left_on"] = date(2026, 5, 29)
    return rows + staff.extra


def account_rows(employees: list[dict[str, object]]) -> list[dict[str, object]]:
    """Return one account an employee; who has left has none that is active."""
    return [
        {
            "account_id": f"A{str(row['employee_id'])[1:]}",
            "employee_id": row["employee_id"],
            "active": row["left_on"] is None or bool(row.get("keeps_account")),
            "disabled_at": _disabled(row),
        }
        for row in employees
    ]


def role_rows(employees: list[dict[str, object]]) -> list[dict[str, object]]:
    """Return the roles of each account: posts that must not meet are kept apart."""
    return [
        {"account_id": f"A{str(row['employee_id'])[1:]}", "role": role}
        for row in employees
        for role in [*ROLES[str(row["post"])], *list(row.get("extra_roles", []))]  # type: ignore[call-overload]
    ]


def person_name(rng: np.random.Generator) -> str:
    """Return an invented person's name."""
    given = "".join(GIVEN[int(i)] for i in rng.integers(0, len(GIVEN), int(rng.integers(1, 3))))
    return SURNAMES[int(rng.integers(0, len(SURNAMES)))] + given


def customer_names(seed: int, homes: np.ndarray, firms: np.ndarray) -> Pick:
    """Return a name for each customer: people for homes, firms for high voltage, shops for the rest."""
    rng = generator(seed, "names")
    count = len(homes)
    people = [s + a + b for s in SURNAMES for a in GIVEN[:20] for b in GIVEN[20:]]
    places = ["青溪", "云浦", "东塘", "南溪", "西坞", "北桥", "柳湖", "石浦", "竹口", "白沙", "龙湾", "凤桥"]
    marks = [a + b for a in GIVEN[:20] for b in GIVEN[20:]]
    companies = [f"{p}{m}{f}有限公司" for p in places[:6] for m in marks for f in FIRMS]
    stores = [f"{p}{m}{s}" for p in places[6:] for m in marks for s in SHOPS]
    person = rng.integers(0, len(people), count)
    company = len(people) + rng.integers(0, len(companies), count)
    store = len(people) + len(companies) + rng.integers(0, len(stores), count)
    return Pick(np.where(homes, person, np.where(firms, company, store)), people + companies + stores)


def _disabled(row: dict[str, object]) -> datetime | None:
    left = row["left_on"]
    if left is None or row.get("keeps_account") or not isinstance(left, date):
        return None
    return datetime(left.year, left.month, left.day, 17, 0)
