"""Lesson 15: the checks and the mistakes."""

import numpy as np

from chainrule.course.bank import Exercise, Wrong, call, cell, edit

# ------------------------------------------------------------------------------------------ 15.1

START = 'rows = []\nx, y = Symbol("x", rows), Symbol("y", rows)\n'

record = Exercise(
    "15.1",
    cases=[
        cell(START + 'made = note("add", x, y)\nrows', why="one row: its name, the operation, the names of its inputs"),
        cell(START + 'made = note("add", x, y)\nisinstance(made, Symbol)', why="a row makes a new symbol"),
        cell(START + 'note("mul", x, y).name', why="the first row of a list makes t0"),
        cell(START + 'made = note("sub", y, x)\nrows', why="y − x is not x − y: the inputs keep their order"),
        cell(START + 'made = note("mul", x, 2.5)\nrows', why="a plain number stays a number"),
        cell(START + 'made = note("sub", 1.0, x)\nrows', why="the number may come first"),
        cell(START + 'made = note("mul", x, x)\nrows', why="x is an input twice"),
        cell(START + 'made = note("sum", x)\nrows', why="a sum has one input, and so its tuple has one part"),
        cell(START + 'made = note("add", note("mul", x, 2.0), note("sub", y, x))\nrows, made.name', why="three rows, t0, t1 and t2, and the last one uses the two others"),
        cell(
            START + 'made = note("mul", x, y)\nother = []\nelse_ = note("add", Symbol("x", other), 1.0)\nrows, other, else_.name',
            why="another list counts its own rows, from t0",
        ),
    ],
    right=[
        """
        def note(op, *operands):
            inputs, rows = [], None
            for operand in operands:
                if isinstance(operand, Symbol):
                    inputs.append(operand.name)
                    rows = operand.rows
                else:
                    inputs.append(operand)
            made = Symbol("t" + str(len(rows)), rows)
            rows += [(made.name, op, tuple(inputs))]
            return made
        """,
        """
        def note(op, *operands):
            rows = [x for x in operands if isinstance(x, Symbol)][-1].rows
            rows.append(("t%d" % len(rows), op, tuple(getattr(x, "name", x) for x in operands)))
            return Symbol(rows[-1][0], rows)
        """,
    ],
    wrong=[
        Wrong(
            "the name is one too high",
            edit('    name = f"t{len(rows)}"\n', "", "rows.append((name, op, inputs))", 'rows.append(None)\n    name = f"t{len(rows)}"\n    rows[-1] = (name, op, inputs)'),
            """Your first row makes t1. You count the rows after the new one is among them, or from 1. Take the length of the list before anything is appended.""",
            also=[edit("len(rows)}", "len(rows) + 1}")],
        ),
        Wrong(
            "the symbol in place of its name",
            edit("tuple(x.name if isinstance(x, Symbol) else x for x in operands)", "tuple(operands)"),
            """You put the symbols themselves into the row. A row is plain data that can be printed, compared and turned into text: what belongs there is what they are called.""",
        ),
        Wrong(
            "every row has the same name",
            edit('f"t{len(rows)}"', '"t0"'),
            """All your rows make t0. The second overwrites the first, and whoever reads t0 cannot tell which is meant. Each row needs a name of its own.""",
        ),
        Wrong(
            "a new list for each symbol",
            edit("return Symbol(name, rows)", "return Symbol(name, [])"),
            """The symbol you return has a list of its own. What is done with it is written there, and nobody ever looks. All symbols of a recording share one list.""",
            also=[edit("return Symbol(name, rows)", "return Symbol(name, list(rows))")],
        ),
        Wrong(
            "numbers left out",
            edit("x.name if isinstance(x, Symbol) else x for x in operands", "x.name for x in operands if isinstance(x, Symbol)"),
            """Only symbols get into your row. From `("t0", "mul", ("x",))` nobody can tell that x was multiplied by 2.5.""",
        ),
        Wrong(
            "a number as a text",
            edit("else x for x in operands)", "else str(x) for x in operands)"),
            """You make a text of the number. In a row a text is a name, so 2.5 would be looked up as the value called "2.5".""",
            also=[edit("else x for x in operands)", "else repr(x) for x in operands)")],
        ),
        Wrong(
            "the first operand is taken for a symbol",
            edit("next(x.rows for x in operands if isinstance(x, Symbol))", "operands[0].rows"),
            """You ask the first operand for the list. In 1 − x it is a plain number and has none. Ask one that is a symbol.""",
        ),
        Wrong(
            "the order of the operands",
            edit("else x for x in operands)", "else x for x in sorted(operands, key=lambda x: str(getattr(x, 'name', x))))"),
            """You change the order of the inputs. For a sum nobody notices; y − x becomes x − y.""",
            also=[edit("else x for x in operands)", "else x for x in reversed(operands))")],
        ),
        Wrong(
            "an operand used twice is noted once",
            edit("    rows.append(", "    inputs = tuple(dict.fromkeys(inputs))\n    rows.append("),
            """Equal inputs appear once in your row. But x · x has two factors that happen to be the same: its row must say x twice.""",
        ),
        Wrong(
            "executed in place of recorded",
            """
            def note(op, *operands):
                return OPERATIONS[op](*operands)
            """,
            """You try to do the operation. There is nothing to do it with: a symbol has a name and no value. Only write down what would be done.""",
        ),
        Wrong(
            "nothing returned",
            edit("    return Symbol(name, rows)", "    return None"),
            """The row is written, but you return nothing, so nobody can go on with the result. Return a symbol that has the row's name.""",
        ),
    ],
)  # fmt: skip

