"""What week 12 of the CI Compass Fellowship sends its readers to, and the books that stand on it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Resource:
    """A page, a notebook or a video, where it is, and the books that link to it."""

    title: str
    address: str
    books: tuple[str, ...]


RESOURCES = (
    Resource(
        "fast.ai, Practical Deep Learning for Coders",
        "https://course.fast.ai/",
        ("titanic", "gradient_descent", "basic_neural_network", "mnist_basics", "convolutions"),
    ),
    Resource(
        "fast.ai, notebook 05: linear model and neural net from scratch",
        "https://github.com/fastai/course22/blob/master/05-linear-model-and-neural-net-from-scratch.ipynb",
        ("titanic", "basic_neural_network"),
    ),
    Resource(
        "fast.ai's book, chapter 4: MNIST basics",
        "https://github.com/fastai/fastbook/blob/master/04_mnist_basics.ipynb",
        ("mnist_basics",),
    ),
    Resource(
        "fast.ai's book, chapter 13: convolutions",
        "https://github.com/fastai/fastbook/blob/master/13_convolutions.ipynb",
        ("convolutions",),
    ),
    Resource(
        "3Blue1Brown, backpropagation calculus (video)",
        "https://www.youtube.com/watch?v=tIeHLnjs5U8",
        ("micrograd",),
    ),
    Resource(
        "Andrej Karpathy, micrograd: the demo",
        "https://github.com/karpathy/micrograd/blob/master/demo.ipynb",
        ("micrograd",),
    ),
    Resource(
        "Andrej Karpathy, micrograd: the lecture, first half",
        "https://github.com/karpathy/nn-zero-to-hero/blob/master/lectures/micrograd/"
        "micrograd_lecture_first_half_roughly.ipynb",
        ("micrograd",),
    ),
    Resource("fast.ai, Data Ethics", "https://ethics.fast.ai/", ("model_card",)),
    Resource(
        "Hugging Face, the annotated model card",
        "https://huggingface.co/docs/hub/en/model-card-annotated",
        ("model_card",),
    ),
    Resource(
        "Christopher Olah, Visualizing MNIST",
        "https://colah.github.io/posts/2014-10-Visualizing-MNIST/",
        ("visualizing_mnist",),
    ),
    Resource(
        "Jeremy Howard, How does a neural net really work?",
        "https://www.kaggle.com/code/jhoward/how-does-a-neural-net-really-work",
        ("how_a_net_works",),
    ),
    Resource(
        "ml4a, Looking inside neural nets",
        "https://ml4a.github.io/ml4a/looking_inside_neural_nets/",
        ("looking_inside",),
    ),
    Resource(
        "M. Turp, A Visual Guide to Vision Transformers",
        "https://blog.mdturp.ch/posts/2024-04-05-visual_guide_to_vision_transformer.html",
        ("vision_transformer",),
    ),
)


def of_book(name: str) -> dict[str, str]:
    """Title -> address of the resources that a book stands on; empty for a name that is no book's."""
    return {resource.title: resource.address for resource in RESOURCES if name in resource.books}
