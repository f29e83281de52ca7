"""Lesson 4: the checks and the mistakes."""

from chainrule.course.bank import Exercise, Wrong, cell, edit

PAIR = "a, b = Value(5.0), Value(-3.0)\nout = multiply(a, b)\n"

times = Exercise(
    "4.1",
    cases=[
        cell(
            PAIR + "isinstance(out, Value)", why="the result is a Value again, so that one can go on computing with it"
        ),
        cell(PAIR + "out.data", why="5 · (-3) is -15"),
        cell(PAIR + "out._op", why="it was made by a multiplication"),
        cell(PAIR + "type(out._prev).__name__, len(out._prev)", why="`_prev` is a tuple of the two operands"),
        cell(PAIR + "out._prev[0] is a, out._prev[1] is b", why="it holds the operands themselves, in order"),
        cell(PAIR + "a.data, b.data", why="the operands stay as they are"),
        cell(
            "a = Value(4.0)\nout = multiply(a, a)\nout.data, len(out._prev)",
            why="a · a has two operands that are the same",
        ),
    ],
    right=[
        "def multiply(a, b):\n    out = Value(a.data * b.data)\n    out._prev = a, b\n    out._op = '*'\n    return out",
        "class Product(Value):\n    pass\n\ndef multiply(left, right):\n    return Value(data=right.data * left.data, _op='*', _prev=tuple([left, right]))",
    ],
    wrong=[
        Wrong(
            "a plain number is returned",
            edit('Value(a.data * b.data, (a, b), "*")', "a.data * b.data"),
            """You return the product as a plain number. It has forgotten everything: the result must be a Value, with its memory.""",
        ),
        Wrong(
            "the operands are not remembered",
            edit('(a, b), "*"', '(), "*"'),
            """The number is right, but `_prev` is empty, as if nobody had computed it. Then there is no way back to the operands.""",
            also=[edit(', (a, b), "*"', "")],
        ),
        Wrong(
            "the operation is not remembered",
            edit(', "*")', ")"),
            """The result knows what it was made from, but not how. `_op` is empty.""",
        ),
        Wrong(
            "the plus sign copied along",
            edit('"*"', '"+"'),
            """The number is a product, but `_op` says it was a sum. That was taken over from `__add__`.""",
        ),
        Wrong(
            "added in place of multiplied",
            edit("a.data * b.data", "a.data + b.data"),
            """The result says that it is a product and holds the sum. Look at the first argument.""",
        ),
        Wrong(
            "the operands in a set",
            edit("b.data, (a, b)", "b.data, {a, b}"),
            """You hold the operands in a set. It has no order, and of a · a it keeps one operand only. Use a tuple.""",
        ),
        Wrong(
            "the numbers in place of the operands",
            edit("b.data, (a, b)", "b.data, (a.data, b.data)"),
            """`_prev` holds the plain numbers. From them one cannot go on to what *they* were made from: hold the Values.""",
        ),
        Wrong(
            "an operand is changed",
            edit(
                'return Value(a.data * b.data, (a, b), "*")',
                'a.data = a.data * b.data\n    a._prev, a._op = (a, b), "*"\n    return a',
            ),
            """You write the product into the first operand. Whoever uses it elsewhere finds another number in it. Make a new Value.""",
        ),
    ],
)

ABOUT = "type(out).__name__, out.data, out._op, [operand.data for operand in out._prev]"

