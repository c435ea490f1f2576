"""Logstash's configuration language, after its own grammar: sections, branches, plugins, settings, values."""

import re
from dataclasses import dataclass, field
from typing import Any

_TOKEN = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)
      | (?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
      | (?P<regexp>(?<=~\s)/(?:\\.|[^/\\])*/)
      | (?P<selector>(?:\[[^\[\],]+\])+(?=\s*(?:[=!<>)&|{]|and|or|in|not)))
      | (?P<arrow>=>)
      | (?P<operator>==|!=|<=|>=|=~|!~|<|>)
      | (?P<number>-?\d+(?:\.\d+)?)
      | (?P<word>[A-Za-z_][\w-]*)
      | (?P<mark>[{}\[\](),!])""",
    re.VERBOSE,
)


class SyntaxWrong(ValueError):
    """It is not Logstash's language; the message says where."""


@dataclass
class Plugin:
    """`mutate { … }` with its settings."""

    name: str
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass
class Branch:
    """`if … { } else if … { } else { }`: conditions as words, None for the last, with what is done."""

    cases: list[tuple[list[str] | None, list["Plugin | Branch"]]]


Body = list[Plugin | Branch]


def parse(text: str) -> dict[str, Body]:
    """The bodies of input, filter and output. Raises SyntaxWrong."""
    return _Parser(_tokens(text)).file()


def plugins(body: Body) -> list[Plugin]:
    """Every plugin, whatever it depends on."""
    found: list[Plugin] = []
    for one in body:
        if isinstance(one, Plugin):
            found.append(one)
        else:
            for _, inner in one.cases:
                found += plugins(inner)
    return found


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, at = [], 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise SyntaxWrong(f"line {text.count(chr(10), 0, at) + 1}: {text[at : at + 20]!r}")
        if found.lastgroup != "space":
            tokens.append((str(found.lastgroup), found[0]))
        at = found.end()
    return tokens


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._left = tokens

    def file(self) -> dict[str, Body]:
        sections: dict[str, Body] = {}
        while self._left:
            name = self._take("word")
            if name not in ("input", "filter", "output"):
                raise SyntaxWrong(f"no section is called {name}")
            sections[name] = self._body()
        return sections

    def _body(self) -> Body:
        self._take("mark", "{")
        body: Body = []
        while not self._next("mark", "}"):
            body.append(self._branch() if self._next("word", "if") else self._plugin())
        self._take("mark", "}")
        return body

    def _branch(self) -> Branch:
        self._take("word", "if")
        cases: list[tuple[list[str] | None, Body]] = [(self._condition(), self._body())]
        while self._next("word", "else"):
            self._take("word")
            if self._next("word", "if"):
                self._take("word")
                cases.append((self._condition(), self._body()))
            else:
                cases.append((None, self._body()))
                break
        return Branch(cases)

    def _condition(self) -> list[str]:
        words = []
        while not self._next("mark", "{"):
            words.append(self._take())
        if not words:
            raise SyntaxWrong("a branch without a condition")
        return words

    def _plugin(self) -> Plugin:
        plugin = Plugin(self._take("word"))
        self._take("mark", "{")
        while not self._next("mark", "}"):
            name = self._take("word")
            self._take("arrow")
            if name in plugin.settings:
                raise SyntaxWrong(f"{plugin.name} has {name} twice")
            plugin.settings[name] = self._value()
        self._take("mark", "}")
        return plugin

    def _value(self) -> Any:
        kind, text = self._left[0]
        if kind == "string":
            return self._take()[1:-1]
        if kind == "number":
            return float(self._take())
        if kind == "word":
            word = self._take()
            return word == "true" if word in ("true", "false") else word
        if (kind, text) == ("mark", "["):
            return self._array()
        return self._hash()

    def _array(self) -> list[Any]:
        self._take("mark", "[")
        values = []
        while not self._next("mark", "]"):
            values.append(self._value())
            if not self._next("mark", "]"):
                self._take("mark", ",")
        self._take("mark", "]")
        return values

    def _hash(self) -> dict[str, Any]:
        self._take("mark", "{")
        entries: dict[str, Any] = {}
        while not self._next("mark", "}"):
            key = self._take("string")[1:-1]
            self._take("arrow")
            entries[key] = self._value()
        self._take("mark", "}")
        return entries

    def _next(self, kind: str, text: str) -> bool:
        return bool(self._left) and self._left[0] == (kind, text)

    def _take(self, kind: str = "", text: str = "") -> str:
        if not self._left:
            raise SyntaxWrong("it ends too early")
        found, said = self._left.pop(0)
        if (kind and found != kind) or (text and said != text):
            raise SyntaxWrong(f"{said!r} where {text or kind} should be")
        return said
