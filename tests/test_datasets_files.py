"""Data sets from files and from OpenML, on small files of the real form; what is broken is refused by name.

The real sets are not reached: their sizes are set to the small ones, and OpenML's answers come from here.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import pickle
import re
import struct
import sys
import zlib
from collections.abc import Callable
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.error import URLError

import numpy as np
import pytest
import sklearn.datasets
from PIL import Image

import chainrule
from chainrule.data import datasets
from chainrule.data.datasets import bikes, handwriting
from chainrule.errors import ArgumentError, DataError, MissingPackage, ShapeError
from chainrule.utils.data import DataLoader

Array = np.ndarray[Any, np.dtype[Any]]
N = {"train": 7, "t10k": 3}
PIXELS = np.random.default_rng(0).integers(0, 256, (10, 784)).astype(np.uint8)
PIXELS[0, :2], PIXELS[-1, :2] = (0, 255), (0, 255)
DIGITS = np.array([5, 0, 4, 1, 9, 2, 1, 3, 1, 4], np.uint8)
PARTS = {True: slice(7), False: slice(7, None)}


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sets of few examples, and no network."""
    monkeypatch.setattr(handwriting, "COUNTS", N)
    monkeypatch.setattr(bikes, "ROWS", 60)

    def unreachable(*_: Any, **__: Any) -> Any:
        raise URLError("no network in tests")

    monkeypatch.setattr("sklearn.datasets._openml.urlopen", unreachable)
    monkeypatch.setattr("time.sleep", lambda _: None)


def refused(call: Callable[[], Any], text: str) -> None:
    """The call ends in one line of DataError that says ``text``."""
    with pytest.raises(DataError, match=text) as caught:
        call()
    assert "\n" not in str(caught.value)


# ---------------------------------------------------------------------------------------- where files are


def test_the_root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CHAINRULE_DATA_DIR", raising=False)
    assert datasets.data_root() == Path.home() / ".cache" / "chainrule" / "data"
    monkeypatch.setenv("CHAINRULE_DATA_DIR", str(tmp_path))
    assert datasets.data_root() == tmp_path
    assert datasets.data_root("~/x") == Path.home() / "x"


def test_files_are_found_by_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CHAINRULE_DATA_DIR", str(tmp_path))
    refused(datasets.mnist, re.escape(f"mnist_784 is not under {tmp_path}, and not to be had"))
    write_idx(tmp_path / "mnist")
    assert datasets.mnist()[0].shape == (7, 784)


# ---------------------------------------------------------------------------------------- MNIST


def idx(array: Array) -> bytes:
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def write_idx(folder: Path, pack: bool = False, dot: bool = False, train: bool = True) -> dict[str, Path]:
    folder.mkdir(parents=True, exist_ok=True)
    part, some = ("train" if train else "t10k"), PARTS[train]
    paths = {}
    for what, array in [("images-idx3", PIXELS[some].reshape(-1, 28, 28)), ("labels-idx1", DIGITS[some])]:
        name = f"{part}-{what.replace('-', '.') if dot else what}-ubyte{'.gz' if pack else ''}"
        paths[what[:6]] = folder / name
        paths[what[:6]].write_bytes(gzip.compress(idx(array)) if pack else idx(array))
    return paths


def write_csv(path: Path, train: bool = True, head: bool = True) -> str:
    names = ["label", *(f"{i}x{j}" for i in range(1, 29) for j in range(1, 29))]
    rows = [[label, *row] for label, row in zip(DIGITS[PARTS[train]], PIXELS[PARTS[train]], strict=True)]
    text = "\n".join(",".join(map(str, row)) for row in ([names, *rows] if head else rows)) + "\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return text


def check_mnist(root: Path, train: bool) -> None:
    X, y = datasets.mnist(train, root)
    assert (X.dtype, y.dtype) == (np.float32, np.int64)
    assert (PIXELS[PARTS[train]].astype(np.float32) / np.float32(255) == X).all()
    assert (y == DIGITS[PARTS[train]]).all()
    assert (X.min(), X.max()) == (0, 1)
    assert X.flags.writeable


