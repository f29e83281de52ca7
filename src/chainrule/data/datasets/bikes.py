"""Bike sharing demand: how many bikes are hired in an hour, from the time and the weather.

    UCI      hour.csv, columns yr, mnth, hr, …, cnt: temperatures, humidity and wind as shares of the largest
    OpenML   Bike_Sharing_Demand, version 2, the same hours: weather in words, temperatures in °C

Both give the same features but for rounding, since what is measured is standardised.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.data.datasets.places import Root, data_root, find, from_openml, read_bytes
from chainrule.errors import DataError
from chainrule.ops.base import Array

ROWS = 17_379
PERIODS = {"hour": (0, 23), "weekday": (0, 6), "month": (1, 12)}  # from, to; then from the start again
TRUTHS = ("year", "holiday", "workingday")
WEATHER = ("clear", "misty", "rain", "heavy_rain")  # UCI's weathersit 1, 2, 3, 4
MEASURED = ("temp", "feel_temp", "humidity", "windspeed")
RANGES = {**PERIODS, **dict.fromkeys(TRUTHS, (0, 1)), "weather": (1, len(WEATHER)), "count": (0, np.inf)}
COLUMNS = (*RANGES, *MEASURED)
UCI = {
    "yr": "year", "mnth": "month", "hr": "hour", "weathersit": "weather", "atemp": "feel_temp", "hum": "humidity",
    "cnt": "count",
}  # fmt: skip
WORDS = {"false": 0.0, "true": 1.0, **{word: i for i, word in enumerate(WEATHER, 1)}}
ADVICE = "fetch https://archive.ics.uci.edu/dataset/275/bike+sharing+dataset and put its hour.csv into {}"

Columns = dict[str, Array]


def bike_sharing(root: Root = None) -> tuple[Array, Array, list[str]]:
    """17,379 hours of 2011 and 2012 in Washington, D.C.: what the hour was like, bikes hired in it, the columns' names.

    X is float64 of shape (17379, 17): hour, weekday (0 is Sunday) and month as a sine and a cosine each, so that 23 h
    is beside 0 h; year (0: 2011), holiday and workingday 0 or 1; weather, one column of 0 or 1 for each kind; temp,
    feel_temp, humidity and windspeed with mean 0 and variance 1.  y is float64 of shape (17379,), 1 to 977 bikes.
    In order of time: to foretell, train on the first and test on the last.  For regression on a table.

    Taken from hour.csv in ``root`` (see ``data_root``) or its folder bike_sharing, else from OpenML by scikit-learn.
    Source: H. Fanaee-T and J. Gama, Event labeling combining ensemble detectors and background knowledge, 2013.
    Raises DataError, naming the file, for one that is missing, cut short, or of other data.  The names, in order::

        hour_sin hour_cos weekday_sin weekday_cos month_sin month_cos year holiday workingday
        weather_clear weather_misty weather_rain weather_heavy_rain temp feel_temp humidity windspeed
    """
    place = data_root(root)
    table = find(place, ["bike_sharing", ""], ["hour.csv"])
    source = str(table or "OpenML's Bike_Sharing_Demand")
    columns = _checked(_from_csv(table) if table else _from_openml(place), source)
    features = _features(columns)
    return np.stack(list(features.values()), axis=1), columns["count"], list(features)


def _features(columns: Columns) -> Columns:
    made: Columns = {}
    for name, (low, high) in PERIODS.items():
        angle = 2 * np.pi * columns[name] / (high - low + 1)
        made[f"{name}_sin"], made[f"{name}_cos"] = np.sin(angle), np.cos(angle)
    for name in TRUTHS:
        made[name] = columns[name]
    for i, word in enumerate(WEATHER, 1):
        made[f"weather_{word}"] = (columns["weather"] == i).astype(np.float64)
    for name in MEASURED:
        made[name] = (columns[name] - columns[name].mean()) / columns[name].std()
    return made


def _from_csv(path: Path) -> Columns:
    """The columns of hour.csv by OpenML's names; others in the file are left alone."""
    try:
        rows = list(csv.reader(io.StringIO(read_bytes(path).decode("utf-8-sig").rstrip())))
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} is no table of text ({error}): is it another file?") from None
    head = [UCI.get(name, name) for name in rows[0]] if rows else []
    if missing := [name for name in COLUMNS if name not in head]:
        raise DataError(f"{path} has no column {', '.join(missing)}: is it another file?")
    for i, row in enumerate(rows, 1):
        if len(row) != len(head):
            raise DataError(f"{path}, line {i}: {len(row)} values under {len(head)} names; cut short? Fetch it anew")
    cells = dict(zip(head, zip(*rows[1:], strict=True), strict=False))  # no rows, no columns
    return {name: _numbers(cells.get(name, ()), f"{path}, column {name}") for name in COLUMNS}


def _from_openml(place: Path) -> Columns:
    """The columns of OpenML's arrays, where words come as places in a list of categories."""
    advice = ADVICE.format(place / "bike_sharing")
    bunch = from_openml("Bike_Sharing_Demand", 2, place, "liac-arff", advice)
    cells = {**dict(zip(bunch.feature_names, bunch.data.T, strict=True)), "count": bunch.target}
    if missing := [name for name in COLUMNS if name not in cells]:
        raise DataError(f"OpenML's Bike_Sharing_Demand came without {', '.join(missing)}: {advice}")
    columns = {name: np.asarray(cells[name], np.float64) for name in COLUMNS}
    for name in set(COLUMNS) & set(bunch.categories):
        where = f"OpenML's Bike_Sharing_Demand, column {name}"
        meaning = _numbers(bunch.categories[name], where)
        if not np.isin(columns[name], np.arange(len(meaning))).all():
            raise DataError(f"{where}: a category that is not in its list, or a missing one")
        columns[name] = meaning[columns[name].astype(np.int64)]
    return columns


def _numbers(cells: Any, where: str) -> Array:
    """Numbers, and words that stand for one."""
    try:
        return np.array([WORDS[word] if (word := cell.lower()) in WORDS else float(word) for cell in cells])
    except ValueError as error:
        raise DataError(f"{where}: {error}") from None


def _checked(columns: Columns, source: str) -> Columns:
    if (n := len(columns["count"])) != ROWS:
        raise DataError(f"{source} has {n} hours, where the data set has {ROWS}: cut short? Fetch it anew")
    for name, column in columns.items():
        low, high = RANGES.get(name, (-np.inf, np.inf))
        if not (np.isfinite(column).all() and (column >= low).all() and (column <= high).all()):
            raise DataError(f"{source}, column {name}: numbers outside {low} to {high}; is it another file?")
        if column.min() == column.max():
            raise DataError(f"{source}, column {name}: {column[0]:g} in every hour; is it another file?")
    return columns
