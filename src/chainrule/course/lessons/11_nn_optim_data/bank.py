"""Lesson 11: the checks and the mistakes."""

import numpy as np

from chainrule.course.bank import Exercise, Wrong, call, cell, edit

LINE = """
model = nn.Linear(2, 1, bias=False).double()
optimizer = optim.SGD(model.parameters(), lr=0.05)
x1, y1 = chainrule.tensor([[1.0, 2.0], [-1.0, 0.5], [2.0, 1.0]]).double(), chainrule.tensor([[1.0], [0.0], [2.5]]).double()
x2, y2 = chainrule.tensor([[0.0, -1.5], [3.0, 1.0]]).double(), chainrule.tensor([[-1.0], [4.0]]).double()
"""
ONE, TWO = (
    "epoch(model, nn.MSELoss(), optimizer, [(x1, y1)])",
    "epoch(model, nn.MSELoss(), optimizer, [(x1, y1), (x2, y2)])",
)
LOG = (
    LINE
    + """
happened = []
model.weight.register_hook(lambda slope: happened.append("slopes found"))
optimizer.register_step_pre_hook(lambda *_: happened.append("step"))
"""
)
MODES = """
happened = []
model.register_forward_hook(lambda *_: happened.append((model.training, chainrule.is_grad_enabled())))
"""
SCORES = """
model = nn.Linear(2, 3).double()
optimizer = optim.SGD(model.parameters(), lr=0.1)
batches = [(chainrule.tensor([[1.0, 2.0], [0.5, -1.0]]).double(), chainrule.tensor([2, 0]))]
"""

one_epoch = Exercise(
    "11.1",
    cases=[
        cell(LINE + ONE, why="the mean square error of these three examples is that, before the step"),
        cell(LOG + ONE + "\nhappened", why="for one batch the slopes are found once, and then one step is made"),
        cell(LINE + ONE + "\nmodel.weight.tolist()", why="one step against the slopes of this batch leads there"),
        cell(LINE + ONE + "\n" + ONE + "\nmodel.weight.tolist()", why="the second step follows the slopes of the second run alone"),
        cell(LOG + TWO + "\nhappened, model.weight.tolist()", why="each of the two batches makes a step, from slopes of its own"),
        cell(LINE + TWO, why="the losses of all five examples are added up and divided by 5"),
        cell(
            LINE + "model.eval()" + MODES + ONE + "\nhappened",
            why="the model learns in training mode (the first True), with a graph (the second)",
        ),
        cell(SCORES + "epoch(model, nn.CrossEntropyLoss(), optimizer, batches)", why="the cross-entropy of the scores is that"),
    ],
    right=[
        """
        def epoch(model, loss_fn, optimizer, loader):
            model.train()
            losses, sizes = [], []
            for batch in loader:
                inputs, answers = batch
                error = loss_fn(model(inputs), answers)
                for group in optimizer.param_groups:
                    for w in group["params"]:
                        w.grad = None
                error.backward()
                optimizer.step()
                losses.append(error.item())
                sizes.append(inputs.shape[0])
            return float(np.average(losses, weights=sizes))
        """,
        """
        def epoch(model, loss_fn, optimizer, loader):
            model.train()
            total = n = 0
            for x, y in loader:
                loss = loss_fn(model(x), y)
                loss.backward()
                optimizer.step()
                optimizer.zero_grad()
                total, n = total + float(loss.detach()) * len(y), n + len(y)
            return total / n
        """,
    ],
    wrong=[
        Wrong(
            "zero_grad forgotten",
            edit("        optimizer.zero_grad()\n", ""),
            """The slopes are never set back. `backward()` adds to them, so from the second batch on you step along the sum of all slopes so far.""",
        ),
        Wrong(
            "zero_grad once an epoch",
            edit("        optimizer.zero_grad()\n", "", "    model.train()\n", "    model.train()\n    optimizer.zero_grad()\n"),
            """You forget the old slopes at the beginning of the epoch only. Within it, each batch still adds to those of the batches before.""",
        ),
        Wrong(
            "zero_grad after backward",
            edit("        optimizer.zero_grad()\n", "", "        loss.backward()\n", "        loss.backward()\n        optimizer.zero_grad()\n"),
            """You throw the slopes away after `backward()` has found them and before `step()` uses them. The weights never move.""",
        ),
        Wrong(
            "step before backward",
            edit("        loss.backward()\n        optimizer.step()\n", "        optimizer.step()\n        loss.backward()\n"),
            """You step before the slopes are there. Run forward, find the slopes, then step.""",
            also=[edit("        optimizer.zero_grad()\n", "        optimizer.step()\n        optimizer.zero_grad()\n", "        loss.backward()\n        optimizer.step()\n", "        loss.backward()\n")],
        ),
        Wrong(
            "no step",
            edit("        optimizer.step()\n", ""),
            """The slopes are there, but nobody uses them: only the optimizer changes weights, and only when it is told to.""",
        ),
        Wrong(
            "no backward",
            edit("        loss.backward()\n", ""),
            """Nothing computes the slopes. The optimizer finds none and leaves the weights as they are.""",
            also=[edit("        loss.backward()\n        optimizer.step()\n", "")],
        ),
        Wrong(
            "the mean of the batches' means",
            edit("loss.item() * len(x)", "loss.item()", "count += len(x)", "count += 1"),
            """You average over batches as if they were equally large. An example in a small last batch then counts more than the others.""",
        ),
        Wrong(
            "the sum in place of the mean",
            edit("return total / count", "return total"),
            """You return the sum over all examples. It grows with the size of the data set, so two data sets cannot be compared.""",
        ),
        Wrong(
            "means divided by the number of examples",
            edit("loss.item() * len(x)", "loss.item()"),
            """`loss.item()` is already a mean over its batch. You add up means and divide by the number of examples: the batch size has been divided out twice.""",
        ),
        Wrong(
            "the last batch only",
            edit("return total / count", "return loss.item()"),
            """You return the loss of the last batch. The epoch had others.""",
            also=[edit("total += loss.item() * len(x)", "total = loss.item() * len(x)", "count += len(x)", "count = len(x)")],
        ),
        Wrong(
            "only the first batch",
            edit("        count += len(x)\n    return total / count", "        count += len(x)\n        return total / count"),
            """Your `return` stands inside the loop: the function is over after the first batch.""",
        ),
        Wrong(
            "the graph is kept",
            edit("loss.item() * len(x)", "loss * len(x)"),
            """You add up tensors. The sum holds on to the graphs of all batches, and what you return is a tensor, not a number.""",
        ),
        Wrong(
            "training mode forgotten",
            edit("    model.train()\n", ""),
            """If the model comes from a test, it is still in eval mode: dropout is off, and running means stand still.""",
            also=[edit("    model.train()\n", "    model.eval()\n")],
        ),
        Wrong(
            "prediction and answer swapped",
            edit("loss_fn(model(x), y)", "loss_fn(y, model(x))"),
            """You give the loss the answers first. The mean square does not mind; cross-entropy expects scores first, then classes.""",
        ),
    ],
)  # fmt: skip