# ------------------------------------------------------------------------------------------ 15.2

TWO_ROUNDS = [("t0", "mul", (2.0, 3.0)), ("t1", "add", ("t0", 1.0)), ("t2", "mul", ("t1", "x"))]

fold = Exercise(
    "15.2",
    cases=[
        call("fold", [("t0", "mul", (2.0, 3.0))], ["t0"], why="2 · 3 is 6 already: no row is left, and the result is that number"),
        call("fold", [("t0", "sub", (5.0, 2.0))], ["t0"], why="5 − 2 is 3"),
        call("fold", [("t0", "mul", ("x", 3.0))], ["t0"], why="x is not known yet"),
        call("fold", [("t0", "sub", (3.0, "x"))], ["t0"], why="x is not known yet, wherever it stands"),
        call("fold", [("t0", "add", (1.0, 2.0)), ("t1", "mul", ("t0", "x"))], ["t1"], why="3 takes the place of t0"),
        call("fold", TWO_ROUNDS, ["t2"], why="t0 is 6, so t1 is 7, and only the product with x is left"),
        call("fold", [("t0", "mul", ("x", 0.0)), ("t1", "add", ("t0", "y"))], ["t1"], why="0 · x is 0 for most x, but not for ∞ or nan"),
        call("fold", [("t0", "random", ()), ("t1", "mul", ("t0", 2.0))], ["t1"], why="the next run draws another number"),
        call("fold", [("t0", "add", (1.0, 1.0)), ("w", "store", ("t0",)), ("t1", "mul", ("x", "x"))], ["t1"], why="the number is known, but it must still be put into w at each run"),
        call("fold", [("t0", "pow", (2.0, 3.0)), ("t1", "mul", ("x", "t0")), ("t2", "div", ("t0", 4.0))], ["t2", "x", "t1"], why="t2 is a number, x and t1 are not"),
        cell(
            'before = [("t0", "mul", (2.0, 3.0)), ("t1", "add", ("t0", "x"))]\nnames = ["t1", "t0"]\nanswer = fold(before, names)\nbefore, names',
            why="the lists that were given stay as they are",
        ),
    ],
    right=[
        """
        def fold(rows, results):
            rows, results = list(rows), list(results)
            again = True
            while again:
                again = False
                for k, (name, op, inputs) in enumerate(rows):
                    if op in ("store", "random") or any(type(x) is str for x in inputs):
                        continue
                    number = OPERATIONS[op](*inputs)
                    put = lambda x: number if x == name else x
                    rows = [(n, o, tuple(put(x) for x in i)) for n, o, i in rows[:k] + rows[k + 1 :]]
                    results = [put(x) for x in results]
                    again = True
                    break
            return rows, results
        """,
        """
        def fold(rows, results):
            if not rows:
                return [], list(results)
            (name, op, inputs), later = rows[0], rows[1:]
            if op in OPERATIONS and all(not isinstance(x, str) for x in inputs):
                number = OPERATIONS[op](*inputs)
                later = [(n, o, tuple(number if x == name else x for x in given)) for n, o, given in later]
                return fold(later, [number if x == name else x for x in results])
            kept, answers = fold(later, results)
            return [rows[0], *kept], answers
        """,
    ],
    wrong=[
        Wrong(
            "folded across a random draw",
            edit("if op in OPERATIONS and not", 'if op != "store" and not', "known[name] = OPERATIONS[op](*inputs)", 'known[name] = random.random() if op == "random" else OPERATIONS[op](*inputs)'),
            """You treat a draw as something that is known. It has no inputs, so "all its inputs are numbers" is true of it; but what it gives is another number at each run, and you would freeze one for ever.""",
            also=[
                edit("if op in OPERATIONS and not", 'if op != "store" and not'),
                edit("if op in OPERATIONS and not", "if not"),
            ],
        ),
        Wrong(
            "a store that happens never again",
            edit("if op in OPERATIONS and not", 'if op != "random" and not', "known[name] = OPERATIONS[op](*inputs)", 'known[name] = inputs[0] if op == "store" else OPERATIONS[op](*inputs)'),
            """You take a store away because what it stores is known. A store is not there for its value, it *does* something: at each run the number has to be put into the array.""",
            also=[
                edit("if op in OPERATIONS and not", 'if op != "random" and not'),
                edit("        if op in OPERATIONS and not", '        if op == "store" and not isinstance(inputs[0], str):\n            continue\n        if op in OPERATIONS and not'),
            ],
        ),
        Wrong(
            "folded although it depends on an input",
            edit("not any(isinstance(x, str) for x in inputs)", "not all(isinstance(x, str) for x in inputs)"),
            """One number among the inputs is enough for you. But 3 · x cannot be computed as long as x is only a name: all inputs have to be numbers.""",
            also=[
                edit("any(isinstance(x, str) for x in inputs)", "isinstance(inputs[-1], str)"),
                edit("any(isinstance(x, str) for x in inputs)", "isinstance(inputs[0], str)"),
                edit("not any(isinstance(x, str) for x in inputs)", "True"),
            ],
        ),
        Wrong(
            "later rows still use the name",
            edit("        inputs = tuple(known.get(x, x) for x in inputs)\n", ""),
            """The row is gone, and later rows still ask for its name. Nobody makes that value any more. Wherever the name was used, the number has to stand.""",
        ),
        Wrong(
            "one round only",
            edit("not any(isinstance(x, str) for x in inputs):", "not any(isinstance(x, str) for x in given):", "for name, op, inputs in rows:", "for name, op, given in rows:", "inputs = tuple(known.get(x, x) for x in inputs)", "inputs = tuple(known.get(x, x) for x in given)"),
            """You fold what was a row of numbers at the beginning. Once a number has taken the place of a name, the row that uses it may be all numbers as well. Replace first, then decide.""",
        ),
        Wrong(
            "the results keep the old name",
            edit("[known.get(x, x) for x in results]", "list(results)"),
            """A result that was folded has no row any more, and you still return its name. Results are users like all others.""",
        ),
        Wrong(
            "0 · x taken for 0",
            edit(
                "        if op in OPERATIONS and not",
                '        if op == "mul" and 0.0 in inputs:\n            known[name] = 0.0\n            continue\n        if op in OPERATIONS and not',
            ),
            """You replace a product with 0 by 0, whatever the other factor is. For ∞ and nan it is nan, and whoever looks for the place where a training went wrong needs that nan.""",
        ),
        Wrong(
            "the order of the operands",
            edit("OPERATIONS[op](*inputs)", "OPERATIONS[op](*reversed(inputs))"),
            """You hand the inputs over in the wrong order: 5 − 2 comes out as −3. Sums and products do not show it.""",
        ),
        Wrong(
            "the list that was given is changed",
            """
            def fold(rows, results):
                known, kept = {}, []
                for name, op, inputs in rows:
                    inputs = tuple(known.get(x, x) for x in inputs)
                    if op in OPERATIONS and not any(isinstance(x, str) for x in inputs):
                        known[name] = OPERATIONS[op](*inputs)
                    else:
                        kept.append((name, op, inputs))
                rows[:] = kept
                results[:] = [known.get(x, x) for x in results]
                return rows, results
            """,
            """You change the very lists you were given. Whoever gave them to you may need them, to compare or to try another pass. Make new ones.""",
        ),
    ],
)  # fmt: skip

