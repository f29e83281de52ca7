"""Lesson 14: the checks and the mistakes."""

import numpy as np

from chainrule.course.bank import Exercise, Wrong, call, cell, edit

ONE, OTHER = np.array([[1.0], [3.0], [8.0]]), np.array([[4.0], [10.0]])
TRAIN = np.array([[1.0, 100.0], [3.0, -50.0], [8.0, 20.0], [2.5, 60.0]])
TEST = np.array([[5.0, 10.0], [-2.0, 300.0]])

scale = Exercise(
    "14.1",
    cases=[
        call("standardised", ONE, OTHER, why="the training column has mean 4 and standard deviation √(26/3); both arrays are changed by these"),
        call("standardised", TRAIN, TEST, why="each column has a mean and a size of its own, taken from the training rows"),
        call("standardised", TRAIN, TEST[:1], why="a single test row is changed in the same way"),
        call("standardised", TRAIN, TRAIN, why="if the test rows are the training rows, they come out alike"),
        call("standardised", np.array([[2.0, 1.0], [2.0, 3.0]]), np.array([[5.0, 4.0]]), why="the first training column is the same in all rows: it is only shifted"),
    ],
    right=[
        """
        def standardised(train, test):
            train_out, test_out = np.empty(train.shape), np.empty(test.shape)
            for column in range(train.shape[1]):
                n = len(train)
                mean = sum(train[:, column]) / n
                size = (sum((x - mean) ** 2 for x in train[:, column]) / n) ** 0.5
                train_out[:, column] = (train[:, column] - mean) / (size or 1.0)
                test_out[:, column] = (test[:, column] - mean) / (size or 1.0)
            return train_out, test_out
        """,
        """
        def standardised(train, test):
            size = train.std(axis=0, keepdims=True)
            size[size == 0] = 1
            change = lambda rows: (rows - train.mean(axis=0, keepdims=True)) / size
            return change(train), change(test)
        """,
    ],
    wrong=[
        Wrong(
            "the test's own statistics",
            edit("(test - mean) / size", "(test - test.mean(axis=0)) / np.where(test.std(axis=0) > 0, test.std(axis=0), 1.0)"),
            """You scale the test rows by their own mean and size. So the same hour becomes another number in the test than it was in training, and a warm summer looks like any other season.""",
            also=[edit("(test - mean) / size", "(test - test.mean(axis=0)) / test.std(axis=0)")],
        ),
        Wrong(
            "train and test scaled together",
            edit("mean, size = train.mean(axis=0), train.std(axis=0)", "both = np.concatenate([train, test])\n    mean, size = both.mean(axis=0), both.std(axis=0)"),
            """You measure mean and size on all rows. Then the training data already know something about the test rows, which in earnest lie in the future.""",
        ),
        Wrong(
            "the test's statistics for both",
            edit("train.mean(axis=0), train.std(axis=0)", "test.mean(axis=0), test.std(axis=0)"),
            """You measure on the test rows. They are not there yet when the network learns.""",
        ),
        Wrong(
            "the test rows left as they are",
            edit("(test - mean) / size", "test * 1.0"),
            """You scale what is learned from, but not what is tested. The network then gets numbers of a size it has never seen.""",
        ),
        Wrong(
            "one mean for all columns",
            edit("train.mean(axis=0), train.std(axis=0)", "train.mean(), train.std()"),
            """You take one mean and one size over the whole table. Each column has its own units.""",
            also=[edit("train.std(axis=0)", "train.std()")],
        ),
        Wrong(
            "rows in place of columns",
            edit("train.mean(axis=0), train.std(axis=0)", "train.mean(axis=1, keepdims=True), train.std(axis=1, keepdims=True)", "(test - mean) / size", "(test - test.mean(axis=1, keepdims=True)) / np.where(test.std(axis=1, keepdims=True) > 0, test.std(axis=1, keepdims=True), 1.0)"),
            """You scale each row by itself: temperature and hour are mixed. Axis 0 runs over the rows and leaves the columns.""",
            also=[edit("train.mean(axis=0), train.std(axis=0)", "train.mean(axis=1, keepdims=True), train.std(axis=1, keepdims=True)")],
        ),
        Wrong(
            "divided by 0",
            edit("    size = np.where(size > 0, size, 1.0)\n", ""),
            """A column that never changes has the standard deviation 0, and you divide by it: nan, and from there everything is nan.""",
        ),
        Wrong(
            "only shifted",
            edit("(train - mean) / size", "train - mean", "(test - mean) / size", "test - mean"),
            """You take off the mean, but the columns keep their different sizes.""",
        ),
        Wrong(
            "only divided",
            edit("(train - mean) / size", "train / size", "(test - mean) / size", "test / size"),
            """You divide by the size, but the columns keep their means.""",
        ),
        Wrong(
            "divided by the variance",
            edit("train.std(axis=0)", "train.var(axis=0)"),
            """You divide by the variance, the mean of the *squares*. Its root has the units of the column.""",
        ),
        Wrong(
            "the standard deviation over n - 1",
            edit("train.std(axis=0)", "train.std(axis=0, ddof=1)"),
            """You divide by n - 1 in the standard deviation. Nothing is estimated here, the columns are only brought to size 1: over n, as asked.""",
        ),
        Wrong(
            "in place",
            "def standardised(train, test):\n    mean, size = train.mean(axis=0), train.std(axis=0)\n    size[size == 0] = 1\n    train -= mean\n    train /= size\n    test = (test - mean) / size\n    return train, test",
            """`-=` changes the array of whoever called you. Make a new one.""",
            also=["def standardised(train, test):\n    mean, size = train.mean(axis=0), train.std(axis=0)\n    size[size == 0] = 1\n    train -= mean\n    train /= size\n    test -= mean\n    test /= size\n    return train, test"],
        ),
    ],
)  # fmt: skip