PICK = """
model = nn.Sequential(nn.Dropout(0.9), nn.Identity())
scores = chainrule.tensor([[0.1, 2.0, 0.3], [1.5, -1.0, 1.0], [0.2, 0.9, 0.8], [3.0, 1.0, 2.0], [-1.0, -2.0, -0.5]])
y = chainrule.tensor([1, 0, 2, 0, 2])
"""
THREE, FIVE = "accuracy(model, [(scores[:3], y[:3])])", "accuracy(model, [(scores[:3], y[:3]), (scores[3:], y[3:])])"

accuracy = Exercise(
    "11.2",
    cases=[
        cell(PICK + "model.eval()\n" + THREE, why="the largest scores are at 1, 0 and 1, the answers are 1, 0 and 2: two of three"),
        cell(PICK + THREE, why="the network hands its inputs on as scores; its dropout must be off"),
        cell(PICK + FIVE, why="two of three and two of two are four of five"),
        cell(PICK + MODES + THREE + "\nhappened", why="the model runs in eval mode (training is False), with no graph recorded"),
        cell(PICK + THREE + "\nmodel.training", why="the model was in training mode before, so it is afterwards"),
        cell(PICK + "model.eval()\n" + THREE + "\nmodel.training", why="the model was in eval mode before, so it is afterwards"),
    ],
    right=[
        """
        def accuracy(model, loader):
            mode = model.training
            model.train(False)
            hits = []
            for x, y in loader:
                with chainrule.no_grad():
                    scores = model(x).softmax(dim=-1)
                hits += [int(np.argmax(row)) == int(k) for row, k in zip(scores.numpy(), y.numpy())]
            model.train(mode)
            return float(np.mean(hits))
        """,
        """
        def accuracy(model, loader):
            was = model.training
            model.eval()
            try:
                with chainrule.no_grad():
                    pairs = [(model(x), y) for x, y in loader]
            finally:
                if was:
                    model.train()
            right = sum(float((s.max(dim=1)[1] == y).float().sum()) for s, y in pairs)
            return right / sum(len(y) for _, y in pairs)
        """,
    ],
    wrong=[
        Wrong(
            "argmax over the wrong axis",
            edit("argmax(dim=1)", "argmax(dim=0)"),
            """You look down the columns: which example has the largest score for a class? Asked is, for each example, which class. With as many examples as classes nobody complains about the shapes.""",
        ),
        Wrong(
            "argmax over everything",
            edit("argmax(dim=1)", "argmax()"),
            """Without an axis, argmax gives one number for the whole table. Each example needs an answer of its own.""",
        ),
        Wrong(
            "eval forgotten",
            edit("    model.eval()\n", ""),
            """You measure in training mode. Dropout goes on dropping then, and running means take in the test data.""",
        ),
        Wrong(
            "left in eval mode",
            edit("    model.train(was_training)\n", ""),
            """You leave the model in eval mode. The next epoch trains without dropout, and nobody notices.""",
        ),
        Wrong(
            "always put into training mode",
            edit("    model.train(was_training)\n", "    model.train()\n"),
            """You leave the model in training mode even if it was in eval mode before. Whoever calls you in the middle of a test gets another model back.""",
        ),
        Wrong(
            "a graph is recorded",
            edit("chainrule.no_grad()", "chainrule.enable_grad()"),
            """Eval mode does not switch off the graph. Yours is recorded for every batch and never used: it costs time and memory.""",
        ),
        Wrong(
            "the mean of the batches' means",
            edit(".sum().item()", ".float().mean().item()", "count += len(y)", "count += 1"),
            """You average the accuracies of the batches. The last one is smaller, and its examples count more than the others. Count examples, divide once.""",
        ),
        Wrong(
            "a count, not a part",
            edit("return right / count", "return right"),
            """You return how many are right. Without the number of examples nobody can judge that.""",
            also=[edit("return right / count", "return float(right)")],
        ),
        Wrong(
            "the last batch only",
            edit("right += ", "right = ", "count += len(y)", "count = len(y)"),
            """You count anew in every batch, so only the last one remains. Add up.""",
        ),
        Wrong(
            "the last batch's hits among all",
            edit("right += ", "right = "),
            """You overwrite the number of right answers in each batch and divide by the number of all examples. Add the hits up too.""",
        ),
        Wrong(
            "percent, not a part",
            edit("return right / count", "return 100 * right / count"),
            """You return percent. Asked is the part, between 0 and 1.""",
        ),
        Wrong(
            "the errors, not the hits",
            edit("argmax(dim=1) == y", "argmax(dim=1) != y"),
            """You count the wrong ones: that is the error rate, 1 minus the accuracy.""",
        ),
    ],
)  # fmt: skip

