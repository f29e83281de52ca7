"""The command line: what it prints where, and with which exit code it ends."""

import json
import re
import subprocess
import sys

import pytest

from chainrule import __version__
from chainrule.cli import main
from chainrule.ladder import run, rungs

QUICK = ["ladder", "--task", "sine", "--steps", "3", "--no-report"]
KEYS = {"task", "rung", "lines", "steps", "us_per_step", "us_in_all", "final_loss", "difference", "tolerance", "status"}
KEYS |= {"reason", "compared", "accuracy"}


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ["--rung", "tenser"],
            r"--rung tenser: there is no such choice, only hand, parts, value, layers, tensor, nn, compiled, torch, "
            r"all; did you mean tensor\?",
        ),
        (["--rung", "hand", "--rung", "9"], r"--rung 9: there is no such choice, only hand, .*, all"),
        (["--task", "sin"], r"--task sin: there is no such choice, only sine, digits, all; did you mean sine\?"),
        (["--dtype", "int8"], r"--dtype int8: there is no such choice, only float64, float32"),
        (["--steps", "0"], r"--steps 0: training takes at least one step; write --steps 1 or more"),
        (["--steps", "many"], r"Invalid value for '--steps': 'many' is not a valid integer\."),
        (["--seed", "-3"], r"--seed -3: a seed is a whole number from 0 up; write --seed 0"),
        (["--out", "/proc/nowhere"], r"--out /proc/nowhere: cannot write there \(.+\); name another folder"),
        (["--speed", "9"], r"No such option:? '?--speed.*"),
        (["more"], r"Got unexpected extra argument \(more\)"),
    ],
)
def test_what_a_person_can_get_wrong_is_one_line_and_2(capsys, arguments, line):
    assert main(["ladder", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(f"chainrule: {line}\n", err), err


def test_an_unknown_command_is_one_line_and_2(capsys):
    assert main(["climb"]) == 2
    assert re.fullmatch(r"chainrule: No such command 'climb'.*\n", capsys.readouterr().err)


def test_a_file_where_the_folder_should_be(capsys, tmp_path):
    (tmp_path / "taken").write_text("")
    assert main(["ladder", "--out", str(tmp_path / "taken")]) == 2
    assert re.fullmatch(r"chainrule: --out .*taken: cannot write there \(File exists\); .*\n", capsys.readouterr().err)


@pytest.mark.parametrize("package", ["matplotlib", "pygments", "rich", "tqdm"])
def test_a_missing_package_is_one_line_and_2(capsys, monkeypatch, tmp_path, package):
    monkeypatch.setitem(sys.modules, package, None)
    assert main(["ladder", "--task", "sine", "--steps", "1", "--rung", "hand", "--out", str(tmp_path)]) == 2
    assert re.fullmatch(rf"chainrule: .+ needs the package {package}: pip install {package}\n", capsys.readouterr().err)


def test_without_click_the_line_says_what_to_install(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "click", None)
    assert main(["ladder"]) == 2
    assert capsys.readouterr().err == (
        'chainrule: the command line needs the package click: pip install "chainrule[course]"\n'
    )


def test_a_stop_is_one_line_and_130(capsys, monkeypatch):
    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "climb", stopped)
    assert main(QUICK) == 130
    assert capsys.readouterr() == ("", "chainrule: stopped\n")


def test_a_rung_that_differs_is_marked_and_1(capsys, monkeypatch):
    right = rungs.source
    monkeypatch.setattr(rungs, "source", lambda task, rung: right(task, rung).replace("2 * error)", "2.001 * error)"))
    assert main([*QUICK, "--rung", "parts", "--rung", "layers"]) == 1
    out, err = capsys.readouterr()
    assert re.search(r"parts .* differs", out)
    assert not re.search(r"layers .* differs", out)
    assert re.fullmatch(r"chainrule: not the numbers of hand: sine/parts: .+ away from hand, .+\n", err)
    assert main([*QUICK, "--json"]) == 1
    rows = {row["rung"]: row for row in json.loads(capsys.readouterr().out)["rows"]}
    assert rows["parts"]["status"] == "differs"
    assert rows["parts"]["difference"] > rows["parts"]["tolerance"]
    assert rows["nn"]["status"] == "ok"


def test_the_table(capsys):
    assert main([*QUICK, "--rung", "value", "--rung", "nn"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert [line.split()[0] for line in out.splitlines()[1:4]] == ["rung", "value", "nn"]
    assert "The best a cubic can do is a loss of 8.8171654." in out
    assert "report" not in out


def test_the_table_says_what_is_skipped(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    assert main([*QUICK, "--rung", "torch"]) == 0
    line = "torch skipped: the rung torch needs the package torch==2.13.0: pip install torch==2.13.0"
    assert line in capsys.readouterr().out


def test_json_is_all_there_is_on_standard_output(capsys):
    arguments = ["--steps", "2", "--rung", "hand", "--rung", "layers", "--dtype", "float32", "--seed", "4"]
    assert main(["ladder", *arguments, "--json", "--no-report"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["dtype"], data["seed"], data["report"]) == ("float32", 4, None)
    assert set(data["tasks"]) == {"sine", "digits"}
    assert 0 <= data["tasks"]["digits"]["accuracy"] <= 1
    assert [(row["task"], row["rung"]) for row in data["rows"]] == [
        ("sine", "hand"), ("sine", "layers"), ("digits", "hand"), ("digits", "layers"),
    ]  # fmt: skip
    for row in data["rows"]:
        assert set(row) >= KEYS
        assert (row["status"], row["reason"], row["steps"], row["tolerance"]) == ("ok", "", 2, 1e-4)


def test_the_report_is_where_it_is_said_to_be(capsys, tmp_path):
    page = tmp_path / "new" / "folder" / "index.html"
    arguments = ["ladder", "--task", "sine", "--rung", "hand", "--steps", "2", "--out", str(page.parent)]
    assert main(arguments) == 0
    assert capsys.readouterr().out.endswith(f"report: {page}\n")
    assert page.exists()
    assert main([*arguments, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["report"] == str(page)


def test_steps_is_a_cap_and_never_more_than_a_rung_has(capsys):
    main(["ladder", "--task", "sine", "--rung", "value", "--rung", "hand", "--steps", "7", "--no-report", "--json"])
    assert [row["steps"] for row in json.loads(capsys.readouterr().out)["rows"]] == [7, 7]
    main(["ladder", "--task", "sine", "--rung", "hand", "--steps", "9999", "--no-report", "--json"])
    assert [row["steps"] for row in json.loads(capsys.readouterr().out)["rows"]] == [2000]


@pytest.mark.parametrize("arguments", [[], ["--help"], ["ladder", "--help"]])
def test_help(capsys, arguments):
    assert main(arguments) == 0
    out, err = capsys.readouterr()
    assert out.startswith("Usage: chainrule")
    assert err == ""


def test_help_lists_every_rung(capsys):
    main(["ladder", "--help"])
    assert f"Rungs:  {', '.join(rungs.RUNGS)}\n" in capsys.readouterr().out


def test_python_m_chainrule():
    command = [sys.executable, "-m", "chainrule"]
    version = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True)
    assert version.stdout == f"chainrule {__version__}\n"
    wrong = subprocess.run([*command, "ladder", "--rung", "x"], capture_output=True, text=True, check=False)
    assert (wrong.returncode, wrong.stdout, wrong.stderr.count("\n")) == (2, "", 1)
    assert "Traceback" not in wrong.stderr


def test_help_starts_without_the_heavy_packages():
    heavy = ["matplotlib", "sklearn", "rich", "tqdm", "pygments", "torch"]
    code = (
        "import sys; from chainrule.cli import main; main(['ladder', '--help']); "
        f"print([name for name in {heavy} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"
