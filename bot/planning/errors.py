"""Why no plan can be made.

PlanRefused    nothing has changed; `words` says what is wrong, `advice` how to mend it
"""


class PlanRefused(Exception):
    """The plan can't be made, or would not do what was asked.

    `where` names the file (and line) or object at fault, `quote` is the chart's or the cluster's own text.
    """

    def __init__(self, words: str, *, where: str = "", advice: str = "", quote: str = "") -> None:
        super().__init__(words)
        self.words = words
        self.where = where
        self.advice = advice
        self.quote = quote