W, G, V = np.array([1.0, -2.0]), np.array([3.0, 0.5]), np.array([10.0, -4.0])
WALK = """
w = np.array([1.0, -2.0, 0.5])
{before}
for t in range(1, 6):
    slope = np.array([2 * w[0], 6 * w[1], np.cos(w[2])])
    {step}
w
"""

momentum = Exercise(
    "11.3",
    cases=[
        call("momentum", 1.0, 3.0, 0.0, 0.1, 0.9, why="the velocity is 0.9 · 0 + 3 = 3, and the weight moves by -0.1 · 3"),
        call("momentum", 1.0, 0.0, 10.0, 0.1, 0.9, why="with slope 0 it rolls on: the velocity is 0.9 · 10 = 9, and the weight moves by -0.1 · 9"),
        call("momentum", W, G, V, 0.1, 0.8, why="velocity 0.8 · v + slope, for each weight by itself; then a step of 0.1 times that"),
        cell(
            WALK.format(before="velocity = np.zeros(3)", step="w, velocity = momentum(w, slope, velocity, 0.05, 0.8)"),
            why="that is where PyTorch's SGD with momentum is after five steps", torch="momentum",
        ),
    ],
    right=[
        """
        def momentum(w, slope, velocity, lr, beta):
            new = np.asarray(velocity) * beta
            new = new + slope
            return np.subtract(w, np.multiply(lr, new)), new
        """,
        """
        def momentum(w, slope, velocity, lr, beta):
            step = velocity - (1 - beta) * velocity + slope
            return w - step * lr, step
        """,
    ],
    wrong=[
        Wrong(
            "the mean of the slopes",
            edit("beta * velocity + slope", "beta * velocity + (1 - beta) * slope"),
            """You take a running mean, as Adam does. Momentum, as PyTorch's SGD has it, adds the whole new slope.""",
        ),
        Wrong(
            "the sign of the step",
            edit("w - lr * velocity", "w + lr * velocity"),
            """You walk uphill. The slope says where the loss rises.""",
        ),
        Wrong(
            "a step with the old velocity",
            "def momentum(w, slope, velocity, lr, beta):\n    return w - lr * velocity, beta * velocity + slope",
            """You move with the velocity from before. The new slope then comes in one step late.""",
        ),
        Wrong(
            "the velocity is not kept",
            "def momentum(w, slope, velocity, lr, beta):\n    return w - lr * (beta * velocity + slope), velocity",
            """You return the old velocity. The next step then does not know what this one did.""",
        ),
        Wrong(
            "the slope in place of the velocity",
            edit("w - lr * velocity", "w - lr * slope"),
            """You compute a velocity and move by the slope alone. That is plain SGD.""",
        ),
        Wrong(
            "nothing fades",
            edit("beta * velocity + slope", "velocity + slope"),
            """You add up all slopes for ever: it never comes to rest. The old velocity fades by a factor each step.""",
        ),
        Wrong(
            "beta on the slope",
            edit("beta * velocity + slope", "velocity + beta * slope"),
            """You let the new slope fade and keep the old velocity whole. It is the past that fades.""",
            also=[edit("beta * velocity + slope", "beta * (velocity + slope)")],
        ),
        Wrong(
            "the learning rate in the velocity",
            edit("beta * velocity + slope", "beta * velocity + lr * slope", "w - lr * velocity", "w - velocity"),
            """You put the learning rate into the velocity. As long as lr stays the same the weights go the same way; if it changes, the past keeps the old one. The velocity you return is not the one asked for.""",
            also=[edit("beta * velocity + slope", "beta * velocity - lr * slope", "w - lr * velocity", "w + velocity")],
        ),
        Wrong(
            "the learning rate twice",
            edit("beta * velocity + slope", "beta * velocity + lr * slope"),
            """You multiply by lr when the slope enters and again when the weights move.""",
        ),
        Wrong(
            "the learning rate is missing",
            edit("w - lr * velocity", "w - velocity"),
            """You move by the whole velocity. The learning rate says which part of it makes a step.""",
        ),
        Wrong(
            "in place",
            "def momentum(w, slope, velocity, lr, beta):\n    velocity *= beta\n    velocity += slope\n    w -= lr * velocity\n    return w, velocity",
            """`*=` and `-=` change the arrays of whoever called you. Make new ones.""",
            also=["def momentum(w, slope, velocity, lr, beta):\n    velocity *= beta\n    velocity += slope\n    return w - lr * velocity, velocity"],
        ),
        Wrong(
            "returned in the other order",
            edit("return w - lr * velocity, velocity", "return velocity, w - lr * velocity"),
            """The new weights come first, then the velocity.""",
        ),
    ],
)  # fmt: skip