@pytest.mark.parametrize("folder", ["", "mnist", "MNIST/raw"])
@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize("pack", [True, False])
def test_mnist_from_idx(tmp_path: Path, folder: str, train: bool, pack: bool) -> None:
    write_idx(tmp_path / folder, pack, dot=folder == "mnist", train=train)
    check_mnist(tmp_path, train)


@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize("head", [True, False])
def test_mnist_from_csv(tmp_path: Path, train: bool, head: bool) -> None:
    path = tmp_path / "mnist" / f"mnist_{'train' if train else 'test'}.csv"
    text = write_csv(path, train, head)
    check_mnist(tmp_path, train)
    path.unlink()
    path.with_suffix(".csv.gz").write_bytes(gzip.compress(text.replace("\n", "\r\n").encode()))
    check_mnist(tmp_path, train)


# what is changed, how, which file is named, what is said
BROKEN_IDX: dict[str, tuple[str, Callable[[bytes], bytes], str, str]] = {
    "images cut short": (
        "images",
        lambda b: b[:-1],
        "images",
        "says it holds 7 × 28 × 28 bytes, and holds 5487: cut short, or something else; fetch it anew",
    ),
    "labels with more": (
        "labels",
        lambda b: b + b"\0",
        "labels",
        "says it holds 7 bytes, and holds 8: cut short, or so",
    ),
    "a page of HTML": (
        "images",
        lambda b: b"<html>",
        "images",
        r"is no IDX file of bytes: it starts with b'<htm'; is it another file\?",
    ),
    "nothing": ("labels", lambda b: b"", "labels", r"is no IDX file of bytes: it starts with b''"),
    "a head cut short": ("images", lambda b: b[:9], "images", "is no IDX file of bytes"),
    "no dimensions": ("labels", lambda b: b"\0\0\x08\0\5", "labels", "is no IDX file of bytes"),
    "floats": ("images", lambda b: b"\0\0\x0d" + b[3:], "images", "is no IDX file of bytes"),
    "labels as images": (
        "images",
        lambda b: idx(DIGITS),
        "images",
        r"holds 10 bytes: not MNIST's; is it another file\?",
    ),
    "images as labels": ("labels", lambda b: idx(PIXELS), "labels", "holds 10 × 784 bytes: not MNIST's"),
    "other sizes": (
        "images",
        lambda b: idx(PIXELS.reshape(10, 14, 56)),
        "images",
        "holds 10 × 14 × 56 bytes: not MNIST's",
    ),
    "a label more": (
        "labels",
        lambda b: idx(DIGITS[:8]),
        "images",
        "with train-labels-idx1-ubyte: 7 images and 8 labels, where MNIST's has 7 of each",
    ),
    "too few of both": (
        "images labels",
        lambda b: idx(np.zeros((5, 28, 28)[: b[3]], np.uint8)),
        "images",
        "with train-labels-idx1-ubyte: 5 images and 5 labels, where MNIST's has 7 of each",
    ),
    "a label of 10": (
        "labels",
        lambda b: b[:-1] + b"\x0a",
        "images",
        "with train-labels-idx1-ubyte: labels from 0 to 10, where MNIST's are 0 to 9",
    ),
}


@pytest.mark.parametrize("pack", [True, False])
@pytest.mark.parametrize("name", BROKEN_IDX)
def test_broken_idx_files_are_named(tmp_path: Path, name: str, pack: bool) -> None:
    which, change, named, text = BROKEN_IDX[name]
    paths = write_idx(tmp_path)
    for what in which.split():
        changed = change(paths[what].read_bytes())
        paths[what].write_bytes(gzip.compress(changed) if pack else changed)
    refused(lambda: datasets.mnist(root=tmp_path), f"^{re.escape(str(paths[named]))} {text}")


BROKEN_ARCHIVES: dict[str, Callable[[bytes], bytes]] = {
    "cut short": lambda b: b[:-20],
    "cut very short": lambda b: b[:4],
    "wrong bytes": lambda b: b[:50] + b"?????" + b[55:],
    "wrong bytes at once": lambda b: b[:10] + b"\xff" * 5 + b[15:],
}


