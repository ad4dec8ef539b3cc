#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An await is a statement: g++ 12 miscompiles coroutines that await anywhere else.

Accepted:  co_await f(a);   x = co_await f(a);   co_return co_await f(a);
           CO_TRY(const auto x, co_await f(a));   CO_TRY_VOID(co_await f(a));
           if (auto x = co_await f(a); !x)
and no braced temporary and no capturing lambda within the awaited call.
"""
import re
import unittest

from check_common import CPP, line_of, main, mask, mask_directives

OPENING = {")": "(", "]": "[", "}": "{"}
CLOSING = {v: k for k, v in OPENING.items()}
CURE = "await in a statement of its own: 'const auto x = co_await f();', then use x"


def enclosing(text, position):
    """Position of the innermost bracket that is open at `position`, or -1."""
    depth = 0
    for i in range(position - 1, -1, -1):
        if text[i] in OPENING:
            depth += 1
        elif text[i] in CLOSING:
            if depth == 0:
                return i
            depth -= 1
    return -1


def matching(text, position):
    """Position of the bracket that closes the one at `position`."""
    depth = 0
    for i in range(position, len(text)):
        if text[i] in CLOSING:
            depth += 1
        elif text[i] in OPENING:
            depth -= 1
            if depth == 0:
                return i
    return len(text)


def statement_start(text, position):
    """Where the statement that holds `position` begins: behind the last ; { } at this depth."""
    depth = 0
    for i in range(position - 1, -1, -1):
        if text[i] == "}" and depth == 0:
            return i + 1
        if text[i] in OPENING:
            depth += 1
        elif text[i] in CLOSING:
            if depth == 0:
                return i + 1
            depth -= 1
        elif text[i] == ";" and depth == 0:
            return i + 1
    return 0


def is_block(text, brace):
    """Whether the { at `brace` opens a block, not a list of values."""
    before = text[:brace].rstrip()
    head = text[statement_start(text, brace):brace].strip()
    if before.endswith((")", "]", ";", "{", "}")) or not head:
        return True
    if re.search(r"\b(else|do|try|const|noexcept|override|final|mutable)$", head):
        return True
    if re.search(r"\)[^()]*->[^(){}=;]*$|\b(case\b[^;]*|default\s*):$", head):
        return True
    return re.match(r"(template\b.*>\s*)?(inline\s+)?(struct|class|namespace|extern|union)\b",
                    head, re.DOTALL) is not None


def strip_control(prefix):
    """A statement without what stands before it: labels, else, do, if (...), for (...)."""
    while True:
        prefix = prefix.strip()
        match = re.match(r"(else|do)\b|(case\b[^:?]*(::[^:?]*)*|default\s*|\w+\s*):(?!:)", prefix)
        if match:
            prefix = prefix[match.end():]
            continue
        match = re.match(r"(if|while|for|switch)\s*(constexpr\s*)?\(", prefix)
        if not match:
            return prefix
        prefix = prefix[matching(prefix, match.end() - 1) + 1:]


def wrong_prefix(prefix):
    """What is wrong with the text between the begin of the statement and co_await, or None."""
    prefix = re.sub(r"\[\[.*?\]\]", "", strip_control(prefix)).strip()
    if prefix in ("", "co_return", "(void)"):
        return None
    if re.search(r"\bauto\s*&*\s*\[", prefix):
        return f"structured binding of an await: {CURE}"
    if re.search(r"[\w\])>]\s*=$", prefix) and not re.search(r"[?(){},]|&&|\|\|", prefix[:-1]):
        return None
    return f"await inside an expression: {CURE}"


def statement_end(text, start):
    """Where the awaited expression that begins at `start` ends: at ; , or the closing bracket."""
    depth = 0
    for i in range(start, len(text)):
        if text[i] in CLOSING:
            depth += 1
        elif text[i] in OPENING:
            if depth == 0:
                return i
            depth -= 1
        elif text[i] in ";" and depth == 0:
            return i
    return len(text)


def wrong_operand(operand):
    """What is wrong with the awaited expression, or None."""
    flat, i, depth = [], 0, 0
    while i < len(operand):
        char = operand[i]
        before = operand[:i].rstrip()
        if char == "[" and (not before or before[-1] in "(,={") and not operand.startswith("[[", i):
            end = matching(operand, i)
            if operand[i + 1:end].strip():
                return "capturing lambda in an awaited call: name it first, then std::move it"
            body = operand.find("{", end)
            i = matching(operand, body) + 1 if body >= 0 else end + 1
            continue
        if char == "{":
            return ("braced temporary in an awaited call: name the value first, "
                    "or use a constructor with ( )")
        depth += (char in CLOSING) - (char in OPENING)
        if depth == 0 and char not in OPENING:
            flat.append(char)
        elif depth == 1 and char == "?" and operand.lstrip().startswith("("):
            return f"?: in an await: {CURE.replace('await in', 'use if/else, and await in')}"
        i += 1
    if re.search(r"\?|&&|\|\||,| [-+*/%|&^<>=!]=? |==|!=", re.sub(r"<[^<>]*>", "", "".join(flat))):
        return f"await inside an expression: {CURE}"
    return None


def check_await(text, position):
    """What is wrong with the co_await at `position` of masked text, or None."""
    behind = position + len("co_await")
    end = statement_end(text, behind)
    wrong = wrong_operand(text[behind:end])
    opened = enclosing(text, position)
    if opened < 0 or (text[opened] == "{" and is_block(text, opened)):
        prefix = text[statement_start(text, position):position]
        return wrong_prefix(prefix) or wrong
    if text[opened] == "{":
        return f"await in a list: {CURE}"
    if text[opened] == "[":
        return f"await in a capture or index: {CURE}"
    name = re.search(r"(\w*)\s*$", text[:opened]).group(1)
    inside = text[opened + 1:position].strip()
    if (name == "CO_TRY_VOID" and not inside) or (name == "CO_TRY" and inside.endswith(",")):
        return wrong
    if name == "if" and text[end:end + 1] == ";":
        is_declaration = re.fullmatch(r"(const\s+)?[\w:<>]+\s*&*\s*\w+\s*=", inside)
        return wrong if is_declaration else f"await in a condition: {CURE}"
    if name in ("if", "while", "for", "switch"):
        return f"await in a condition: {CURE}"
    return f"await in an argument or in ( ): {CURE}"


def check_file(_, text):
    code = mask_directives(mask(text))
    for match in re.finditer(r"\bco_await\b", code):
        wrong = check_await(code, match.start())
        if wrong:
            yield line_of(code, match.start()), wrong


def wanted(name):
    return name.endswith(CPP)


class Tests(unittest.TestCase):
    GOOD = """
        co_await f();
        co_await task;
        (void)co_await f();
        x = co_await f(a, b->c(1), d[2]);
        const Result<int> x = co_await ring_.read(fd, std::span<std::byte>(p, n), 0);
        [[maybe_unused]] auto x = co_await f("{", '{');
        this->member_ = co_await f();  // if (co_await f())
        *out = co_await f();
        a[3].b = co_await f();
        co_return co_await f<int>(a + b, c ? 1 : 2);
        CO_TRY(const auto x, co_await f(a));
        CO_TRY(const std::pair<int, int> x, co_await f(a));
        CO_TRY_VOID(co_await f());
        if (auto r = co_await f(); !r) co_return r;
        if (const Result<void> r = co_await f(); !r.has_value()) {}
        if (a) co_await f(); else co_await g();
        for (;;) co_await f();
        switch (a) { case Kind::Busy: co_await f(); break; default: co_await g(); }
        for (auto& x : list) { co_await f(x); }
        group.spawn([](int a) -> Task<void> { co_await f(a); }(1));
        run([&]() -> Task<Result<void>> { x = co_await f(); });
        run([&] { x = co_await f(); });
        co_await pool.run([] { return 1; });
    """
    BAD = """
        if (co_await f()) {}
        if (!co_await f()) {}
        if (auto r = g(); co_await f()) {}
        while (co_await f()) {}
        do {} while (co_await f());
        switch (co_await f()) {}
        for (auto x : co_await f()) {}
        x = a ? co_await f() : 0;
        co_await (b ? f() : g());
        x = co_await f() ? 1 : 2;
        x = co_await f() && y;
        x = co_await f() + 1;
        x += co_await f();
        g(co_await f());
        g(1, co_await f());
        const auto [a, b] = co_await f();
        Agg a{co_await f(), 1};
        std::vector<int> v{co_await f()};
        int v[] = {co_await f()};
        x = (co_await f()).value;
        co_return g(co_await f());
        return Agg{1, co_await f()};
        co_await f({1, 2});
        co_await f(Opts{.s = s});
        co_await S{x}.method();
        co_await run([x] { return x; });
        co_await run(1, [x = std::move(s)]() mutable { return x; });
        EXPECT_TRUE(co_await f());
        auto l = [x = co_await f()] {};
        CO_TRY(const auto x, g(co_await f()));
        y = x + co_await f();
    """

    def test_accepts_statements(self):
        for line in self.GOOD.strip().split("\n"):
            code = "Task<void> c(int a) {\n" + line + "\n}\n"
            self.assertEqual(list(check_file("x.cc", code)), [], line)

    def test_refuses_everything_else(self):
        for line in self.BAD.strip().split("\n"):
            code = "Task<void> S::c(int a) const {\n" + line + "\n}\n"
            self.assertEqual([n for n, _ in check_file("x.cc", code)], [2], line)

    def test_finds_blocks_of_classes_and_namespaces(self):
        code = "namespace a {\nclass B final : public C {\nTask<int> f() override { co_await g(); }"
        self.assertEqual(list(check_file("x.h", code)), [])


if __name__ == "__main__":
    main(__doc__.split("\n")[0], check_file, wanted, Tests)