either_side = Exercise(
    "4.2",
    cases=[
        cell(f"out = Number(2.0) + Number(3.0)\n{ABOUT}", why="two Numbers, one sum"),
        cell(f"out = Number(2.0) - Number(3.0)\n{ABOUT}", why="2 - 3 is -1, made from 2 and 3 by a minus"),
        cell(f"out = Number(2.0) + 1\n{ABOUT}", why="the 1 becomes a leaf on the right"),
        cell(f"out = 1 + Number(2.0)\n{ABOUT}", why="the 1 stands on the left, and so it does in `_prev`"),
        cell(f"out = Number(2.0) - 1\n{ABOUT}", why="2 - 1 is 1"),
        cell(f"out = 1 - Number(3.0)\n{ABOUT}", why="1 - 3 is -2: the plain number is on the left"),
        cell(
            "type((Number(2.0) + 1)._prev[1]).__name__, type((1 - Number(2.0))._prev[0]).__name__",
            why="a plain number is wrapped up before it is remembered",
        ),
        cell(
            "x = Number(2.0)\nout = 10 - (x - 1) + 0.5\nout.data, x.data", why="10 - 1 + 0.5 is 9.5, and x is still 2"
        ),
        cell("sum([Number(1.0), Number(2.0)]).data", why="`sum` begins with the plain number 0: 0 + 1 + 2"),
    ],
    right=[
        """
        def wrapped(x):
            return x if isinstance(x, Number) else Number(x)

        def made(op, left, right):
            left, right = wrapped(left), wrapped(right)
            number = left.data + right.data if op == "+" else left.data - right.data
            return Number(number, (left, right), op)

        class Number(Value):
            __add__ = lambda self, other: made("+", self, other)
            __radd__ = lambda self, other: made("+", other, self)
            __sub__ = lambda self, other: made("-", self, other)
            __rsub__ = lambda self, other: made("-", other, self)
        """,
        """
        class Number(Value):
            def __add__(self, other):
                if not hasattr(other, "data"):
                    other = Number(other)
                return Number(other.data + self.data, (self, other), "+")

            def __sub__(self, other):
                if not hasattr(other, "data"):
                    other = Number(other)
                return Number(-other.data + self.data, (self, other), "-")

            def __radd__(self, other):
                return Number(other).__add__(self)

            def __rsub__(self, other):
                return Number(other).__sub__(self)
        """,
    ],
    wrong=[
        Wrong(
            "minus the wrong way round",
            edit("        return Number(other) - self", "        return self - other"),
            """`1 - x` gives x - 1 with you. In `__rsub__`, `self` is the operand on the *right* of the minus, and `other` the one on the left.""",
        ),
        Wrong(
            "a number on the left is not understood",
            edit(
                "    def __radd__(self, other):\n        return Number(other) + self\n\n",
                "",
                "\n    def __rsub__(self, other):\n        return Number(other) - self",
                "",
            ),
            """`1 + x` and `1 - x` fail: Python asks the 1, which does not know Numbers, and then looks for a reflected function in your class. There is none.""",
        ),
        Wrong(
            "minus without its reflection",
            edit("\n    def __rsub__(self, other):\n        return Number(other) - self", ""),
            """Plus works on either side. But `1 - x` fails: minus needs a reflected function of its own.""",
        ),
        Wrong(
            "plain numbers are not wrapped",
            edit(
                "        other = other if isinstance(other, Number) else Number(other)\n        return Number(self.data + other.data",
                "        return Number(self.data + other.data",
                "        other = other if isinstance(other, Number) else Number(other)\n        return Number(self.data - other.data",
                "        return Number(self.data - other.data",
            ),
            """`x + 1` asks the 1 for its `data`, and a plain number has none. Put it into a Number before you use it.""",
        ),
        Wrong(
            "the reflection calls itself",
            edit("        return Number(other) + self", "        return other + self"),
            """`__radd__` is called because the plain number does not know how to add a Number. Your `other + self` asks it again; it does not know, so `__radd__` is called again, without an end.""",
        ),
        Wrong(
            "the plain number remembered as it is",
            edit(
                "        other = other if isinstance(other, Number) else Number(other)\n        return Number(self.data + other.data",
                "        number = other.data if isinstance(other, Number) else other\n        return Number(self.data + number",
                "        other = other if isinstance(other, Number) else Number(other)\n        return Number(self.data - other.data",
                "        number = other.data if isinstance(other, Number) else other\n        return Number(self.data - number",
                "        return Number(other) + self",
                "        return Number(other + self.data, (other, self), '+')",
                "        return Number(other) - self",
                "        return Number(other - self.data, (other, self), '-')",
            ),
            """The sums are right, but `_prev` holds plain numbers among the Numbers. Whoever walks through the graph asks them for their `_prev`, and they have none.""",
        ),
        Wrong(
            "the order of the operands is lost",
            edit("        return Number(other) + self", "        return self + other"),
            """`1 + x` is remembered as x + 1. The sum is the same, but the graph no longer says what was written.""",
        ),
        Wrong(
            "the result is a Value",
            edit(
                "        return Number(self.data + other.data, (self, other)",
                "        return Value(self.data + other.data, (self, other)",
                "        return Number(self.data - other.data, (self, other)",
                "        return Value(self.data - other.data, (self, other)",
            ),
            """Your results are Values, not Numbers. The old class has no minus, so one cannot go on computing with them.""",
        ),
    ],
)