# ------------------------------------------------------------------------------------------ 15.3

SQUARES = [("t0", "mul", ("x", "x")), ("t1", "mul", ("x", "x")), ("t2", "add", ("t0", "t1"))]
LEVELS = [
    ("t0", "mul", ("x", "x")),
    ("t1", "mul", ("x", "x")),
    ("t2", "add", ("t0", 1.0)),
    ("t3", "add", ("t1", 1.0)),
    ("t4", "div", ("t2", "t3")),
]

share = Exercise(
    "15.3",
    cases=[
        call("share", SQUARES, ["t2"], why="t1 repeats t0, so t0 is added to itself"),
        call("share", [("t0", "mul", ("x", "y")), ("t1", "mul", ("x", "z")), ("t2", "add", ("t0", "t1"))], ["t2"], why="x · y and x · z are two things"),
        call("share", [("t0", "mul", ("x", "y")), ("t1", "mul", ("z", "y"))], ["t0", "t1"], why="x · y and z · y are two things"),
        call("share", [("t0", "mul", ("x", 2.0)), ("t1", "mul", ("x", 3.0))], ["t0", "t1"], why="2x and 3x are two things"),
        call("share", [("t0", "mul", ("x", "y")), ("t1", "add", ("x", "y"))], ["t0", "t1"], why="the inputs are the same, the operation is another"),
        call("share", [("t0", "sub", ("x", "y")), ("t1", "sub", ("y", "x")), ("t2", "mul", ("t0", "t1"))], ["t2"], why="x − y is not y − x"),
        call("share", [("t0", "add", ("x", "y")), ("t1", "add", ("x", "y"))], ["t1", "t0", "x"], why="t1 is now called t0"),
        call("share", LEVELS, ["t4"], why="once t1 is t0, t3 repeats t2"),
        call(
            "share", [("t0", "mul", ("x", "x")), ("t1", "add", ("x", 1.0)), ("t2", "mul", ("x", "x")), ("t3", "sub", ("y", "x")), ("t4", "mul", ("x", "x"))],
            ["t1", "t2", "t3", "t4"], why="t2 and t4 both repeat t0, wherever they stand",
        ),
        call("share", [("t0", "random", ()), ("t1", "random", ()), ("t2", "sub", ("t0", "t1"))], ["t2"], why="two draws are two numbers; their difference is not 0"),
        call("share", [("t0", "mul", ("x", 0.5)), ("v", "store", ("t0",)), ("w", "store", ("t0",))], [], why="the same goes into v and into w"),
        cell(
            'before = [("t0", "mul", ("x", "x")), ("t1", "mul", ("x", "x"))]\nnames = ["t1"]\nanswer = share(before, names)\nbefore, names',
            why="the lists that were given stay as they are",
        ),
    ],
    right=[
        """
        def share(rows, results):
            kept, results = [], list(results)
            todo = list(rows)
            while todo:
                name, op, inputs = todo.pop(0)
                twin = next((n for n, o, i in kept if (o, i) == (op, inputs)), None)
                if twin is None or op == "random" or op == "store":
                    kept.append((name, op, inputs))
                    continue
                todo = [(n, o, tuple(twin if x == name else x for x in i)) for n, o, i in todo]
                results = [twin if x == name else x for x in results]
            return kept, results
        """,
        """
        def share(rows, results):
            names, seen, kept = {}, {}, []
            for name, op, inputs in rows:
                inputs = tuple(names.get(x, x) for x in inputs)
                key = (op, tuple(sorted(inputs, key=str)) if op in ("add", "mul") else inputs)
                if op in OPERATIONS:
                    names[name] = seen.setdefault(key, name)
                if names.get(name, name) == name:
                    kept.append((name, op, inputs))
            return kept, [names.get(x, x) for x in results]
        """,
    ],
    wrong=[
        Wrong(
            "the order of the operands",
            edit(
                "            first[op, inputs] = name\n", "            first[op, tuple(sorted(inputs, key=str))] = name\n",
                "(op, inputs) in first", "(op, tuple(sorted(inputs, key=str))) in first",
                "first[op, inputs]\n        else", "first[op, tuple(sorted(inputs, key=str))]\n        else",
            ),
            """For you x − y and y − x are the same. For sums and products the order of the inputs does not matter; for a difference, a quotient and a power it does.""",
        ),
        Wrong(
            "the inputs do not count",
            edit("            first[op, inputs] = name\n", "            first[op] = name\n", "(op, inputs) in first", "op in first", "first[op, inputs]\n        else", "first[op]\n        else"),
            """You take any two products for the same. What they are products of must be the same as well.""",
            also=[
                edit("            first[op, inputs] = name\n", "            first[op, inputs[:1]] = name\n", "(op, inputs) in first", "(op, inputs[:1]) in first", "first[op, inputs]\n        else", "first[op, inputs[:1]]\n        else"),
                edit(
                    "            first[op, inputs] = name\n", "            first[op, names(inputs)] = name\n",
                    "(op, inputs) in first", "(op, names(inputs)) in first",
                    "first[op, inputs]\n        else", "first[op, names(inputs)]\n        else",
                    "    first, same, kept", "    def names(inputs):\n        return tuple(x for x in inputs if isinstance(x, str))\n\n    first, same, kept",
                ),
            ],
        ),
        Wrong(
            "the operation does not count",
            edit("            first[op, inputs] = name\n", "            first[inputs] = name\n", "(op, inputs) in first", "inputs in first", "first[op, inputs]\n        else", "first[inputs]\n        else"),
            """You compare the inputs only. x · y and x + y have the same inputs and nothing else in common.""",
        ),
        Wrong(
            "two draws taken for one",
            edit("if op in OPERATIONS and (op", 'if op != "store" and (op'),
            """Two draws look alike, and you keep one. But each is a number of its own; with your rows the difference of two random numbers is always 0.""",
        ),
        Wrong(
            "two stores taken for one",
            edit("if op in OPERATIONS and (op", 'if op != "random" and (op'),
            """Two stores of the same value look alike, and you keep one. They go into different arrays, and the second array is now never written.""",
        ),
        Wrong(
            "draws and stores shared as well",
            edit("if op in OPERATIONS and (op", "if (op"),
            """You treat all rows alike. Two draws are two numbers though they look the same, and two stores write to two places. Only what always gives the same for the same inputs can be shared.""",
        ),
        Wrong(
            "later rows still use the name",
            edit("        inputs = tuple(same.get(x, x) for x in inputs)\n", ""),
            """The second row is gone, and later rows still ask for its name. Whoever used it must use the name of the first.""",
        ),
        Wrong(
            "one round only",
            edit("for name, op, inputs in rows:", "for name, op, given in rows:", "inputs = tuple(same.get(x, x) for x in inputs)", "inputs = tuple(same.get(x, x) for x in given)", "and (op, inputs) in first", "and (op, given) in first", "first[op, inputs]\n        else", "first[op, given]\n        else", "first[op, inputs] = name", "first[op, given] = name"),
            """You compare rows by the names they had at the beginning. Two rows that use t0 and t1 become the same as soon as t1 is t0. Rename first, then compare.""",
        ),
        Wrong(
            "the results keep the old name",
            edit("[same.get(x, x) for x in results]", "list(results)"),
            """A result may be one of the rows that went. You still return its name, and no row makes it any more.""",
        ),
        Wrong(
            "only neighbours are compared",
            edit("            first[op, inputs] = name\n", "            first.clear()\n            first[op, inputs] = name\n"),
            """You compare a row with the one just before it. A repetition may stand anywhere later: remember all rows you have met.""",
        ),
    ],
)  # fmt: skip