SCORES = [50.0, 54.0, 49.5, 58.0, 51.0]

confidence = Exercise(
    "14.2",
    cases=[
        call("interval", [1.0, 3.0], why="the mean is 2, s is √2, the standard error 1, and the table says 12.706 for n - 1 = 1"),
        call("interval", [4.0, 4.0, 4.0], why="scores that never differ leave no doubt"),
        call("interval", [1.0, 2.0, 6.0], why="3 ± 4.303 · s / √3 with s = √(14 / 2)"),
        call("interval", SCORES, why="with 5 scores the table is asked for 4: 2.776"),
        call("interval", [-2.0, 0.5, 1.5, -1.0, 3.0, 0.25, -0.75, 2.0], why="with 8 scores the table is asked for 7: 2.365"),
    ],
    right=[
        """
        import statistics

        def interval(scores):
            middle = statistics.fmean(scores)
            width = T95[len(scores) - 1] * statistics.stdev(scores) / len(scores) ** 0.5
            return middle - width, middle + width
        """,
        """
        def interval(scores):
            x = np.array(scores)
            n = x.size
            variance_of_mean = ((x - x.mean()) ** 2).sum() / (n * (n - 1))
            return tuple(x.mean() + T95[n - 1] * np.sqrt(variance_of_mean) * np.array([-1, 1]))
        """,
    ],
    wrong=[
        Wrong(
            "n in place of n - 1",
            edit(", ddof=1", ""),
            """Your standard deviation divides by n. The deviations are taken from the mean of the same numbers and so come out too small; n - 1 makes up for it. NumPy's `std` divides by n unless told otherwise.""",
        ),
        Wrong(
            "the standard deviation in place of the standard error",
            edit(" / math.sqrt(n)", ""),
            """You use the standard deviation: how far one run may be off. The mean of n runs is surer than one run. By how much?""",
        ),
        Wrong(
            "divided by n in place of its root",
            edit("math.sqrt(n)", "n"),
            """You divide by n. The error of a mean shrinks like the root of n only: four times as many runs for half the error.""",
        ),
        Wrong(
            "1.96 whatever n is",
            edit("T95[n - 1]", "1.96"),
            """You take 1.96. That is right for very many scores. With a few, s itself is uncertain, and the interval must be wider.""",
            also=[edit("T95[n - 1]", "2")],
        ),
        Wrong(
            "the wrong line of the table",
            edit("T95[n - 1]", "T95[n]"),
            """You ask the table for n. It goes by n - 1, since one number is used up for the mean.""",
        ),
        Wrong(
            "no factor at all",
            edit("T95[n - 1] * ", ""),
            """You go one standard error to each side. That holds the true mean in about two cases of three, not in 95 %.""",
        ),
        Wrong(
            "the variance in place of its root",
            edit("np.std(", "np.var("),
            """You use the variance, the mean square. Its root has the units of the scores.""",
        ),
        Wrong(
            "mean and width",
            edit("return float(np.mean(scores) - wide), float(np.mean(scores) + wide)", "return float(np.mean(scores)), float(wide)"),
            """You return the mean and the width. Asked are the two ends, low and high.""",
        ),
        Wrong(
            "around the median",
            edit("float(np.mean(scores) - wide), float(np.mean(scores) + wide)", "float(np.median(scores) - wide), float(np.median(scores) + wide)"),
            """Your interval lies around the median. The table is for the mean.""",
        ),
        Wrong(
            "half the width",
            edit("wide = T95", "wide = 0.5 * T95"),
            """You go half of t standard errors to each side. The whole interval is twice t standard errors long.""",
        ),
        Wrong(
            "high before low",
            edit("float(np.mean(scores) - wide), float(np.mean(scores) + wide)", "float(np.mean(scores) + wide), float(np.mean(scores) - wide)"),
            """The low end comes first, the high end second.""",
        ),
    ],
)  # fmt: skip