LEAVES = "a, b, c = (Value(1.0, label=name) for name in 'abc')\n"

the_leaves = Exercise(
    "4.3",
    cases=[
        cell(LEAVES + "leaves(a)", why="a leaf is its own only leaf"),
        cell(LEAVES + "leaves(b + a)", why="from left to right, as written"),
        cell(LEAVES + "leaves(a * b + c)", why="the leaves of the product come first"),
        cell(LEAVES + "leaves(a + b * c)", why="a is a leaf already, b and c are one step further"),
        cell(LEAVES + "leaves(a * b + a)", why="a is used twice and is one leaf"),
        cell(LEAVES + "p = a * b\np.label = 'p'\nleaves(p + c)", why="p was computed, so it is no leaf, label or not"),
        cell(
            "x, y = Value(2.0, label='w'), Value(2.0, label='w')\nleaves(x * y)",
            why="two different leaves may have the same label and number",
        ),
        cell(
            "x = Value(1.0, label='x')\ny = x\nfor _ in range(40):\n    y = y + y\nleaves(y)",
            why="there is one leaf, and 2⁴⁰ ways to it",
        ),
    ],
    right=[
        """
        def leaves(root):
            seen, out, stack = set(), [], [root]
            while stack:
                value = stack.pop()
                if id(value) in seen:
                    continue
                seen.add(id(value))
                if value._prev:
                    stack.extend(reversed(value._prev))
                else:
                    out.append(value.label)
            return out
        """,
        """
        def leaves(root, seen=None):
            seen = {} if seen is None else seen
            if root in seen:
                return []
            seen[root] = True
            if len(root._prev) == 0:
                return [root.label]
            return [label for operand in root._prev for label in leaves(operand, seen)]
        """,
    ],
    seconds=1,
    wrong=[
        Wrong(
            "visited again for every way",
            """
            def leaves(root):
                found = []

                def visit(value):
                    if not value._prev and all(value is not leaf for leaf in found):
                        found.append(value)
                    for operand in value._prev:
                        visit(operand)

                visit(root)
                return [leaf.label for leaf in found]
            """,
            """The list is right, but you walk every way to the end, and each doubling doubles the ways. Remember where you have been: every Value, not just the leaves.""",
        ),
        Wrong(
            "a leaf for every use",
            edit("        if value in seen:\n            return\n        seen.add(value)\n", ""),
            """You list a leaf each time it is used. `a * b + a` has two leaves. Remember which Values you have seen.""",
        ),
        Wrong(
            "what was computed is listed too",
            edit(
                "        if not value._prev:\n            found.append(value.label)\n",
                "        found.append(value.label)\n",
            ),
            """You list every Value on the way. Leaves are those that were not computed; how can you tell from `_prev`?""",
        ),
        Wrong(
            "one level only",
            "def leaves(root):\n    return [operand.label for operand in root._prev if not operand._prev] if root._prev else [root.label]",
            """You look at the operands of the result and stop. Their operands may have leaves too, and theirs.""",
        ),
        Wrong(
            "told apart by the label",
            edit("if value in seen", "if value.label in seen", "seen.add(value)", "seen.add(value.label)"),
            """You remember labels. But two Values may have the same label, and most of those that were computed have none at all: the second one is taken for the first.""",
        ),
        Wrong(
            "told apart by the number",
            edit("if value in seen", "if value.data in seen", "seen.add(value)", "seen.add(value.data)"),
            """You remember numbers. But two different Values may hold the same number: the second one is taken for the first.""",
        ),
        Wrong(
            "from right to left",
            edit("for operand in value._prev:", "for operand in reversed(value._prev):"),
            """All leaves are there, but the last comes first. This happens easily with a stack: what is put on it last comes off first.""",
            also=[
                """
                def leaves(root):
                    seen, out, stack = set(), [], [root]
                    while stack:
                        value = stack.pop()
                        if value not in seen:
                            seen.add(value)
                            stack.extend(value._prev)
                            if not value._prev:
                                out.append(value.label)
                    return out
                """
            ],
        ),
        Wrong(
            "level by level",
            """
            def leaves(root):
                seen, out, waiting = {root}, [], [root]
                while waiting:
                    value = waiting.pop(0)
                    if not value._prev:
                        out.append(value.label)
                    for operand in value._prev:
                        if operand not in seen:
                            seen.add(operand)
                            waiting.append(operand)
                return out
            """,
            """You finish each level before the next, so a leaf near the result comes before one that stands left of it and is further away. Finish the left operand with all below it first.""",
        ),
    ],
)