# ------------------------------------------------------------------------------------------ 15.4

CHAIN = [("t0", "mul", ("x", "x")), ("t1", "add", ("t0", 1.0)), ("t2", "mul", ("t1", 2.0)), ("t3", "sub", ("t2", "y"))]
UPDATE = [
    ("t0", "mul", ("w", "x")),
    ("t1", "mul", ("t0", "t0")),
    ("t2", "sub", ("w", "t0")),
    ("w", "store", ("t2",)),
]

dead = Exercise(
    "15.4",
    cases=[
        call("drop", [("t0", "mul", ("x", "x")), ("t1", "add", ("x", 1.0))], ["t0"], why="nobody wants t1"),
        call("drop", CHAIN[:2], ["t1"], why="t1 is wanted, and it needs t0"),
        call("drop", CHAIN, ["t3"], why="each row needs the one before it"),
        call("drop", CHAIN, ["t0"], why="t3 is not wanted, so t2 is not, so t1 is not"),
        call("drop", CHAIN, ["t3", "t1"], why="two results; all is needed"),
        call(
            "drop", [("t0", "mul", ("x", "y")), ("t1", "add", ("x", 1.0)), ("t2", "mul", ("t0", 3.0)), ("t3", "sub", ("t1", 2.0))], ["t2"],
            why="t1 and t3 are a branch that leads nowhere",
        ),
        call("drop", [("t0", "mul", ("x", "y")), ("t1", "add", ("x", 1.0)), ("t2", "sum", ("y",))], ["t0", "t1"], why="two results, and t2 is none of them"),
        call("drop", CHAIN, ["x", 6.0], why="what no row makes needs no row"),
        call("drop", UPDATE, [], why="the store happens whether or not something is asked for, and it needs t2 and t0"),
        call("drop", UPDATE, ["t1"], why="the square is a result, the store needs the rest"),
        cell(
            'before = [("t0", "mul", ("x", "x")), ("t1", "add", ("x", 1.0)), ("t2", "add", ("x", 2.0))]\nnames = ["t0"]\nanswer = drop(before, names)\nbefore, names',
            why="the lists that were given stay as they are",
        ),
    ],
    right=[
        """
        def drop(rows, results):
            rows = list(rows)
            while True:
                used = set(results) | {x for _, _, inputs in rows for x in inputs}
                fewer = [row for row in rows if row[1] == "store" or row[0] in used]
                if len(fewer) == len(rows):
                    return rows, list(results)
                rows = fewer
        """,
        """
        def drop(rows, results):
            maker = {name: k for k, (name, op, _) in enumerate(rows) if op != "store"}
            keep = set()

            def want(k):
                if k not in keep:
                    keep.add(k)
                    for x in rows[k][2]:
                        if x in maker:
                            want(maker[x])

            for k, row in enumerate(rows):
                if row[1] == "store" or row[0] in results:
                    want(k)
            return [rows[k] for k in sorted(keep)], list(results)
        """,
    ],
    wrong=[
        Wrong(
            "the stores dropped",
            edit('op == "store" or name in wanted', "name in wanted"),
            """Nobody uses what a store makes, so you drop it. But a store is there for what it does: without it the weights never change. And what it stores is needed, too.""",
            also=[edit('op == "store" or name in wanted', 'op != "store" and name in wanted')],
        ),
        Wrong(
            "the store kept, what it needs dropped",
            edit("            wanted.update(inputs)", '            if op != "store":\n                wanted.update(inputs)'),
            """The store is there, but the rows that make the value to be stored are gone. What a kept row needs is wanted, and that holds for stores as well.""",
        ),
        Wrong(
            "walked forwards",
            edit("reversed(rows)", "list(rows)", "kept[::-1]", "kept"),
            """You go through the rows from the top. Then a row is judged before those that need it have been seen. Who wants a row is known only after all later rows.""",
        ),
        Wrong(
            "one round only",
            """
            def drop(rows, results):
                used = set(results) | {x for _, _, inputs in rows for x in inputs}
                return [row for row in rows if row[1] == "store" or row[0] in used], list(results)
            """,
            """You keep what any row uses, also a row that goes itself. When it is gone, what only it used has become unwanted: a whole branch can be dead.""",
        ),
        Wrong(
            "the order turned round",
            edit("kept[::-1]", "kept"),
            """The rows come out backwards. A row has to stand after those that make its inputs.""",
        ),
        Wrong(
            "the results are not wanted",
            edit("wanted, kept = set(results), []", "wanted, kept = set(), []"),
            """You keep what stores need, and nothing for the results. Whoever asked for a result wants it.""",
            also=["def drop(rows, results):\n    used = {x for _, _, inputs in rows for x in inputs}\n    return [row for row in rows if row[1] == 'store' or row[0] in used], list(results)"],
        ),
        Wrong(
            "the first result only",
            edit("set(results)", "set(results[:1])"),
            """You follow one result back. There may be several, and each keeps what it needs.""",
            also=[edit("set(results)", "set(results[-1:])")],
        ),
        Wrong(
            "only what a result needs directly",
            """
            def drop(rows, results):
                ends = [row for row in rows if row[1] == "store" or row[0] in results]
                direct = {x for _, _, inputs in ends for x in inputs}
                return [row for row in rows if row in ends or row[0] in direct], list(results)
            """,
            """You keep the results and what goes into them at once. What goes into *that* is needed as well, and so on to the beginning.""",
        ),
        Wrong(
            "all that comes before a result",
            """
            def drop(rows, results):
                ends = [k for k, row in enumerate(rows) if row[1] == "store" or row[0] in results]
                return list(rows[: max(ends, default=-1) + 1]), list(results)
            """,
            """You cut the list off after the last row that is wanted. Before it there may be rows that nothing wanted depends on.""",
        ),
        Wrong(
            "the list that was given is changed",
            """
            def drop(rows, results):
                wanted = set(results)
                for row in rows[::-1]:
                    if row[1] == "store" or row[0] in wanted:
                        wanted.update(row[2])
                    else:
                        rows.remove(row)
                return rows, results
            """,
            """You remove rows from the list you were given. Whoever gave it to you may need it, to compare or to try another pass. Make a new one.""",
        ),
    ],
)  # fmt: skip

