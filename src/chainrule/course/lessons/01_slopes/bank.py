"""Lesson 1: the checks and the mistakes."""

from chainrule.course.bank import Exercise, Wrong, call, cell, edit, gradient

by_hand = Exercise(
    "1.1",
    cases=[
        call("slope", 0.0, why="at 0 only -2x makes a difference"),
        call("slope", 1.0, why="3 · 1 - 2 is 1"),
        call("slope", -1.5, why="3 · 2.25 - 2 is 4.75"),
        call("slope", 4.0, why="3 · 16 - 2 is 46"),
        gradient("x**3 - 2 * x + 7", "slope(x)", at={"x": 0.7}),
    ],
    right=[
        "def slope(x):\n    return x * x + x * x + x * x - 2.0",
        """
        def slope(x):
            def g(x):
                return x**3 - 2 * x + 7
            h = 1e-4
            one = (g(x + h) - g(x - h)) / (2 * h)
            two = (g(x + 2 * h) - g(x - 2 * h)) / (4 * h)
            return round((4 * one - two) / 3, 8)
        """,
    ],
    wrong=[
        Wrong(
            "the value in place of the slope",
            edit("3 * x**2 - 2", "x**3 - 2 * x + 7"),
            """You return g(x), the height of the curve. The slope says how fast the height changes.""",
        ),
        Wrong(
            "the exponent is not brought down",
            edit("3 * x**2 - 2", "x**2 - 2"),
            """You lowered the exponent by one and stopped there. How many terms with a single h are there in (x + h)³?""",
        ),
        Wrong(
            "the exponent is not lowered",
            edit("3 * x**2 - 2", "3 * x**3 - 2 * x"),
            """You brought the exponents down in front and left them above as well. Dividing by h costs one power: what remains of 3x²h?""",
            also=[edit("3 * x**2 - 2", "3 * x**3 - 2")],
        ),
        Wrong(
            "a term is forgotten",
            edit("3 * x**2 - 2", "3 * x**2"),
            """You have the slope of x³ and nothing for -2x. Every term in which x stands changes when x does.""",
        ),
        Wrong(
            "the constant is kept",
            edit("3 * x**2 - 2", "3 * x**2 - 2 + 7"),
            """The 7 is still there. It lifts the whole curve; does that make any place steeper?""",
        ),
        Wrong(
            "the sign of the second term",
            edit("3 * x**2 - 2", "3 * x**2 + 2"),
            """The term -2x falls when x grows. Your slope says that it rises.""",
        ),
    ],
)

A_LINE, A_PRODUCT = "lambda x: 3.0 * x[0]", "lambda x: x[0] * x[1] + x[2]"

