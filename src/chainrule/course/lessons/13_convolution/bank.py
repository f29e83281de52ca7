"""Lesson 13: the checks and the mistakes."""

import numpy as np

from chainrule.course.bank import Exercise, Wrong, call, cell, edit, gradient

places = Exercise(
    "13.1",
    cases=[
        call("places", 5, 3, why="the window begins at 0, 1 or 2"),
        call("places", 4, 4, why="it fits exactly once"),
        call("places", 7, 3, 2, why="with stride 2 it begins at 0, 2 or 4"),
        call("places", 8, 3, 2, why="it begins at 0, 2 or 4; at 6 it would stick out"),
        call("places", 5, 3, 1, 1, why="with a zero at each end the row is 7 long"),
        call("places", 11, 4, 3, 2, why="the row is 15 long, and the window begins at 0, 3, 6 or 9"),
        cell("type(places(8, 3, 2)).__name__", why="a number of places is an int"),
    ],
    right=[
        """
        def places(n, kernel, stride=1, padding=0):
            return len(range(0, n + 2 * padding - kernel + 1, stride))
        """,
        """
        def places(n, kernel, stride=1, padding=0):
            start, count = -padding, 0
            while start + kernel <= n + padding:
                start += stride
                count += 1
            return count
        """,
    ],
    wrong=[
        Wrong(
            "one place too few",
            edit(" // stride + 1", " // stride"),
            """You count the moves, not the places. A window that cannot move at all still has one place.""",
        ),
        Wrong(
            "padding at one end only",
            edit("2 * padding", "padding"),
            """You put the zeros at one end. There are as many at the other end.""",
        ),
        Wrong(
            "padding forgotten",
            edit(" + 2 * padding", ""),
            """You leave out the zeros at the ends. They make the row longer.""",
        ),
        Wrong(
            "stride forgotten",
            edit(" // stride", ""),
            """You count every place. With a stride the window skips some.""",
        ),
        Wrong(
            "a fraction of a place",
            edit("//", "/"),
            """You divide with `/`. The result is a float, and where the stride does not fit it is no whole number. A window that sticks out does not count.""",
        ),
        Wrong(
            "rounded to the nearest",
            edit("return (n + 2 * padding - kernel) // stride + 1", "return round((n + 2 * padding - kernel) / stride) + 1"),
            """You round to the nearest whole number. A window that fits only in part does not fit.""",
        ),
        Wrong(
            "rounded up",
            edit("return (n + 2 * padding - kernel) // stride + 1", "return -(-(n + 2 * padding - kernel) // stride) + 1"),
            """You count a window that sticks out on the right.""",
        ),
        Wrong(
            "windows side by side",
            edit("(n + 2 * padding - kernel) // stride + 1", "(n + 2 * padding) // kernel"),
            """You cut the row into windows that do not overlap. The window moves by the stride, not by its own width.""",
        ),
        Wrong(
            "1 added before dividing",
            edit("- kernel) // stride + 1", "- kernel + 1) // stride"),
            """You add the 1 before you divide. It stands for the first place, at 0, which is there whatever the stride.""",
        ),
        Wrong(
            "the kernel's width not taken off",
            edit(" - kernel", ""),
            """You let the window begin at every pixel up to the end. Near the end it no longer fits.""",
        ),
    ],
)  # fmt: skip

IMAGE = np.array([[1.0, 2.0, 0.5, -1.0], [0.0, 3.0, -2.0, 1.5], [4.0, -0.5, 2.5, 1.0]])
KERNEL = np.array([[1.0, -2.0], [0.5, 3.0]])
WIDE = np.array([[2.0, -1.0, 0.5], [1.0, 3.0, -1.5]])

