# SPDX-License-Identifier: Apache-2.0
"""Samples of figures, as lines of JSON, and what is made of them: medians and ratios."""
import json
import statistics


def higher_is_better(figure):
    """Rates end like this; all else is a cost or a time."""
    return figure.endswith("/s")


class Case:
    """A scenario with its parameters."""

    def __init__(self, scenario, **params):
        self.scenario, self.params = scenario, params

    @property
    def label(self):
        return " ".join(f"{name}={value}" for name, value in self.params.items()) or "-"

    @property
    def key(self):
        return f"{self.scenario} {self.label}"


class Results:
    """{case key: {figure: {subject: {round: value}}}}, in the order in which they came."""

    def __init__(self):
        self.facts = {}
        self.cases = {}
        self.params = {}
        self.reasons = {}  # why there are no figures: (case key, subject) -> text

    def add(self, line):
        record = json.loads(line)
        if record["kind"] == "run":
            self.facts = record
        elif record["kind"] == "not measured":
            self.reasons[record["case"], record["subject"]] = record["why"]
        else:
            self.params[record["case"]] = (record["scenario"], record["params"])
            figures = self.cases.setdefault(record["case"], {})
            for figure, value in record["figures"].items():
                subjects = figures.setdefault(figure, {})
                subjects.setdefault(record["subject"], {})[record["round"]] = value

    @classmethod
    def read(cls, path):
        results = cls()
        with open(path, encoding="utf-8") as file:
            for line in file:
                if line.strip():
                    results.add(line)
        return results

    def subjects(self):
        names = []
        for figures in self.cases.values():
            for values in figures.values():
                names.extend(name for name in values if name not in names)
        return names


def middle(values):
    """(median, least, most) of the rounds."""
    return (statistics.median(values.values()), min(values.values()), max(values.values()))


def ratio(values, others):
    """The median over the rounds that both have of one to the other; None if there is none."""
    pairs = [values[number] / others[number] for number in values
             if others.get(number, 0) > 0]
    return statistics.median(pairs) if pairs else None


def worse(before, after, threshold):
    """[(case, subject, figure, change)]: what is worse by more than `threshold` in `after`.

    Ratios to another subject are compared where both have one, for machines are noisy; else values.
    A change of which even the best round of one side is no better than the worst of the other
    counts, any other one is noise.
    """
    found = []
    for key, figures in after.cases.items():
        for figure, subjects in figures.items():
            for subject, values in subjects.items():
                old = before.cases.get(key, {}).get(figure, {})
                if subject not in old:
                    continue
                change = _change(figure, old, subjects, subject)
                if change is not None and change > threshold and _apart(
                        figure, old[subject], values):
                    found.append((key, subject, figure, change))
    return found


def _change(figure, old, new, subject):
    """By how much it is worse: 0.1 = by a tenth; None if that cannot be told."""
    other = next((name for name in new if name != subject and name in old
                  and ratio(new[subject], new[name]) and ratio(old[subject], old[name])), None)
    if other is not None and subject == "ours":
        was, now = ratio(old[subject], old[other]), ratio(new[subject], new[other])
    else:
        was, now = middle(old[subject])[0], middle(new[subject])[0]
    if was <= 0 or now <= 0:
        return None
    return (was / now if higher_is_better(figure) else now / was) - 1


def _apart(figure, old, new):
    if higher_is_better(figure):
        return max(new.values()) < min(old.values())
    return min(new.values()) > max(old.values())