by_number = Exercise(
    "1.2",
    cases=[
        cell(f"gradient({A_LINE}, [2.0], 0.5)", why="a line has the same slope everywhere"),
        cell("gradient(lambda x: x[0] ** 2, [2.0], 0.5)", why="(2.5² - 2²) / 0.5 is 4.5"),
        cell(
            f"gradient({A_PRODUCT}, [2.0, -3.0, 10.0], 0.001)",
            why="each knob is turned alone",
            rtol=1e-5,
        ),
        cell(
            "gradient(lambda x: x[0] * x[1] * x[2], [2.0, 3.0, 5.0], 0.5)",
            why="the slope for each knob is the product of the other two, with those where they were",
        ),
        cell(
            "x = [2.0, -3.0, 10.0]\nslopes = gradient(lambda x: x[0] * x[1] - x[2], x, 0.5)\nx",
            why="the list belongs to the caller",
        ),
        cell("gradient(lambda x: 1.0, [], 0.5)", why="no knobs, no slopes"),
    ],
    right=[
        """
        def gradient(f, x, h):
            here = f(x)
            return [(f([*x[:i], x[i] + h, *x[i + 1 :]]) - here) / h for i in range(len(x))]
        """,
        """
        def gradient(f, x, h):
            out = []
            for i, old in enumerate(x):
                before = f(x)
                x[i] = old + h
                out.append((f(x) - before) / h)
                x[i] = old
            return tuple(out)
        """,
    ],
    wrong=[
        Wrong(
            "all knobs turned at once",
            edit("turned[i] += h", "turned = [knob + h for knob in x]"),
            """You turn all the knobs and look at the result once. So you see what they do together, and cannot tell which of them did it.""",
        ),
        Wrong(
            "a knob is not turned back",
            edit("    slopes = []\n", "    slopes = []\n    turned = list(x)\n", "        turned = list(x)\n", ""),
            """One copy serves for all the knobs. When the second is turned, the first still is. Each knob is to be turned with all others where they were.""",
        ),
        Wrong(
            "the caller's list is changed",
            edit(
                "turned = list(x)",
                "turned = x",
                "(f(turned) - f(x)) / h",
                "(f(turned) - before) / h",
                "    slopes = []\n",
                "    slopes = []\n    before = f(x)\n",
            ),
            """`turned = x` makes no copy: it is a second name for the same list. You turn the caller's knobs, and leave them turned.""",
        ),
        Wrong(
            "the list compared with itself",
            edit("turned = list(x)", "turned = x"),
            """`turned = x` makes no copy: it is a second name for the same list. So `f(turned)` and `f(x)` are the same, and their difference is 0.""",
        ),
        Wrong(
            "not divided by h",
            edit("(f(turned) - f(x)) / h", "f(turned) - f(x)"),
            """You return how much the result changed. That depends on how far you turned; the slope is the change for each unit of the turn.""",
        ),
        Wrong(
            "the values in place of the slopes",
            edit("(f(turned) - f(x)) / h", "f(turned)"),
            """You return what the machine shows after each turn. The slope compares it with what it showed before.""",
        ),
        Wrong(
            "one slope only",
            edit(
                "slopes.append((f(turned) - f(x)) / h)\n    return slopes",
                "slopes = [(f(turned) - f(x)) / h]\n    return slopes",
            ),
            """You start a new list for each knob, so only the last slope remains. There must be one for each knob.""",
            also=[edit("    return slopes", "        return slopes")],
        ),
        Wrong(
            "the sign is turned",
            edit("f(turned) - f(x)", "f(x) - f(turned)"),
            """You subtract the result after the turn from the one before. Then a machine that goes up gets a negative slope.""",
        ),
    ],
)

both_sides = Exercise(
    "1.3",
    cases=[
        cell("two_sided(lambda x: 2 * x, 1.0, 0.5)", why="the line rises by 2 for each unit"),
        cell("two_sided(lambda x: x**2, 3.0, 0.5)", why="(3.5² - 2.5²) / 1 is 6, exactly"),
        cell("two_sided(lambda x: x**2, 3.0, 0.01)", why="from both sides a parabola has its exact slope", rtol=1e-5),
        cell("two_sided(lambda x: x**3, 2.0, 0.5)", why="(2.5³ - 1.5³) / 1 is 12.25"),
        cell("two_sided(math.sin, 0.3, 1e-5)", why="the slope of the sine is the cosine", rtol=1e-8),
        cell("two_sided(math.exp, -1.0, 0.25)", why="e^x is its own slope, nearly"),
    ],
    right=[
        "def two_sided(f, x, h):\n    left, right = f(x - h), f(x + h)\n    return 0.5 * (right - left) / h",
        "def two_sided(f, x, h):\n    one, other = (f(x + h) - f(x)) / h, (f(x) - f(x - h)) / h\n    return (one + other) / 2",
    ],
    wrong=[
        Wrong(
            "one side only",
            edit("(f(x + h) - f(x - h)) / (2 * h)", "(f(x + h) - f(x)) / h"),
            """You turn the knob to the right only. Then the bend of the curve is in the answer: try it on x², where both sides give the exact slope.""",
        ),
        Wrong(
            "the other side only",
            edit("(f(x + h) - f(x - h)) / (2 * h)", "(f(x) - f(x - h)) / h"),
            """You turn the knob to the left only. Then the bend of the curve is in the answer: try it on x², where both sides give the exact slope.""",
        ),
        Wrong(
            "divided by half the distance",
            edit("(2 * h)", "h"),
            """Your slopes are twice what they should be. How far is it from x - h to x + h?""",
        ),
        Wrong(
            "brackets missing in the denominator",
            edit("(2 * h)", "2 * h"),
            """`/ 2 * h` divides by 2 and then *multiplies* by h: Python goes from left to right. What is divided by must be in brackets.""",
        ),
        Wrong(
            "brackets missing in the numerator",
            edit("(f(x + h) - f(x - h)) / (2 * h)", "f(x + h) - f(x - h) / (2 * h)"),
            """Without brackets only `f(x - h)` is divided: division binds tighter than minus. The whole difference is to be divided.""",
        ),
        Wrong(
            "the sign is turned",
            edit("f(x + h) - f(x - h)", "f(x - h) - f(x + h)"),
            """You subtract the right from the left. Then a curve that goes up gets a negative slope.""",
        ),
        Wrong(
            "not divided",
            edit(" / (2 * h)", ""),
            """You return how much higher the curve is on the right than on the left. The slope is that for each unit of the way between.""",
        ),
    ],
)