@pytest.mark.parametrize("name", BROKEN_ARCHIVES)
def test_broken_archives_are_named(tmp_path: Path, name: str) -> None:
    path = write_idx(tmp_path, pack=True)["images"]
    path.write_bytes(BROKEN_ARCHIVES[name](path.read_bytes()))
    refused(lambda: datasets.mnist(root=tmp_path), rf"^{re.escape(str(path))} cannot be read \(.+\): fetch it anew")


@pytest.mark.parametrize("what", ["images", "labels"])
def test_one_file_without_the_other(tmp_path: Path, what: str) -> None:
    paths = write_idx(tmp_path)
    gone = paths.pop(what)
    gone.unlink()
    (there,) = paths.values()
    refused(
        lambda: datasets.mnist(root=tmp_path),
        re.escape(f"{there} is there without {gone.name}: fetch it from {handwriting.SOURCE} and put it beside"),
    )


BROKEN_CSV: dict[str, tuple[Callable[[str], str], str]] = {
    "the last row cut short": (lambda t: t[:-1500], "is no table of label and pixels .*columns.*: cut short, or somet"),
    "a row missing": (lambda t: t[: t.rstrip().rindex("\n")], "6 images and 6 labels, where MNIST's has 7 of each"),
    "a pixel of 256": (lambda t: t.replace(",255,", ",256,", 1), "pixels from 0 to 256, where MNIST's are 0 to 255"),
    "a pixel below 0": (lambda t: t.replace(",255,", ",-1,", 1), "pixels from -1 to 255, where MNIST's are 0"),
    "a label of 10": (lambda t: t.replace("\n5,", "\n10,"), "labels from 0 to 10, where MNIST's are 0 to 9"),
    "a word": (lambda t: t.replace(",255,", ",white,", 1), "is no table of label and pixels .*'white'"),
    "half a pixel": (lambda t: t.replace(",255,", ",25.5,", 1), "is no table of label and pixels .*'25.5'"),
    "other columns": (lambda t: "a,b\n1,2\n", "has 2 columns, not a label and 784 pixels: is it another file"),
    "nothing": (lambda t: "", r"is no table of label and pixels \(it has no rows\)"),
    "a head alone": (lambda t: t[: t.index("\n") + 1], r"is no table of label and pixels \(it has no rows\)"),
}


@pytest.mark.parametrize("name", BROKEN_CSV)
def test_broken_tables_are_named(tmp_path: Path, name: str) -> None:
    change, text = BROKEN_CSV[name]
    path = tmp_path / "mnist_train.csv"
    path.write_text(change(write_csv(path)))
    refused(lambda: datasets.mnist(root=tmp_path), f"^{re.escape(str(path))}.*{text}")


def test_a_table_of_other_bytes(tmp_path: Path) -> None:
    (tmp_path / "mnist_train.csv").write_bytes(b"\xff\xfe\x00")
    refused(lambda: datasets.mnist(root=tmp_path), "mnist_train.csv is no table of label and pixels")


@pytest.mark.parametrize("words", [True, False], ids=["liac-arff's labels", "pandas' labels"])
@pytest.mark.parametrize("train", [True, False])
def test_mnist_from_openml(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, train: bool, words: bool) -> None:
    """As arrays (as_frame=False): float64 and words in an object array (liac-arff), or int64 both (pandas)."""
    asked: dict[str, Any] = {}

    def stand_in(name: str, **options: Any) -> Any:
        asked.update(options, name=name)
        X = PIXELS.astype(np.float64 if words else np.int64)
        y = np.array([str(label) for label in DIGITS], object) if words else DIGITS.astype(np.int64)
        return sklearn.utils.Bunch(data=X, target=y, feature_names=[f"pixel{i}" for i in range(1, 785)], categories={})

    monkeypatch.setattr(sklearn.datasets, "fetch_openml", stand_in)
    check_mnist(tmp_path, train)
    assert (asked["name"], asked["version"], asked["as_frame"]) == ("mnist_784", 1, False)
    assert asked["data_home"] == str(tmp_path)
    monkeypatch.setattr(handwriting, "COUNTS", {"train": 8, "t10k": 3})
    refused(lambda: datasets.mnist(train, tmp_path), "OpenML's mnist_784 came with 10 rows, not 11: put t")