A = [50.0, 60.0, 40.0, 70.0, 55.0]
SHIFTED = [52.0, 61.5, 42.5, 71.0, 57.0]

pairs = Exercise(
    "14.3",
    cases=[
        call("compare", [1.0, 1.0, 1.0], [3.0, 3.5, 2.5], why="a's errors are smaller by 2 on average, and always"),
        call("compare", [3.0, 3.5, 2.5], [1.0, 1.0, 1.0], why="b's errors are smaller by 2 on average, and always"),
        call("compare", A, SHIFTED, why="pair by pair the differences lie between -2.5 and -1: they are all of one sign, though the scores are spread widely"),
        call("compare", [1.0, 2.0, 3.0], [2.0, 1.0, 4.5], why="the differences are -1, 1 and -1.5: the interval contains 0"),
        call("compare", [1.0, 2.0, 3.0, 4.0], [2.5, 2.25, 4.5, 5.5], why="the interval of the differences does just about not contain 0: -1.1875 ± 0.99"),
        call("compare", [5.0, 7.0, 4.0, 6.0], [4.0, 6.5, 4.0, 4.0], why="0.875 ± 1.36: the interval contains 0"),
        call("compare", [1.0, 2.0, 3.0], [1.125, 4.0, 3.25], why="all differences are negative, but -0.79 ± 2.60 contains 0"),
        call("compare", [1.0, 5.0, 3.0, 2.0], [5.5, 1.5, 2.25, 3.5], why="the pairs differ by -4.5, 3.5, 0.75 and -1.5: the interval contains 0"),
        call("compare", [5.0, 9.0, 2.0], [1.0, 6.0, -1.25], why="3.4167 ± 1.29: b is better"),
        cell("compare([1.0, 2.0], [1.0])", why="a score without its partner cannot be compared", raises="ValueError"),
    ],
    right=[
        """
        def compare(a, b):
            if len(a) != len(b):
                raise ValueError("pairs are needed")
            d = np.subtract(a, b)
            half = T95[len(d) - 1] * d.std(ddof=1) / np.sqrt(len(d))
            low, high = d.mean() - half, d.mean() + half
            word = "a" if high < 0 else "b" if low > 0 else "unclear"
            return float(d.mean()), word
        """,
        """
        def compare(a, b):
            d, r = around([y - x for x, y in zip(a, b, strict=True)])
            return -d, "unclear" if -r <= d <= r else ("a", "b")[d < 0]
        """,
    ],
    wrong=[
        Wrong(
            "only the mean decides",
            edit('    if abs(mean) <= wide:\n        return mean, "unclear"\n', ""),
            """You declare a winner whatever the spread. If the interval of the mean difference contains 0, chance alone could have made it.""",
        ),
        Wrong(
            "larger errors win",
            edit("if mean < 0", "if mean > 0"),
            """You give the prize to the larger errors. If a - b is negative, whose errors are smaller?""",
        ),
        Wrong(
            "pairs torn apart",
            """
            def compare(a, b):
                if len(a) != len(b):
                    raise ValueError("lengths")
                (mean_a, wide_a), (mean_b, wide_b) = around(a), around(b)
                mean = mean_a - mean_b
                if abs(mean) <= wide_a + wide_b:
                    return mean, "unclear"
                return mean, "a" if mean < 0 else "b"
            """,
            """You compare two separate intervals. What both networks have in common, easy and hard situations, then counts as doubt. Take the differences pair by pair first.""",
            also=[
                """
                def compare(a, b):
                    if len(a) != len(b):
                        raise ValueError("lengths")
                    (mean_a, wide_a), (mean_b, wide_b) = around(a), around(b)
                    mean = mean_a - mean_b
                    if abs(mean) <= (wide_a**2 + wide_b**2) ** 0.5:
                        return mean, "unclear"
                    return mean, "a" if mean < 0 else "b"
                """,
            ],
        ),
        Wrong(
            "sorted before pairing",
            edit("zip(a, b, strict=True)", "zip(sorted(a), sorted(b), strict=True)"),
            """You sort the scores first. Then the best of a is paired with the best of b, whatever situations they come from.""",
        ),
        Wrong(
            "the size of the differences",
            edit("[x - y for", "[abs(x - y) for"),
            """You take the differences without their sign. Then a network that wins as often as it loses looks as if it always did one of the two.""",
        ),
        Wrong(
            "b - a in place of a - b",
            edit("x - y for", "y - x for"),
            """You take b - a, so sign and winner are turned round. Asked is a - b.""",
            also=[edit("x - y for", "y - x for", "if mean < 0", "if mean > 0")],
        ),
        Wrong(
            "the standard deviation in place of the standard error",
            edit("if abs(mean) <= wide", "if abs(mean) <= wide * len(a) ** 0.5"),
            """Your interval is for one difference, not for their mean. The mean of n differences is surer than a single one.""",
            also=["""
            def compare(a, b):
                d = [x - y for x, y in zip(a, b, strict=True)]
                mean = sum(d) / len(d)
                if abs(mean) <= np.std(d, ddof=1):
                    return mean, "unclear"
                return mean, "a" if mean < 0 else "b"
            """],
        ),
        Wrong(
            "one without exception",
            edit("mean, wide = around([x - y for x, y in zip(a, b, strict=True)])", "d = [x - y for x, y in zip(a, b, strict=True)]\n    mean, wide = sum(d) / len(d), 0.0", "if abs(mean) <= wide", "if min(d) <= 0 <= max(d)"),
            """You call it clear if all differences have one sign. With few pairs that happens by chance: of three pairs, in a quarter of all cases. Ask the interval.""",
        ),
        Wrong(
            "scores left over",
            edit(", strict=True", ""),
            """With lists of different length, `zip` drops what is left over, silently. A score without a partner means that something went wrong before.""",
        ),
        Wrong(
            "the verdict alone",
            edit('return mean, "unclear"', 'return "unclear"', 'return mean, "a" if mean < 0 else "b"', 'return "a" if mean < 0 else "b"'),
            """You return the word alone. Whoever reads it wants to know by how much: the mean difference comes first.""",
        ),
    ],
)  # fmt: skip