M, S = np.array([0.5, -1.0]), np.array([4.0, 0.25])
SIGNATURE = "def adam(w, slope, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):\n"

adam = Exercise(
    "11.4",
    cases=[
        call("adam", 1.0, 3.0, 0.0, 0.0, 1, 0.1, why="m = 0.1 · 3 and v = 0.001 · 9; corrected they are 3 and 9, so the step is 0.1 · 3 / 3"),
        call("adam", 1.0, -300.0, 0.0, 0.0, 1, 0.1, why="the first step is lr long, however large the slope"),
        call("adam", 1.0, 0.0, 0.0, 0.0, 1, why="with slope 0 nothing moves, and eps keeps 0 / 0 away"),
        call("adam", W, G, M, S, 3, 0.1, 0.7, 0.95, why="at t = 3 the means are divided by 1 - 0.7³ and 1 - 0.95³"),
        call("adam", W, G, M, S, 2, 0.1, 0.7, 0.95, 0.5, why="eps is added to the root, here 0.5"),
        cell(
            WALK.format(before="m, v = np.zeros(3), np.zeros(3)", step="w, m, v = adam(w, slope, m, v, t, 0.1, 0.7, 0.95)"),
            why="that is where PyTorch's Adam is after five steps", torch="adam",
        ),
    ],
    right=[
        """
        def adam(w, slope, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
            first = m + (1 - beta1) * (slope - m)
            second = v + (1 - beta2) * (slope * slope - v)
            size = (second / (1 - beta2 ** t)) ** 0.5 + eps
            return w - lr / (1 - beta1 ** t) * first / size, first, second
        """,
        """
        def adam(w, slope, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
            root = np.sqrt(1 - beta2 ** t)
            m = beta1 * np.asarray(m) + (1 - beta1) * np.asarray(slope)
            v = beta2 * np.asarray(v) + (1 - beta2) * np.square(slope)
            return w - lr * root / (1 - beta1 ** t) * m / (np.sqrt(v) + eps * root), m, v
        """,
    ],
    wrong=[
        Wrong(
            "no correction",
            edit("m / (1 - beta1**t)", "m", "v / (1 - beta2**t)", "v"),
            """You use the means as they are. They begin at 0 and are too small at first, m by a factor of 10 and the root of v by 32: the first steps are three times too long.""",
        ),
        Wrong(
            "only the first mean is corrected",
            edit("v / (1 - beta2**t)", "v"),
            """You correct m and not v. v is much slower to fill, so the first steps become far too long.""",
        ),
        Wrong(
            "only the second mean is corrected",
            edit("m / (1 - beta1**t)", "m"),
            """You correct v and not m: the first steps are ten times too short.""",
        ),
        Wrong(
            "the root is missing",
            edit("np.sqrt(v_hat)", "v_hat"),
            """You divide by the mean *square*. Then a slope ten times as large makes a step ten times as short. With the root, the units of the slope cancel.""",
        ),
        Wrong(
            "the square is missing",
            edit("slope**2", "slope"),
            """v is to be a mean of squares. Without them signs cancel, and the root of a negative number is nan.""",
        ),
        Wrong(
            "the square of the mean",
            edit("slope**2", "m**2"),
            """You square the mean of the slopes. Slopes that jump between + and - have a mean near 0, but they are not small: square each slope, then average.""",
        ),
        Wrong(
            "eps inside the root",
            edit("np.sqrt(v_hat) + eps", "np.sqrt(v_hat + eps)"),
            """You add eps under the root. There it counts as its root: 1e-8 becomes 1e-4, and small slopes are slowed down.""",
        ),
        Wrong(
            "the betas swapped",
            edit("beta1 * m + (1 - beta1) * slope", "beta2 * m + (1 - beta2) * slope", "beta2 * v + (1 - beta2) * slope**2", "beta1 * v + (1 - beta1) * slope**2", "m / (1 - beta1**t)", "m / (1 - beta2**t)", "v / (1 - beta2**t)", "v / (1 - beta1**t)"),
            """β₁ belongs to the mean of the slopes, β₂ to that of their squares.""",
        ),
        Wrong(
            "new and old swapped in the mean",
            edit("beta1 * m + (1 - beta1) * slope", "(1 - beta1) * m + beta1 * slope", "beta2 * v + (1 - beta2) * slope**2", "(1 - beta2) * v + beta2 * slope**2"),
            """You keep a tenth of the past and take nine tenths of the new slope. It is the other way round: a mean over many steps changes slowly.""",
            also=[edit("beta1 * m + (1 - beta1) * slope", "(1 - beta1) * m + beta1 * slope")],
        ),
        Wrong(
            "the slope in place of the mean",
            edit("lr * m_hat", "lr * slope"),
            """You divide the slope itself, not its mean. That is RMSprop with a correction: no momentum is left.""",
        ),
        Wrong(
            "t times in place of to the power t",
            edit("beta1**t", "beta1 * t", "beta2**t", "beta2 * t"),
            """The share that is still missing from the mean fades by the factor β each step: after t steps it is β to the power t.""",
        ),
        Wrong(
            "t one step late",
            edit("1 - beta1**t", "1 - beta1 ** (t + 1)", "1 - beta2**t", "1 - beta2 ** (t + 1)"),
            """You count from 0, but the first step has t = 1 already.""",
        ),
        Wrong(
            "the corrected means are kept",
            edit("m_hat = m / (1 - beta1**t)", "m = m_hat = m / (1 - beta1**t)", "v_hat = v / (1 - beta2**t)", "v = v_hat = v / (1 - beta2**t)"),
            """You return the corrected means. The next step would correct them once more. The correction is for this step's use only.""",
        ),
        Wrong(
            "the sign of the step",
            edit("return w - lr", "return w + lr"),
            """You walk uphill. The slope says where the loss rises.""",
        ),
        Wrong(
            "in place",
            SIGNATURE + "    m *= beta1\n    m += (1 - beta1) * slope\n    v *= beta2\n    v += (1 - beta2) * slope**2\n    return w - lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps), m, v",
            """`*=` and `+=` change the arrays of whoever called you. Make new ones.""",
        ),
    ],
)  # fmt: skip

EXERCISES = [one_epoch, accuracy, momentum, adam]