FOUR = "a, b, c, d = (Value(2.0, label=name) for name in 'abcd')\n"

read_out = Exercise(
    "4.4",
    cases=[
        cell(FOUR + "formula(a)", why="a leaf is its label"),
        cell(FOUR + "formula(a + b)", why="two parts and the sign between them"),
        cell(FOUR + "formula(b * a)", why="in the order in which it was written"),
        cell(FOUR + "formula(a * b + c)", why="times comes before plus anyway"),
        cell(FOUR + "formula((a + b) * c)", why="without brackets only b would be multiplied"),
        cell(FOUR + "formula(a * (b + c))", why="without brackets only b would be multiplied"),
        cell(FOUR + "formula(a + (b + c))", why="a sum of sums is one long sum"),
        cell(FOUR + "p = a * b\np.label = 'p'\nformula(p + c)", why="p was computed, so it is written out"),
        cell(FOUR + "formula((a + b) * (c + d) + a * a)", why="each sum in the product needs its brackets"),
        cell(FOUR + "formula((a * b + c) * d)", why="the sum needs brackets, the product in it does not"),
    ],
    right=[
        """
        def formula(value):
            if value._op == "+":
                return formula(value._prev[0]) + " + " + formula(value._prev[1])
            if value._op == "*":
                return " * ".join("(" + formula(v) + ")" if v._op == "+" else formula(v) for v in value._prev)
            return value.label
        """,
        """
        def formula(value, above=0):
            rank = {"+": 1, "*": 2, "": 3}[value._op]
            if rank == 3:
                return value.label
            left, right = value._prev
            text = f"{formula(left, rank)} {value._op} {formula(right, rank)}"
            return "(%s)" % text if rank < above else text
        """,
    ],
    wrong=[
        Wrong(
            "no brackets",
            edit('        if value._op == "*" and operand._op == "+":\n            text = f"({text})"\n', ""),
            """Your texts have no brackets. `a + b * c` is not what was computed in (a + b) · c: there, times would come first.""",
        ),
        Wrong(
            "brackets everywhere",
            edit('value._op == "*" and operand._op == "+"', "operand._prev"),
            """You put everything that was computed in brackets. It is not wrong, but hard to read. Where do the brackets change the meaning?""",
            also=[
                'def formula(value):\n    if not value._prev:\n        return value.label\n    a, b = value._prev\n    return f"({formula(a)} {value._op} {formula(b)})"'
            ],
        ),
        Wrong(
            "brackets around the products",
            edit('value._op == "*" and operand._op == "+"', 'value._op == "+" and operand._op == "*"'),
            """You put products in brackets, where they stand in a sum. It is the other way round: times holds together by itself.""",
        ),
        Wrong(
            "brackets in a sum of sums",
            edit('value._op == "*" and operand._op == "+"', 'operand._op == "+"'),
            """You put every sum in brackets that stands in something. In a longer sum they change nothing.""",
        ),
        Wrong(
            "brackets on one side only",
            edit('operand._op == "+"', 'operand._op == "+" and operand is value._prev[0]'),
            """A sum on the left of a product gets its brackets, one on the right does not. Both would be torn apart without them.""",
        ),
        Wrong(
            "a label in place of the formula",
            edit("if not value._prev:", "if value.label:"),
            """You stop at the first Value that has a label. One that was computed is to be written out, whatever it is called.""",
        ),
        Wrong(
            "the numbers in place of the labels",
            edit("return value.label", "return str(value.data)"),
            """You write the numbers. The formula is wanted, in which the leaves stand with their names.""",
        ),
        Wrong(
            "from right to left",
            edit("for operand in value._prev", "for operand in value._prev[::-1]"),
            """Each operation has its operands swapped. `_prev` holds them in the order in which they were written.""",
        ),
    ],
)

EXERCISES = [times, either_side, the_leaves, read_out]
