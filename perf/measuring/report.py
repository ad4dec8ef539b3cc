# SPDX-License-Identifier: Apache-2.0
"""Results for people: a table in Markdown, and a page of HTML with plots drawn by gnuplot."""
import html
import re
import shutil
import subprocess

from .figures import higher_is_better, middle, ratio

HEAD = """<!doctype html><html lang=en><meta charset=utf-8><title>Benchmark</title><style>
body{font:15px/1.45 sans-serif;max-width:75em;margin:2em auto;padding:0 1em;color:#222}
table{border-collapse:collapse;margin:.5em 0 1.5em}
td,th{padding:.25em .7em;text-align:right;border-bottom:1px solid #ddd}
td:first-child,th:first-child{text-align:left}
.good{color:#18794e}.bad{color:#c62a2f}figure{display:inline-block;margin:0 1em 1em 0}
</style><h1>Benchmark</h1><ul>"""
LEGEND = """<p>Medians of the rounds (least–most). Ratios are ours to the other, by pairs of rounds:
green where ours is better.</p>"""
COLOURS = ("#1b6ca8", "#d1495b", "#66a182", "#edae49", "#8d6a9f", "#5c5c5c", "#2e4057")


def _number(value):
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _cell(values):
    median, least, most = middle(values)
    if len(values) == 1:
        return _number(median)
    return f"{_number(median)} ({_number(least)}–{_number(most)})"


def _others(results):
    return [name for name in results.subjects() if name != "ours"]


def _ratio(subjects, other):
    """How many times better ours is, by the pairs of the rounds; for costs: what part of theirs."""
    if "ours" not in subjects or other not in subjects:
        return "–"
    value = ratio(subjects["ours"], subjects[other])
    return "–" if value is None else f"{value:.2f}x"


def facts(results):
    known = results.facts
    lines = [f"{known.get('date', '')}, {known.get('machine', '')}, "
             f"load {known.get('load', 0):.1f} at the start."]
    lines += [f"{name}: {version}" for name, version in known.get("versions", {}).items()]
    return lines


def markdown(results):
    """Medians of the rounds (least–most); ratios of ours to each of the others."""
    out = ["# Benchmark", "", *[f"- {line}" for line in facts(results)], ""]
    others = _others(results)
    for key, figures in results.cases.items():
        out += [f"## {key}", "", "| figure | ours | " + " | ".join(
            f"{name} | ours / {name}" for name in others) + " |",
                "|---" * (2 + 2 * len(others)) + "|"]
        for figure, subjects in figures.items():
            row = [figure, _cell(subjects["ours"]) if "ours" in subjects else "–"]
            for name in others:
                row += [_cell(subjects[name]) if name in subjects else "–", _ratio(subjects, name)]
            out.append("| " + " | ".join(row) + " |")
        out += ["", *_reasons(results, key)]
    return "\n".join(out)


def _reasons(results, key):
    lines = [f"Not measured: {subject}: {why}." for (case, subject), why in results.reasons.items()
             if case == key]
    return lines + [""] if lines else []


def page(results):
    """One file, which needs nothing else."""
    out = [HEAD, *[f"<li>{html.escape(line)}" for line in facts(results)], "</ul>", LEGEND]
    scenarios = {}
    for key in results.cases:
        scenarios.setdefault(results.params[key][0], []).append(key)
    for name, keys in scenarios.items():
        out.append(f"<h2>{html.escape(name)}</h2>")
        out += _plots(results, keys)
        for key in keys:
            out += _table(results, key)
    return "\n".join(out)