convolve = Exercise(
    "13.2",
    cases=[
        call("convolve", np.array([[2.0, 3.0]]), np.array([[10.0]]), 0.0, why="a kernel of one weight multiplies each pixel"),
        call("convolve", np.array([[1.0, 2.0, 5.0]]), np.array([[1.0, -3.0]]), 0.0, why="1 · 1 - 3 · 2 is -5, and 1 · 2 - 3 · 5 is -13"),
        call("convolve", np.array([[1.0, 2.0, 5.0]]), np.array([[1.0, -3.0]]), 0.5, why="the bias is added to each sum once"),
        call("convolve", IMAGE, KERNEL, 0.0, why="the first is 1·1 - 2·2 + 0.5·0 + 3·3 = 6"),
        call("convolve", IMAGE, WIDE, 1.0, why="a window of 2 × 3 fits at 2 × 2 places"),
        cell("a, k = image.copy(), kernel.copy()\nconvolve(a, k, 1.0)\n(a == image).all() and (k == kernel).all()", inputs={"image": IMAGE, "kernel": KERNEL}, why="image and kernel stay as they are"),
    ],
    right=[
        """
        import numpy as np

        def convolve(image, kernel, bias):
            windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
            return np.einsum("ijab,ab->ij", windows, kernel) + bias
        """,
        """
        def convolve(image, kernel, bias):
            (H, W), (h, w) = image.shape, kernel.shape
            out = np.full((H - h + 1, W - w + 1), float(bias))
            for a in range(h):
                for c in range(w):
                    out += kernel[a, c] * image[a : H - h + 1 + a, c : W - w + 1 + c]
            return out
        """,
    ],
    wrong=[
        Wrong(
            "the kernel is flipped",
            edit("* kernel).sum()", "* kernel[::-1, ::-1]).sum()"),
            """You turn the kernel by 180°. Mathematicians do that in a convolution; the formula here, and every library for networks, does not.""",
            also=[edit("* kernel).sum()", "* kernel[:, ::-1]).sum()"), edit("* kernel).sum()", "* kernel[::-1]).sum()")],
        ),
        Wrong(
            "the last places are missing",
            edit("image.shape[0] - h + 1, image.shape[1] - w + 1", "image.shape[0] - h, image.shape[1] - w"),
            """Your result is a row and a column too small. A window of width 2 fits into 3 pixels at two places.""",
            also=[edit("image.shape[1] - w + 1", "image.shape[1] - w"), edit("image.shape[0] - h + 1", "image.shape[0] - h")],
        ),
        Wrong(
            "off by one",
            edit("image[i : i + h, j : j + w]", "image[i : i + h, j + 1 : j + w + 1]"),
            """Your window is one pixel too far along the row: at place (i, j) it begins at pixel (i, j).""",
            also=[edit("image[i : i + h, j : j + w]", "image[i + 1 : i + h + 1, j : j + w]"), edit("image[i : i + h, j : j + w]", "image[i + 1 : i + h + 1, j + 1 : j + w + 1]")],
        ),
        Wrong(
            "windows side by side",
            edit("image[i : i + h, j : j + w]", "image[i * h : i * h + h, j * w : j * w + w]"),
            """You move the window by its own size. It moves by one pixel, and the windows overlap.""",
        ),
        Wrong(
            "the bias for each weight",
            edit("* kernel).sum() + bias", "* kernel + bias).sum()"),
            """You add the bias inside the sum, once for each pixel under the window. It belongs to the sum, once.""",
        ),
        Wrong(
            "the bias is missing",
            edit(" + bias", ""),
            """You leave the bias out. A neuron adds it to its sum of products, and so does this one, at every place.""",
        ),
        Wrong(
            "the mean in place of the sum",
            edit(".sum()", ".mean()"),
            """You average over the window. The formula is a sum.""",
        ),
        Wrong(
            "a product of matrices",
            edit("(image[i : i + h, j : j + w] * kernel).sum()", "(image[i : i + h, j : j + w].T @ kernel).sum()"),
            """`@` is the product of matrices: it pairs pixels with weights they do not lie under. Here each pixel meets the weight above it, with `*`.""",
            also=[edit("image[i : i + h, j : j + w] * kernel", "image[i : i + h, j : j + w] @ kernel")],
        ),
        Wrong(
            "as large as the image",
            edit("np.zeros((image.shape[0] - h + 1, image.shape[1] - w + 1))", "np.zeros(image.shape)", "image[i : i + h, j : j + w]", "np.pad(image, ((0, h - 1), (0, w - 1)))[i : i + h, j : j + w]"),
            """Your result has the size of the image. Where the window sticks out nothing is to be computed: there is no padding here.""",
            also=["""
            def convolve(image, kernel, bias):
                h, w = kernel.shape
                out = np.zeros(image.shape)
                for i in range(image.shape[0] - h + 1):
                    for j in range(image.shape[1] - w + 1):
                        out[i, j] = (image[i : i + h, j : j + w] * kernel).sum() + bias
                return out
            """],
        ),
        Wrong(
            "the last row of the window only",
            edit("(image[i : i + h, j : j + w] * kernel).sum()", "(image[i + h - 1, j : j + w] * kernel[h - 1]).sum()"),
            """Only one row of the window counts in your sum. It runs over rows and columns.""",
            also=[edit("(image[i : i + h, j : j + w] * kernel).sum()", "(image[i, j : j + w] * kernel[0]).sum()")],
        ),
    ],
)  # fmt: skip