def test_mnist_without_files_or_network(tmp_path: Path) -> None:
    for train, (part, kind) in {True: ("train", "train"), False: ("t10k", "test")}.items():
        expected = (
            f"mnist_784 is not under {tmp_path}, and not to be had from OpenML (<urlopen error no network in tests>): "
            f"put {part}-images-idx3-ubyte.gz and {part}-labels-idx1-ubyte.gz (from {handwriting.SOURCE}), or "
            f"mnist_{kind}.csv, into {tmp_path / 'mnist'}"
        )
        refused(lambda train=train: datasets.mnist(train, tmp_path), f"^{re.escape(expected)}$")  # type: ignore[misc]


def test_mnist_without_files_or_scikit_learn(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    refused(
        lambda: datasets.mnist(root=tmp_path),
        r"OpenML needs the package scikit-learn: pip install scikit-learn\): put train-images-idx3-ubyte.gz and",
    )


# ---------------------------------------------------------------------------------------- bike sharing

HEAD = (
    "instant,dteday,season,yr,mnth,hr,holiday,weekday,workingday,weathersit,temp,atemp,hum,windspeed,"
    "casual,registered,cnt"
)


def hours(n: int = 60) -> list[list[Any]]:
    """Rows of hour.csv: the first is the real file's."""
    chance = np.random.default_rng(3)
    rows: list[list[Any]] = [[1, "2011-01-01", 1, 0, 1, 0, 0, 6, 0, 1, 0.24, 0.2879, 0.81, 0.0, 3, 13, 16]]
    for i in range(2, n + 1):
        time = [int(chance.integers(2)), int(chance.integers(1, 13)), int(chance.integers(24)), int(chance.integers(2))]
        day = [int(chance.integers(7)), int(chance.integers(2)), int(chance.integers(1, 5))]
        measured = [round(float(x), 4) for x in chance.random(4)]
        rows.append([i, "2011-01-02", int(chance.integers(1, 5)), *time, *day, *measured, i, 2 * i, 3 * i])
    return rows


def write_hours(path: Path, n: int = 60) -> str:
    text = "\n".join([HEAD, *(",".join(map(str, row)) for row in hours(n))]) + "\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return text


@pytest.mark.parametrize("folder", ["", "bike_sharing"])
def test_bikes_from_uci(tmp_path: Path, folder: str) -> None:
    write_hours(tmp_path / folder / "hour.csv")
    X, y, names = datasets.bike_sharing(tmp_path)
    assert (X.shape, y.shape, X.dtype, y.dtype) == ((60, 17), (60,), np.float64, np.float64)
    assert " ".join(names) in re.sub(r"\s+", " ", datasets.bike_sharing.__doc__ or "")
    rows = np.array([row[3:] for row in hours()], float)  # yr on
    column = dict(zip(names, X.T, strict=True))
    assert (y == rows[:, -1]).all()
    for name, place, period in [("hour", 2, 24), ("weekday", 4, 7), ("month", 1, 12)]:
        angle = np.arctan2(column[f"{name}_sin"], column[f"{name}_cos"])
        assert np.cos(angle - 2 * np.pi * rows[:, place] / period) == pytest.approx(1)
        assert np.hypot(column[f"{name}_sin"], column[f"{name}_cos"]) == pytest.approx(1)
    for name, place in [("year", 0), ("holiday", 3), ("workingday", 5)]:
        assert (column[name] == rows[:, place]).all()
    kinds = X[:, [names.index(f"weather_{word}") for word in ("clear", "misty", "rain", "heavy_rain")]]
    assert (kinds.sum(1) == 1).all()
    assert (kinds.argmax(1) + 1 == rows[:, 6]).all()
    for name, place in [("temp", 7), ("feel_temp", 8), ("humidity", 9), ("windspeed", 10)]:
        assert (column[name].mean(), column[name].std()) == (pytest.approx(0), pytest.approx(1))
        assert np.corrcoef(column[name], rows[:, place])[0, 1] == pytest.approx(1)
    assert X[0, :6] == pytest.approx([0, 1, np.sin(12 * np.pi / 7), np.cos(12 * np.pi / 7), 0.5, np.sqrt(0.75)])


SEASONS, WEATHER, TRUTH = (
    ["fall", "spring", "summer", "winter"],
    ["clear", "heavy_rain", "misty", "rain"],
    ["False", "True"],
)
NOMINAL = {"season": SEASONS, "holiday": TRUTH, "workingday": TRUTH, "weather": WEATHER}
OPENML = [
    "season", "year", "month", "hour", "holiday", "weekday", "workingday", "weather", "temp", "feel_temp", "humidity",
    "windspeed", "count",
]  # fmt: skip


def arff() -> str:
    """The same hours as OpenML's Bike_Sharing_Demand, version 2, has them."""
    kinds = [f"{{{','.join(NOMINAL[name])}}}" if name in NOMINAL else "REAL" for name in OPENML]
    lines = [
        "@RELATION Bike_Sharing_Demand",
        *(f"@ATTRIBUTE {n} {k}" for n, k in zip(OPENML, kinds, strict=True)),
        "@DATA",
    ]
    for _, _, season, yr, mnth, hr, holiday, weekday, working, weather, t, at, hum, wind, _, _, cnt in hours():
        words = [
            ("spring", "summer", "fall", "winter")[season - 1],
            yr,
            mnth,
            hr,
            bool(holiday),
            weekday,
            bool(working),
        ]
        words += [("clear", "misty", "rain", "heavy_rain")[weather - 1], 41 * t, 50 * at, hum, 67 * wind, cnt]
        lines.append(",".join(map(str, words)))
    return "\n".join(lines) + "\n"


class OpenML:
    """OpenML's answers about one data set, of the form its server gives; counts what it is asked."""

    def __init__(self, text: str, n: int = 60) -> None:
        self.file, self.asked = text.encode(), 0
        features = [
            {
                "index": str(i), "name": name, "data_type": "nominal" if name in NOMINAL else "numeric",
                "is_target": str(name == "count").lower(), "is_ignore": "false", "is_row_identifier": "false",
                "number_of_missing_values": "0",
            }
            for i, name in enumerate(OPENML)
        ]  # fmt: skip
        about = {
            "id": "42713", "name": "Bike_Sharing_Demand", "version": "2", "description": "", "format": "ARFF",
            "status": "active", "url": "https://api.openml.org/data/v1/download/1/bikes.arff", "file_id": "1",
            "md5_checksum": hashlib.md5(self.file).hexdigest(),
        }  # fmt: skip
        listed = {"did": 42713, "name": "Bike_Sharing_Demand", "version": 2, "status": "active"}
        self.answers = {
            "/data/list/": {"data": {"dataset": [listed]}},
            "/data/features/": {"data_features": {"feature": features}},
            "/data/qualities/": {"data_qualities": {"quality": [{"name": "NumberOfInstances", "value": f"{n}.0"}]}},
            "/json/data/": {"data_set_description": about},
        }

    def __call__(self, request: Any, *_: Any, **__: Any) -> Any:
        self.asked += 1
        known = (json.dumps(answer).encode() for part, answer in self.answers.items() if part in request.full_url)
        answer = io.BytesIO(next(known, self.file))
        answer.info = Message  # type: ignore[attr-defined]  # no Content-Encoding
        return answer


def test_bikes_from_openml(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Through scikit-learn's own fetch_openml with as_frame=False: categories come as places in their lists."""
    server = OpenML(arff())
    monkeypatch.setattr("sklearn.datasets._openml.urlopen", server)
    X, y, names = datasets.bike_sharing(tmp_path)
    assert server.asked == 5
    write_hours(tmp_path / "uci" / "hour.csv")
    X2, y2, names2 = datasets.bike_sharing(tmp_path / "uci")
    np.testing.assert_allclose(X, X2, atol=1e-9)
    assert (y == y2).all()
    assert names == names2
    again = datasets.bike_sharing(tmp_path)[0]
    assert server.asked == 5  # what it fetched is kept under the root
    assert (again == X).all()
    assert (tmp_path / "openml").is_dir()


def bunch(**changed: Any) -> Any:
    data = np.zeros((60, 12))
    data[::2] = 1
    data[:, 5] = np.arange(60) % 7
    given = {"data": data, "target": np.arange(60.0), "feature_names": OPENML[:-1], "categories": dict(NOMINAL)}
    return sklearn.utils.Bunch(**{**given, **changed})


def test_openml_with_other_columns(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def answer(**changed: Any) -> None:
        monkeypatch.setattr(sklearn.datasets, "fetch_openml", lambda *_, **__: bunch(**changed))

    answer()
    refused(
        lambda: datasets.bike_sharing(tmp_path), "Demand, column month: numbers outside 1 to 12; is it another file"
    )
    answer(feature_names=["x", *OPENML[1:3], "y", *OPENML[4:-1]])
    refused(lambda: datasets.bike_sharing(tmp_path), "OpenML's Bike_Sharing_Demand came without hour: fetch https")
    for wrong in (np.nan, 5.0):
        data = bunch().data
        data[3, 7] = wrong
        answer(data=data)
        refused(
            lambda: datasets.bike_sharing(tmp_path), "column weather: a category that is not in its list, or a miss"
        )
    answer(categories={"weather": ["fog", "clear"]})
    refused(lambda: datasets.bike_sharing(tmp_path), "column weather: could not convert string to float: 'fog'")


BROKEN_HOURS: dict[str, tuple[Callable[[str], str], str]] = {
    "a row cut short": (lambda t: t[:-12], r"hour.csv, line 61: 14 values under 17 names; cut short\? Fetch it anew"),
    "a row missing": (lambda t: t[: t.rstrip().rindex("\n")], r"hour.csv has 59 hours, where the data set has 60: cut"),
    "UCI's other file": (lambda t: t.replace(",hr,", ",", 1), r"hour.csv has no column hour: is it another file\?"),
    "a head alone": (lambda t: HEAD, "hour.csv has 0 hours, where"),
    "nothing": (lambda t: "", "hour.csv has no column hour, weekday, month, year, .* is it another file"),
    "a page of HTML": (lambda t: "<html>\n</html>", "hour.csv has no column hour, weekday"),
    "hour 24": (lambda t: t.replace(",0,1,0,0,6", ",0,1,24,0,6", 1), "column hour: numbers outside 0 to 23; is it an"),
    "weather 5": (lambda t: t.replace(",1,0.24", ",5,0.24", 1), "hour.csv, column weather: numbers outside 1 to 4"),
    "a word": (lambda t: t.replace("0.2879", "warm", 1), "column feel_temp: could not convert string to float: 'warm'"),
    "a missing number": (lambda t: t.replace("0.2879", "", 1), "column feel_temp: could not convert string to float"),
    "not a number": (
        lambda t: t.replace("0.2879", "nan", 1),
        "hour.csv, column feel_temp: numbers outside -inf to inf",
    ),
    "without end": (lambda t: t.replace("0.2879", "inf", 1), "hour.csv, column feel_temp: numbers outside -inf to inf"),
    "bikes below 0": (lambda t: t.replace(",13,16", ",13,-16", 1), "column count: numbers outside 0 to inf"),
    "no wind": (
        lambda t: re.sub(r",[\d.]+(,\d+,\d+,\d+)$", r",0.5\1", t, flags=re.M),
        "column windspeed: 0.5 in every",
    ),
}


@pytest.mark.parametrize("name", BROKEN_HOURS)
def test_broken_hours_are_named(tmp_path: Path, name: str) -> None:
    change, text = BROKEN_HOURS[name]
    path = tmp_path / "hour.csv"
    path.write_text(change(write_hours(path)))
    refused(lambda: datasets.bike_sharing(tmp_path), f"^{re.escape(str(tmp_path))}.*{text}")


def test_hours_of_other_bytes(tmp_path: Path) -> None:
    (tmp_path / "hour.csv").write_bytes(b"\xff\xfe\x00")
    refused(lambda: datasets.bike_sharing(tmp_path), "hour.csv is no table of text")


def test_bikes_without_files_or_network(tmp_path: Path) -> None:
    expected = (
        f"Bike_Sharing_Demand is not under {tmp_path}, and not to be had from OpenML (<urlopen error no network in "
        f"tests>): fetch https://archive.ics.uci.edu/dataset/275/bike+sharing+dataset and put its hour.csv into "
        f"{tmp_path / 'bike_sharing'}"
    )
    refused(lambda: datasets.bike_sharing(tmp_path), f"^{re.escape(expected)}$")


# ---------------------------------------------------------------------------------------- pictures

CHIHUAHUA = np.random.default_rng(1).integers(0, 256, (6, 8, 3)).astype(np.uint8)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    root = tmp_path / "pictures"
    for name in ("muffin", "chihuahua", ".hidden"):
        (root / name).mkdir(parents=True)
    Image.fromarray(CHIHUAHUA).save(root / "chihuahua" / "b.png")
    Image.new("RGB", (8, 6), (200, 100, 0)).save(root / "chihuahua" / "a.JPG")
    Image.new("L", (4, 4), 51).save(root / "muffin" / "1.jpeg", quality=100)
    for name in ("notes.txt", "._b.png", "film.gif"):
        (root / "muffin" / name).write_text("no picture")
    (root / "README.md").write_text("about")
    return root


def test_pictures(pictures: Path) -> None:
    data = datasets.ImageFolder(pictures)
    assert (data.classes, data.class_to_idx, data.targets) == (
        ["chihuahua", "muffin"], {"chihuahua": 0, "muffin": 1}, [0, 0, 1],
    )  # fmt: skip
    names = [("chihuahua/a.JPG", 0), ("chihuahua/b.png", 0), ("muffin/1.jpeg", 1)]
    assert data.samples == [(pictures / name, label) for name, label in names]
    assert len(data) == len(list(data)) == 3
    image, label = data[1]
    assert (image.shape, image.dtype, label) == ((3, 6, 8), np.float32, 0)
    assert (image == CHIHUAHUA.transpose(2, 0, 1) / np.float32(255)).all()
    assert data[0][0].mean((1, 2)) == pytest.approx([200 / 255, 100 / 255, 0], abs=0.02)
    assert data[-1][0] == pytest.approx(np.full((3, 4, 4), 0.2), abs=0.01)


def test_the_order_is_the_names(monkeypatch: pytest.MonkeyPatch, pictures: Path) -> None:
    first = datasets.ImageFolder(pictures)
    listed = Path.iterdir
    monkeypatch.setattr(Path, "iterdir", lambda self: iter(sorted(listed(self), reverse=True)))
    again = datasets.ImageFolder(pictures)
    assert (again.classes, again.samples) == (first.classes, first.samples)


def test_pictures_in_one_size_in_batches(pictures: Path) -> None:
    data = datasets.ImageFolder(str(pictures), size=(5, 3))
    (X, y), (last, _) = DataLoader(data, batch_size=2)
    assert (X.shape, X.dtype, y.tolist(), last.shape) == ((2, 3, 5, 3), chainrule.float32, [0, 0], (1, 3, 5, 3))
    assert 0 <= float(X.min()) <= float(X.max()) <= 1
    assert datasets.ImageFolder(pictures, size=(6, 8))[1][0] == pytest.approx(datasets.ImageFolder(pictures)[1][0])
    with pytest.raises(ShapeError, match=r"stack of shapes \(3, \d, \d\) and \(3, \d, \d\): all must be equal"):
        list(DataLoader(datasets.ImageFolder(pictures), batch_size=3))


def test_pictures_in_gray(pictures: Path) -> None:
    image, _ = datasets.ImageFolder(pictures, grayscale=True)[1]
    assert (image.shape, image.dtype) == ((1, 6, 8), np.float32)
    assert image[0] == pytest.approx(CHIHUAHUA @ np.array([0.299, 0.587, 0.114]) / 255, abs=1 / 255)  # Rec. 601


def test_pictures_transformed(pictures: Path) -> None:
    data = datasets.ImageFolder(pictures, transform=lambda image: chainrule.tensor(image).mean())
    assert float(data[1][0]) == pytest.approx(CHIHUAHUA.mean() / 255)
    assert data.load(data.samples[1][0]).shape == (3, 6, 8)
    assert len(pickle.dumps(datasets.ImageFolder(pictures))) > 0


@pytest.mark.parametrize("grayscale", [True, False])
@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "1", "I;16", "CMYK"])
def test_pictures_of_every_kind(tmp_path: Path, mode: str, grayscale: bool) -> None:
    path = tmp_path / "a" / ("x.jpg" if mode == "CMYK" else "x.png")
    path.parent.mkdir()
    if mode == "I;16":
        Image.fromarray(np.full((4, 4), 0x8080, np.uint16)).save(path)
    else:
        Image.new("RGB", (4, 4), (128, 128, 128)).convert(mode).save(path)
    image, _ = datasets.ImageFolder(tmp_path, grayscale=grayscale)[0]
    assert image.shape == (1 if grayscale else 3, 4, 4)
    assert image.mean() == pytest.approx(128 / 255, abs=0.01 if mode != "1" else 0.2)


def part(name: bytes, content: bytes) -> bytes:
    """A part of a PNG: length, name, content, sum."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


BROKEN_PICTURES: dict[str, Callable[[bytes], bytes]] = {
    "cut short": lambda b: b[:-30],
    "cut very short": lambda b: b[:20],
    "text": lambda b: b"<html>not found</html>",
    "nothing": lambda b: b"",
    "a wrong byte": lambda b: b[:60] + bytes([b[60] ^ 255]) + b[61:],
    "a wrong length of a part": lambda b: b[:36] + bytes([b[36] ^ 255]) + b[37:],
    "far too large": lambda b: b[:8] + part(b"IHDR", struct.pack(">IIBBBBB", 10**5, 10**5, 8, 2, 0, 0, 0)) + b[33:],
}


@pytest.mark.parametrize("name", BROKEN_PICTURES)
def test_broken_pictures_are_named(pictures: Path, name: str) -> None:
    path = pictures / "chihuahua" / "b.png"
    path.write_bytes(BROKEN_PICTURES[name](path.read_bytes()))
    data = datasets.ImageFolder(pictures)
    assert data[0][1] == 0  # the others are whole
    refused(lambda: data[1], rf"^{re.escape(str(path))} cannot be read as a picture \(.+\): mend it or take it away$")


def test_pictures_that_are_not_there(tmp_path: Path, pictures: Path) -> None:
    wanted = "put a folder for each class there, with its .png, .jpg or .jpeg files in it"
    missing, empty = tmp_path / "missing", tmp_path / "empty"
    empty.mkdir()
    refused(lambda: datasets.ImageFolder(missing), re.escape(f"ImageFolder: there is no folder {missing}: {wanted}"))
    refused(lambda: datasets.ImageFolder(empty), re.escape(f"ImageFolder: {empty} has no folders in it: {wanted}"))
    (pictures / "muffin" / "1.jpeg").unlink()
    refused(
        lambda: datasets.ImageFolder(pictures),
        re.escape(f"ImageFolder: {pictures / 'muffin'} has no .png, .jpg or .jpeg in it: put some there or take it"),
    )


@pytest.mark.parametrize("size", [32, (0, 4), (1, 2, 3)])
def test_sizes_that_are_none(pictures: Path, size: Any) -> None:
    with pytest.raises(ArgumentError, match=re.escape(f"size={size!r}): write (height, width) in pixels, both from 1")):
        datasets.ImageFolder(pictures, size=size)


def test_pictures_without_pillow(monkeypatch: pytest.MonkeyPatch, pictures: Path) -> None:
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(MissingPackage, match="reading pictures needs the package pillow: pip install pillow"):
        datasets.ImageFolder(pictures)
