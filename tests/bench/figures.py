"""A measured figure and how it is printed. Holds no measuring."""

import dataclasses


@dataclasses.dataclass
class Figure:
    """`reach` with its direction: at most for durations and sizes, at least for scores and counts."""

    what: str
    measured: float | None
    reach: float
    unit: str
    at_least: bool = False
    note: str = ""

    @property
    def verdict(self):
        if self.measured is None:
            return "left out"
        enough = self.measured >= self.reach if self.at_least else self.measured <= self.reach
        return "ok" if enough else "short"


def number(value):
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.3g}"


def table_head():
    return f"{'what':<58} {'measured':>10} {'reach':>10}  {'unit':<8} verdict"


def row(figure):
    sign = ">=" if figure.at_least else "<="
    text = f"{figure.what:<58} {number(figure.measured):>10} {sign + ' ' + number(figure.reach):>10}  {figure.unit:<8} {figure.verdict}"
    return f"{text}  ({figure.note})" if figure.note else text