BELOW = np.array([[-5.0, -2.0, -3.0, -4.0], [-1.0, -6.0, -8.0, -7.0]])
FIVE = np.array(
    [
        [1.0, 5.0, 2.0, 0.0, 9.0],
        [4.0, 3.0, 8.0, 1.0, 2.0],
        [7.0, 0.5, 6.0, 2.5, 3.5],
        [1.5, 2.0, -1.0, 4.5, 0.0],
        [-9.0, 3.0, 1.0, 2.0, 5.5],
    ]
)

pool = Exercise(
    "13.3",
    cases=[
        call("max_pool", np.array([[1.0, 3.0], [2.0, 0.0]]), 2, 2, why="the largest of the four is 3"),
        call("max_pool", np.array([[1.0, 3.0, 0.0, 2.0], [2.0, 0.0, 5.0, -6.0]]), 2, 2, why="two windows side by side: 3 and 5"),
        call("max_pool", BELOW, 2, 2, why="of negative numbers the largest is the one nearest to 0"),
        call("max_pool", FIVE, 2, 2, why="the fifth row and the fifth column would need a window that sticks out"),
        call("max_pool", FIVE, 2, 1, why="with stride 1 the windows overlap: there are 4 × 4 of them"),
        call("max_pool", FIVE, 3, 2, why="windows of 3 × 3 begin at 0 and at 2"),
        call("max_pool", FIVE, 1, 2, why="windows of one pixel, two apart"),
        call("max_pool", FIVE[:3], 2, 3, why="with stride 3 the windows begin at column 0 and 3, and at row 0 only"),
    ],
    right=[
        """
        import numpy as np

        def max_pool(image, size, stride):
            windows = np.lib.stride_tricks.sliding_window_view(image, (size, size))
            return windows[::stride, ::stride].max(axis=(2, 3))
        """,
        """
        def max_pool(image, size, stride):
            H, W = image.shape
            return np.array([
                [max(image[i + a, j + b] for a in range(size) for b in range(size)) for j in range(0, W - size + 1, stride)]
                for i in range(0, H - size + 1, stride)
            ])
        """,
    ],
    wrong=[
        Wrong(
            "stride forgotten",
            edit("i * stride, j * stride", "i, j"),
            """You count the windows with the stride, but they begin at pixel (i, j). The windows are `stride` pixels apart.""",
            also=["""
            def max_pool(image, size, stride):
                rows, columns = image.shape[0] - size + 1, image.shape[1] - size + 1
                return np.array([[image[i : i + size, j : j + size].max() for j in range(columns)] for i in range(rows)])
            """],
        ),
        Wrong(
            "the size used as stride",
            """
            def max_pool(image, size, stride):
                rows, columns = image.shape[0] // size, image.shape[1] // size
                return np.array([[image[i * size : i * size + size, j * size : j * size + size].max() for j in range(columns)] for i in range(rows)])
            """,
            """Your windows always lie side by side. How far they are apart, the stride says.""",
        ),
        Wrong(
            "the stride used as size",
            edit("top + size, left : left + size", "top + stride, left : left + stride"),
            """Your windows are as wide as the stride. The stride says where they begin, the size how far they reach.""",
        ),
        Wrong(
            "the mean in place of the largest",
            edit("left + size].max()", "left + size].mean()"),
            """You take the mean of each window: that is the other usual kind of pooling. Here the largest number is asked for.""",
        ),
        Wrong(
            "nothing below 0",
            edit("image[top : top + size, left : left + size].max()", "max(0.0, image[top : top + size, left : left + size].max())"),
            """You start the search at 0, so a window of negative numbers gives 0, which is not in it.""",
            also=[edit("    out = np.zeros((rows, columns))\n", "    out = np.zeros((rows, columns))\n    image = np.maximum(image, 0)\n")],
        ),
        Wrong(
            "the largest size, whatever the sign",
            edit("left : left + size].max()", "left : left + size].ravel()[np.abs(image[top : top + size, left : left + size]).argmax()]"),
            """You take the number that is farthest from 0. The largest is the one farthest to the right on the number line.""",
            also=[edit("image[top : top + size, left : left + size].max()", "np.abs(image[top : top + size, left : left + size]).max()")],
        ),
        Wrong(
            "the smallest",
            edit("left + size].max()", "left + size].min()"),
            """You keep the smallest number of each window. Where the kernel found what it looks for, its answer is large.""",
        ),
        Wrong(
            "where, not how much",
            edit("left + size].max()", "left + size].argmax()"),
            """You return where in the window the largest number stands. Asked is the number.""",
        ),
        Wrong(
            "windows that stick out",
            edit("rows = (image.shape[0] - size) // stride + 1", "rows = -(-(image.shape[0] - size) // stride) + 1", "columns = (image.shape[1] - size) // stride + 1", "columns = -(-(image.shape[1] - size) // stride) + 1"),
            """You also take windows that stick out on the right or at the bottom. They were to be left out.""",
            also=["""
            def max_pool(image, size, stride):
                return np.array([[image[i : i + size, j : j + size].max() for j in range(0, image.shape[1], stride)] for i in range(0, image.shape[0], stride)])
            """],
        ),
        Wrong(
            "one place too few",
            edit("(image.shape[0] - size) // stride + 1", "(image.shape[0] - size) // stride", "(image.shape[1] - size) // stride + 1", "(image.shape[1] - size) // stride"),
            """You count the moves, not the places. A window that cannot move at all still has one place.""",
        ),
        Wrong(
            "the window is too small",
            edit("top : top + size, left : left + size", "top : top + size - 1, left : left + size - 1"),
            """Your windows end one pixel early. A slice `a : b` does not contain b.""",
        ),
    ],
)  # fmt: skip