def _table(results, key):
    others = _others(results)
    out = [f"<h3>{html.escape(key)}</h3><table><tr><th>figure<th>ours"]
    out += [f"<th>{html.escape(name)}<th>ours / {html.escape(name)}" for name in others]
    for figure, subjects in results.cases[key].items():
        out.append(f"<tr><td>{html.escape(figure)}")
        out.append("<td>" + (_cell(subjects["ours"]) if "ours" in subjects else "–"))
        for name in others:
            out.append("<td>" + (_cell(subjects[name]) if name in subjects else "–"))
            out.append(_coloured(figure, subjects, name))
    out.append("</table>")
    out += [f"<p>{html.escape(line)}</p>" for line in _reasons(results, key) if line]
    return out


def _coloured(figure, subjects, other):
    text = _ratio(subjects, other)
    if not text.endswith("x"):
        return f"<td>{text}"
    better = (float(text[:-1]) >= 1) == higher_is_better(figure)
    return f"<td class={'good' if better else 'bad'}>{text}"


def _plots(results, keys):
    """A curve for each figure where one parameter takes three values or more; else bars."""
    if shutil.which("gnuplot") is None:
        return ["<p>Without gnuplot there are no plots.</p>"]
    figures = []
    for key in keys:
        figures += [name for name in results.cases[key] if name not in figures]
    axis = _axis(results, keys)
    return [f"<figure>{_draw(results, keys, figure, axis)}</figure>" for figure in figures]


def _axis(results, keys):
    """The numeric parameter with the most values, if they make a curve."""
    values = {}
    for key in keys:
        for name, value in results.params[key][1].items():
            if isinstance(value, (int, float)) and name != "mib":
                values.setdefault(name, set()).add(value)
    if not values:
        return None
    name = max(values, key=lambda each: len(values[each]))
    return name if len(values[name]) >= 3 else None


def _series(results, keys, figure, axis):
    """{title: [(x or label, value)]}."""
    series = {}
    for key in keys:
        params = results.params[key][1]
        rest = " ".join(f"{name}={value}" for name, value in params.items()
                        if name not in (axis, "mib"))
        for subject, values in results.cases[key].get(figure, {}).items():
            title = f"{subject} {rest}".strip() if axis else subject
            where = params.get(axis) if axis else rest or key
            if where is not None:
                series.setdefault(title, []).append((where, middle(values)[0]))
    if not axis:
        return series
    return {title: sorted(points) for title, points in series.items() if len(points) > 1}


def _quoted(text):
    return '"' + re.sub(r'["\\\n]', " ", str(text)) + '"'


def _draw(results, keys, figure, axis):
    """An SVG by gnuplot."""
    series = _series(results, keys, figure, axis)
    if not series:
        return ""
    script = ["set terminal svg size 560,330 font 'sans-serif,11' background '#ffffff'",
              f"set title {_quoted(figure)} noenhanced", "set key outside below noenhanced",
              "set grid ytics lc '#dddddd'", "set yrange [0:*]", "set border 3",
              "set tics nomirror"]
    if axis:
        script += [f"set xlabel {_quoted(axis)} noenhanced", "set logscale x 2"
                   if min(point[0] for points in series.values() for point in points) > 0 else ""]
        style = "with linespoints pt 7 ps 0.6 lw 2"
    else:
        script += ["set style data histogram", "set style fill solid 0.9 noborder",
                   "set xtics noenhanced rotate by -20"]
        style = ""
    plots = []
    for number, (title, points) in enumerate(series.items()):
        colour = COLOURS[number % len(COLOURS)]
        rows = "\n".join(f"{_quoted(x) if not axis else x} {y}" for x, y in points)
        script.append(f"$d{number} << EOD\n{rows}\nEOD")
        columns = "1:2" if axis else "2:xtic(1)"
        plots.append(f"$d{number} using {columns} {style} lc rgb '{colour}' "
                     f"title {_quoted(title)}")
    script.append("plot " + ", ".join(plots))
    drawn = subprocess.run(["gnuplot"], input="\n".join(script), stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, text=True, check=False)
    if drawn.returncode != 0:
        return f"<pre>gnuplot: {html.escape(drawn.stderr)}</pre>"
    return drawn.stdout[drawn.stdout.index("<svg"):]