FITS = """
x = np.linspace(-1, 1, 24)
y = np.sin(3 * x) + 0.3 * np.random.default_rng(3).normal(size=24)
train, validation, test = (x[0::3], y[0::3]), (x[1::3], y[1::3]), (x[2::3], y[2::3])

def fit(degree, data):
    return np.polyfit(*data, degree)

def error(model, data):
    return float(np.mean((np.polyval(model, data[0]) - data[1]) ** 2))

"""
PLAIN = """
def fit(setting, data):
    return {setting}

def error(model, data):
    return abs(model - data)

choose({settings}, fit, error, {data})
"""
LOGGED = """
looked, learned = [], []

def fit(setting, data):
    learned.append(data)
    return setting

def error(model, data):
    looked.append(data)
    return abs(model - {"train": 1, "validation": 5, "test": 8}[data])

choose([1, 4, 7, 9], fit, error, "train", "validation", "test")
"""

choice = Exercise(
    "14.4",
    cases=[
        cell(
            PLAIN.format(setting="setting", settings="[1, 4, 7]", data="1, 5, 8"),
            why="in validation (5) the setting 4 is the nearest; in the test (8) it is off by 4",
        ),
        cell(PLAIN.format(setting="2 * setting", settings="[1, 2, 4]", data="2, 3, 9"), why="1 and 2 are equally good in validation: the earlier one"),
        cell(LOGGED + "set(learned)", why='models learn from "train" alone'),
        cell(LOGGED + 'looked.count("test")', why="the test data are looked at once, for the one that has been chosen"),
        cell(FITS + "choose([0, 1, 2, 3, 5, 7], fit, error, train, validation, test)", why="the polynomial is chosen by its validation error, its test error is promised"),
        cell(FITS + "choose([7, 5, 3, 1], fit, error, train, test, validation)", why="with other data for validation and test, others come out"),
    ],
    right=[
        """
        def choose(settings, fit, error, train, validation, test):
            best, least, kept = None, float("inf"), None
            for setting in settings:
                model = fit(setting, train)
                e = error(model, validation)
                if e < least:
                    best, least, kept = setting, e, model
            return best, error(kept, test)
        """,
        """
        def choose(settings, fit, error, train, validation, test):
            best = min(settings, key=lambda s: error(fit(s, train), validation))
            return best, error(fit(best, train), test)
        """,
    ],
    wrong=[
        Wrong(
            "chosen by the training error",
            edit("error(model, validation)", "error(model, train)"),
            """You choose by the error on the data that were learned from. Whoever can learn by heart wins there: the largest model, not the best.""",
        ),
        Wrong(
            "chosen by the test error",
            edit("error(model, validation)", "error(model, test)"),
            """You choose with the test data. Then the smallest test error is partly luck, and nothing is left that could be promised.""",
        ),
        Wrong(
            "the validation error is promised",
            edit("error(models[best], test)", "errors[best]"),
            """You promise the error that chose. It is the smallest of several, and small by luck, too.""",
            also=[edit("error(models[best], test)", "error(models[best], validation)")],
        ),
        Wrong(
            "the training error is promised",
            edit("error(models[best], test)", "error(models[best], train)"),
            """You promise the error on the data that were learned from. New data will be less kind.""",
        ),
        Wrong(
            "the largest error",
            edit("min(errors)", "max(errors)"),
            """You choose the one with the largest error. Less is better.""",
        ),
        Wrong(
            "learned from the validation data",
            edit("fit(setting, train)", "fit(setting, validation)"),
            """You let the models learn from the data that are to judge them. Then the judge has been told the answers.""",
        ),
        Wrong(
            "learned from everything",
            edit("fit(setting, train)", "fit(setting, test)"),
            """You let the models learn from the test data. What is promised then is how well they remember.""",
        ),
        Wrong(
            "the later of two equals",
            edit("best = errors.index(min(errors))", "best = max(i for i, e in enumerate(errors) if e == min(errors))"),
            """If two are equally good, you take the later one. Asked was the earlier.""",
        ),
        Wrong(
            "the test looked at for every model",
            edit("    best = errors", "    promised = [error(model, test) for model in models]\n    best = errors", "error(models[best], test)", "promised[best]"),
            """Your result is right, but you measure every model on the test data. Whoever has these numbers will look at them, and then they choose as well.""",
        ),
        Wrong(
            "the place, not the setting",
            edit("return settings[best], ", "return best, "),
            """You return the place in the list. Asked is the setting that stands there.""",
        ),
        Wrong(
            "the smallest test error, whoever has it",
            edit("error(models[best], test)", "min(error(model, test) for model in models)"),
            """You choose by validation, and then promise the smallest test error of all. It belongs to another model.""",
        ),
    ],
)  # fmt: skip

EXERCISES = [scale, confidence, pairs, choice]