G = np.array([[1.0, -2.0, 0.5], [3.0, 0.25, -1.5]])
SLOPES = "float((convolve(image, kernel, 0.0) * g).sum())"

slopes = Exercise(
    "13.4",
    uses=["13.2"],
    cases=[
        call("conv_slopes", np.array([[3.0]]), np.array([[2.0]]), np.array([[10.0]]), why="out = 3 · 2: the pixel gets 10 · 2, the weight 10 · 3"),
        call("conv_slopes", np.array([[3.0, -1.0]]), np.array([[2.0, 5.0]]), np.array([[1.0]]), why="one window: each pixel gets its weight, each weight its pixel"),
        call("conv_slopes", np.array([[3.0, -1.0]]), np.array([[2.0]]), np.array([[1.0, 4.0]]), why="the weight is used at two places: 1 · 3 + 4 · -1"),
        call("conv_slopes", np.array([[3.0, -1.0, 7.0]]), np.array([[2.0, 5.0]]), np.array([[1.0, 4.0]]), why="the pixel in the middle lies under both windows: 1 · 5 + 4 · 2"),
        call("conv_slopes", IMAGE, KERNEL, G, why="all shares add up"),
        gradient(
            f"g = np.array({G.tolist()})\n{SLOPES}",
            f"conv_slopes(image, kernel, np.array({G.tolist()}))",
            at={"image": IMAGE, "kernel": KERNEL},
        ),
    ],
    right=[
        """
        import numpy as np

        def conv_slopes(image, kernel, g):
            h, w = kernel.shape
            wide = np.pad(g, ((h - 1, h - 1), (w - 1, w - 1)))
            return convolve(wide, kernel[::-1, ::-1], 0.0), convolve(image, g, 0.0)
        """,
        """
        def conv_slopes(image, kernel, g):
            h, w = kernel.shape
            H, W = g.shape
            dx, dk = 0.0 * image, 0.0 * kernel
            for a in range(h):
                for c in range(w):
                    dx[a : a + H, c : c + W] += kernel[a, c] * g
                    dk[a, c] = np.vdot(image[a : a + H, c : c + W], g)
            return dx, dk
        """,
    ],
    wrong=[
        Wrong(
            "written over, not added",
            edit("j : j + w] += g[i, j] * kernel", "j : j + w] = g[i, j] * kernel", "for_kernel += g", "for_kernel = g"),
            """With = each place wipes out what the places before it had sent. Slopes that come along several paths add up.""",
            also=[edit("j : j + w] += g[i, j] * kernel", "j : j + w] = g[i, j] * kernel"), edit("for_kernel += g", "for_kernel = g")],
        ),
        Wrong(
            "what has arrived is left out",
            edit("+= g[i, j] * kernel", "+= kernel", "+= g[i, j] * image", "+= image"),
            """You send the local slopes alone. Each place has its own slope `g[i, j]`, and that multiplies them.""",
            also=[edit("+= g[i, j] * kernel", "+= kernel"), edit("+= g[i, j] * image", "+= image")],
        ),
        Wrong(
            "returned in the other order",
            edit("return for_image, for_kernel", "return for_kernel, for_image"),
            """The slopes for the image come first, then those for the kernel.""",
        ),
        Wrong(
            "the kernel is flipped",
            edit("g[i, j] * kernel", "g[i, j] * kernel[::-1, ::-1]"),
            """You turn the kernel by 180°. In the loop over places no turn is needed: pixel and weight that met on the way forward meet on the way back.""",
            also=["""
            def conv_slopes(image, kernel, g):
                h, w = kernel.shape
                wide = np.pad(g, ((h - 1, h - 1), (w - 1, w - 1)))
                return convolve(wide, kernel, 0.0), convolve(image, g, 0.0)
            """],
        ),
        Wrong(
            "the mean over the places",
            edit("return for_image, for_kernel", "return for_image, for_kernel / g.size"),
            """You average the kernel's slopes over the places. If a weight grows, the results at all places change, and the changes add up.""",
            also=[edit("return for_image, for_kernel", "return for_image / g.size, for_kernel / g.size")],
        ),
        Wrong(
            "each its own value",
            edit("g[i, j] * kernel", "g[i, j] * image[i : i + h, j : j + w]", "for_kernel += g[i, j] * image[i : i + h, j : j + w]", "for_kernel += g[i, j] * kernel"),
            """You give the pixels their own values, and the weights theirs. In a product each factor's slope is the *other* factor.""",
        ),
        Wrong(
            "one slope for all places",
            edit("+= g[i, j] * kernel", "+= g.sum() * kernel", "+= g[i, j] * image", "+= g.sum() * image"),
            """You add up `g` before you use it. Each place sends its own slope to the pixels under its own window.""",
            also=[edit("+= g[i, j] * image", "+= g.sum() * image"), edit("+= g[i, j] * kernel", "+= g.mean() * kernel", "+= g[i, j] * image", "+= g.mean() * image")],
        ),
        Wrong(
            "the kernel's slopes from the first window",
            edit("g[i, j] * image[i : i + h, j : j + w]", "g[i, j] * image[:h, :w]"),
            """You always take the piece of the image at the top left. At place (i, j) other pixels lay under the window.""",
        ),
        Wrong(
            "only where the window began",
            edit("for_image[i : i + h, j : j + w] += g[i, j] * kernel", "for_image[i, j] += g[i, j] * kernel.sum()"),
            """You give the slope to the pixel at the corner of the window. All pixels under it took part, each with its weight.""",
            also=[edit("for_image[i : i + h, j : j + w] += g[i, j] * kernel", "for_image[i, j] += g[i, j] * kernel[0, 0]")],
        ),
    ],
)  # fmt: skip

EXERCISES = [places, convolve, pool, slopes]