BOWL = "lambda x: (x - 2.0) ** 2"

downhill = Exercise(
    "1.4",
    cases=[
        cell(f"lowest({BOWL}, 5.0, 0.1, 0)", why="no steps: it stays where it is"),
        cell(f"lowest({BOWL}, 5.0, 0.1, 1)", why="the slope at 5 is 6, and a tenth of it is taken off"),
        cell(f"lowest({BOWL}, -1.0, 0.1, 1)", why="the slope at -1 is -6: downhill is to the right"),
        cell(f"lowest({BOWL}, 5.0, 0.1, 2)", why="from 4.4 the second step is 0.1 · 4.8"),
        cell(f"lowest({BOWL}, 5.0, 0.1, 50)", why="the bowl is lowest at 2", rtol=1e-5),
        cell("lowest(math.cos, 2.0, 0.5, 30)", why="the cosine is lowest at π", rtol=1e-5),
    ],
    right=[
        """
        def lowest(f, x, rate, steps):
            if steps == 0:
                return x
            slope = (f(x + 1e-5) - f(x - 1e-5)) / 2e-5
            return lowest(f, x - rate * slope, rate, steps - 1)
        """,
        """
        def lowest(f, x, rate, steps):
            places = [x]
            while len(places) <= steps:
                here = places[-1]
                change = f(here + 1e-6) - f(here - 1e-6)
                places.append(here - rate * change / 2e-6)
            return places[-1]
        """,
    ],
    wrong=[
        Wrong(
            "uphill",
            edit("x - rate * slope", "x + rate * slope"),
            """You add the slope, so you walk the way the curve rises. Where the slope is positive, down is to the left.""",
        ),
        Wrong(
            "the learning rate is left out",
            edit("rate * slope", "slope"),
            """You move by the whole slope. In a bowl such as (x - 2)² that is too far: you land on the other side, as high as before.""",
        ),
        Wrong(
            "the slope of the first place",
            edit(
                "    for _ in range(steps):\n        slope = (f(x + h) - f(x - h)) / (2 * h)\n",
                "    slope = (f(x + h) - f(x - h)) / (2 * h)\n    for _ in range(steps):\n",
            ),
            """You measure the slope once and then walk on blindly. After each step you stand somewhere else, where the slope is another.""",
        ),
        Wrong(
            "the height in place of the place",
            edit("return x", "return f(x)"),
            """You return how low it is there. Asked for is *where*: the x at which you end.""",
        ),
        Wrong(
            "steps of equal length",
            edit("rate * slope", "rate * math.copysign(1, slope)"),
            """You use only the sign of the slope, and every step has the same length. Then you cannot stop at the bottom: you step over it, back and forth.""",
        ),
        Wrong(
            "one step too few",
            edit("range(steps)", "range(steps - 1)"),
            """You take one step less than asked. `range(n)` gives n numbers already, from 0 to n - 1.""",
            also=[edit("range(steps)", "range(1, steps)")],
        ),
        Wrong(
            "only one step",
            edit("    return x", "        return x\n    return x"),
            """Your return stands inside the loop, so the first step is also the last. A return ends the function at once.""",
        ),
        Wrong(
            "the height in place of the slope",
            edit("slope = (f(x + h) - f(x - h)) / (2 * h)", "slope = f(x)"),
            """You step by how high you are. How high you are does not tell which way is down; only the slope does.""",
        ),
    ],
)

EXERCISES = [by_hand, by_number, both_sides, downhill]