# ------------------------------------------------------------------------------------------ 15.5

W, X = np.array([1.5]), np.array([2.0, -0.5, 3.0])

write = Exercise(
    "15.5",
    cases=[
        cell('isinstance(source([("t0", "mul", ("x", "x"))], ["t0"], ["x"]), str)', why="what is asked for is the text of a program"),
        cell('made = load(source([("t0", "mul", ("x", "x"))], ["t0"], ["x"]))\nmade(3.0)', why="3 · 3 is 9, in a tuple"),
        cell('made = load(source([("t0", "sub", ("y", "x"))], ["t0"], ["x", "y"]))\nmade(3.0, 10.0)', why="x is 3 and y is 10, and y − x is 7"),
        cell(
            'rows = [("t0", "add", ("x", "y")), ("t1", "mul", ("t0", "z"))]\nload(source(rows, ["t1"], "xyz"))(2.0, 3.0, 4.0)',
            why="(2 + 3) · 4 is 20: the sum is done first, as the rows say",
        ),
        cell(
            'rows = [("t0", "sub", ("y", "z")), ("t1", "sub", ("x", "t0"))]\nload(source(rows, ["t1"], "xyz"))(10.0, 4.0, 1.5)',
            why="4 − 1.5 is 2.5, and 10 − 2.5 is 7.5",
        ),
        cell(
            'rows = [("t0", "mul", ("x", 2.0)), ("t1", "add", ("x", 1.0))]\nload(source(rows, ["t1", "t0", "x", 4.5], "x"))(3.0)',
            why="four results: 3 + 1, 2 · 3, the argument and the number",
        ),
        cell('load(source([("t0", "mul", ("x", 0.12345678901234))], ["t0"], "x"))(1.0)', rtol=1e-15, atol=0.0, why="the number comes back with all its digits"),
        cell('load(source([("t0", "mul", ("x", 3e-9))], ["t0"], "x"))(1e9)', why="3e-9 times 1e9 is 3"),
        cell('load(source([("t0", "sub", ("x", -2.5))], ["t0"], "x"))(1.0)', why="1 − (−2.5) is 3.5"),
        cell('load(source([("t0", "pow", (-2.0, "x"))], ["t0"], "x"))(2)', why="−2 is squared: 4"),
        cell('load(source([("t0", "sum", ("x",)), ("t1", "div", ("t0", 3.0))], ["t1"], "x"))(x)', inputs={"x": X}, why="2 − 0.5 + 3 is 4.5, a third of it 1.5"),
        cell('rows = [("t0", "random", ()), ("t1", "sub", ("t0", "t0"))]\nload(source(rows, ["t1"], []))()', why="one number was drawn, and it is taken from itself"),
        cell(
            'made = load(source([("t0", "random", ())], ["t0"], []))\n(first,), (second,) = made(), made()\nfirst != second, 0 <= first < 1',
            why="each call draws anew, between 0 and 1",
        ),
        cell(
            'rows = [("t0", "mul", ("w", 0.5)), ("w", "store", ("t0",))]\nmade = load(source(rows, [], ["w"]))\nanswer = made(w)\nanswer, w',
            inputs={"w": W}, why="nothing is returned, and the array outside holds half of what it held",
        ),
        cell(
            'rows = [("t0", "mul", ("w", 0.5)), ("w", "store", ("t0",))]\nmade = load(source(rows, ["w"], ["w"]))\nmade(w)',
            inputs={"w": W}, why="the result is what the store left in w",
        ),
        cell(
            'rows = [("t0", "mul", ("w", 0.5)), ("t1", "add", ("w", 10.0)), ("w", "store", ("t0",))]\nmade = load(source(rows, ["t1"], ["w"]))\nmade(w), made(w), w',
            inputs={"w": W}, why="the second call finds in w what the first one left there",
        ),
    ],
    right=[
        """
        def source(rows, results, arguments):
            text = "def made(" + ",".join(arguments) + "):\\n"
            for name, op, inputs in rows:
                given = []
                for x in inputs:
                    given.append(x if type(x) is str else "(" + repr(x) + ")")
                right = {
                    "sum": lambda: given[0] + ".sum()",
                    "random": lambda: "random()",
                    "store": lambda: given[0],
                }.get(op, lambda: "(" + SIGNS[op].join(given) + ")")()
                text += "\\t" + name + ("[:]" if op == "store" else "") + "=" + right + "\\n"
            return text + "\\treturn tuple([" + ",".join(map(lambda x: x if type(x) is str else repr(x), results)) + "])"
        """,
        """
        def source(rows, results, arguments):
            body = []
            for name, op, inputs in rows:
                if op == "store":
                    body.append(f"np.copyto({name}, v[{inputs[0]!r}] if {inputs[0]!r} in v else {inputs[0]!r})")
                    continue
                given = ", ".join(f"v.get({x!r}, {x!r})" for x in inputs)
                does = {"sum": "np.sum", "random": "random"}.get(op)
                does = does or f"(lambda p, q: p {SIGNS[op]} q)"
                body.append(f"v[{name!r}] = {does}({given})")
            head = f"def made({', '.join(arguments)}):\\n    v = dict(locals())\\n    "
            tail = "".join(f"v.get({x!r}, {x!r}), " for x in results)
            return head + "\\n    ".join([*body, f"return ({tail})"])
        """,
    ],
    wrong=[
        Wrong(
            "put into one another without brackets",
            """
            def source(rows, results, arguments):
                text, lines = {}, [f"def made({', '.join(arguments)}):"]
                for name, op, inputs in rows:
                    given = [text.get(x, x) if isinstance(x, str) else f"({x!r})" for x in inputs]
                    if op == "store":
                        lines.append(f"    {name}[...] = {given[0]}")
                    elif op == "random":
                        lines.append(f"    {name} = random()")
                    elif op == "sum":
                        text[name] = f"({given[0]}).sum()"
                    else:
                        lines.append(f"    {name} = {given[0]} {SIGNS[op]} {given[1]}")
                        text[name] = f"{given[0]} {SIGNS[op]} {given[1]}"
                answers = "".join(f"{text.get(x, x) if isinstance(x, str) else repr(x)}, " for x in results)
                return "\\n".join([*lines, f"    return ({answers})"])
            """,
            """You put one expression into the other, and signs that bind tighter take their neighbours: (x + y) · z becomes x + y · z. Give each row its own line and its own name, and the question does not come up.""",
        ),
        Wrong(
            "a draw written where it is used",
            """
            def source(rows, results, arguments):
                text = {}
                lines = [f"def made({', '.join(arguments)}):"]
                for name, op, inputs in rows:
                    given = [text.get(x, x) if isinstance(x, str) else f"({x!r})" for x in inputs]
                    if op == "store":
                        lines.append(f"    {name}[...] = {given[0]}")
                    elif op == "random":
                        text[name] = "random()"
                    elif op == "sum":
                        text[name] = f"({given[0]}).sum()"
                    else:
                        text[name] = f"({given[0]} {SIGNS[op]} {given[1]})"
                answers = "".join(f"{text.get(x, x) if isinstance(x, str) else repr(x)}, " for x in results)
                return "\\n".join([*lines, f"    return ({answers})"])
            """,
            """You put each row's expression in the place where it is used. A row that is used twice is then computed twice, and a draw is drawn twice: two different numbers where there was one. (And what was read before a store is now read after it.)""",
        ),
        Wrong(
            "a negative number without brackets",
            edit('f"({x!r})"', "repr(x)"),
            """You write −2.0 ** x. The power binds tighter than the minus, so Python squares 2 and then changes the sign. Put brackets round numbers.""",
        ),
        Wrong(
            "digits lost",
            edit('f"({x!r})"', 'f"({x:.3f})"'),
            """You write numbers with a few digits. The program then computes with other numbers than the rows have; a small learning rate becomes 0. `repr` writes enough digits to get the same float back.""",
            also=[edit('f"({x!r})"', 'f"({x:g})"'), edit('f"({x!r})"', 'f"({round(x)})"')],
        ),
        Wrong(
            "a store that only gives a name",
            edit('{name}[...] = {given[0]}")', '{name} = {given[0]}")'),
            """`w = t0` gives the name w, inside the function, to another array. The one outside stays as it was, and the next call begins with the old weights. The numbers have to go *into* the array.""",
        ),
        Wrong(
            "the stores left out",
            edit('            lines.append(f"    {name}[...] = {given[0]}")', "            continue"),
            """Your program computes the new weights and leaves them. A store is there for what it does: after the call, the array outside must have changed.""",
        ),
        Wrong(
            "the name is one too high",
            edit(
                "for name, op, inputs in rows:", "for number, (name, op, inputs) in enumerate(rows, 1):",
                "        given =", '        name = name if op == "store" else f"t{number}"\n        given =',
            ),
            """You count the rows from 1, and the inputs count them from 0: a line asks for a name that nobody has made. Each row says its own name; use that.""",
        ),
        Wrong(
            "drawn while the text is written",
            edit('= random()")', '= {random.random()!r}")'),
            """You draw the number when you write the program, and the program holds it for ever: each call gets the same. Write down the *call*.""",
        ),
        Wrong(
            "the last result only",
            edit("for x in results)})", "for x in results[-1:])})"),
            """You return one result. All that were asked for are wanted, in their order.""",
            also=[edit("for x in results)})", "for x in results[:1])})")],
        ),
        Wrong(
            "not a tuple",
            edit("f\"    return ({''.join(f'{written(x)}, ' for x in results)})\"", "f\"    return {', '.join(written(x) for x in results)}\""),
            """With a single result you return the number itself, with none nothing at all. Whoever unpacks the results needs a tuple each time: brackets alone do not make one, the comma does.""",
            also=[
                edit("f\"    return ({''.join(f'{written(x)}, ' for x in results)})\"", "f\"    return ({', '.join(written(x) for x in results)})\""),
            ],
        ),
        Wrong(
            "executed in place of recorded",
            """
            def source(rows, results, arguments):
                def made(*values):
                    return run(rows, results, dict(zip(arguments, values, strict=True)))

                return made
            """,
            """You return a function that does the work. What is wanted is a text: the program, to be read, kept and given to a compiler.""",
        ),
        Wrong(
            "the order of the operands",
            edit("{given[0]} {SIGNS[op]} {given[1]}", "{given[1]} {SIGNS[op]} {given[0]}"),
            """You write the second input before the sign and the first behind it. Sums and products do not show it; y − x becomes x − y.""",
        ),
    ],
)  # fmt: skip

EXERCISES = [record, fold, share, dead, write]
