"""Which actions are written into audit logs, read from the source: also those that pass through a function of a domain's.

An action is a literal, a constant of a module, a variable that is set to one, or composed (`f"point.{state}"`, told as
`point.{}`). Where none of these is found, whatever in that function looks like an action counts.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[3]
_ACTION = re.compile(r"[a-z][a-z_]*\.[a-z{][a-z_{}]*")
# What is done once has a key with such a name, too; so have tasks.
_ONCE = {"once", "_was_recorded"}

Function = ast.FunctionDef | ast.AsyncFunctionDef
# Module and name.
Named = tuple[str, str]


class Parameter(NamedTuple):
    """Of a function that records: the one that says the action."""

    name: str
    position: int


@dataclass(frozen=True, slots=True)
class Module:
    name: str
    imports: dict[str, Named]
    constants: dict[str, str]
    calls: list[tuple[Function | None, ast.Call]]
    tasks: set[str]

    def called(self, call: ast.Call) -> Named | None:
        match call.func:
            case ast.Name(id=name):
                return self.imports.get(name, (self.name, name))
            case ast.Attribute(value=ast.Name(id=place), attr=name) if place in self.imports:
                return ".".join(self.imports[place]), name
        return None


RECORDERS: dict[Named, Parameter] = {
    ("hub.audit", "record"): Parameter("action", 2),
    ("hub.audit", "record_each"): Parameter("action", 2),
    ("hub.audit", "record_for"): Parameter("action", 3),
    ("hub.tenants.exchange.written", "tell"): Parameter("told", 2),
}


def recorded_actions() -> set[str]:
    modules = {module.name: module for module in _modules()}
    recorders = dict(RECORDERS)
    while new := {
        (module.name, function.name): parameter
        for module in modules.values()
        for function, _call, said in _recordings(module, recorders)
        if function and (parameter := _parameter(function, said))
        if (module.name, function.name) not in recorders
    }:
        recorders |= new
    found = {
        action
        for module in modules.values()
        for function, call, said in _recordings(module, recorders)
        if not (function and _parameter(function, said))
        for action in _actions(modules, module, function or call, said)
    }
    return found - {task for module in modules.values() for task in module.tasks}


def _modules() -> Iterator[Module]:
    for path in sorted((ROOT / "hub").rglob("*.py")):
        if "node_modules" in path.parts:
            continue
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imports = {
            alias.asname or alias.name: (node.module, alias.name)
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module
            for alias in node.names
        }
        calls = list(_calls(tree, None))
        yield Module(name, imports, dict(_constants(tree)), calls, set(_tasks(calls)))


def _tasks(calls: list[tuple[Function | None, ast.Call]]) -> Iterator[str]:
    for _function, call in calls:
        match call:
            case ast.Call(func=ast.Name(id="task"), args=[ast.Constant(value=str() as name), *_]):
                yield name


def _constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str() as text)):
                yield name, text


def _calls(node: ast.AST, function: Function | None) -> Iterator[tuple[Function | None, ast.Call]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call):
            yield function, child
        inner = child if isinstance(child, Function) else function
        yield from _calls(child, inner)


def _recordings(
    module: Module, recorders: dict[Named, Parameter]
) -> Iterator[tuple[Function | None, ast.Call, ast.expr]]:
    """Each call of a recorder, within which function, and what it says to be the action."""
    for function, call in module.calls:
        named = module.called(call)
        if named is None or named not in recorders:
            continue
        name, position = recorders[named]
        by_name = [keyword.value for keyword in call.keywords if keyword.arg == name]
        yield function, call, by_name[0] if by_name else call.args[position]


def _parameter(function: Function, said: ast.expr) -> Parameter | None:
    names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
    if isinstance(said, ast.Name) and said.id in names:
        return Parameter(said.id, names.index(said.id))
    return None


def _actions(
    modules: dict[str, Module], module: Module, around: ast.AST, said: ast.expr
) -> list[str]:
    match said:
        case ast.Name(id=name) if name in module.constants:
            return [module.constants[name]]
        case ast.Name(id=name) if name in module.imports:
            source, constant = module.imports[name]
            return [modules[source].constants[constant]]
        case ast.Attribute(value=ast.Name(id=place), attr=name) if place in module.imports:
            return [modules[".".join(module.imports[place])].constants[name]]
        case ast.Constant() | ast.JoinedStr() | ast.IfExp():
            return list(_texts(said))
    found = list(_bound(around, said)) or list(_texts(around))
    if not found:
        raise AssertionError(f"{module.name}:{said.lineno}: no action can be read from this")
    return found


def _bound(around: ast.AST, said: ast.expr) -> Iterator[str]:
    """What a variable is set to, or runs through."""
    for node in ast.walk(around):
        match node:
            case ast.Assign(targets=[target], value=value):
                pass
            case ast.For(target=target, iter=value) | ast.comprehension(target=target, iter=value):
                pass
            case _:
                continue
        names = {one.id for one in ast.walk(target) if isinstance(one, ast.Name)}
        if isinstance(said, ast.Name) and said.id in names:
            yield from _texts(value)


def _texts(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in _ONCE:
            return
        case ast.Constant(value=str() as text) if _ACTION.fullmatch(text):
            yield text
        case ast.JoinedStr(values=parts):
            text = "".join(str(p.value) if isinstance(p, ast.Constant) else "{}" for p in parts)
            if _ACTION.fullmatch(text):
                yield text
        case _:
            for child in ast.iter_child_nodes(node):
                yield from _texts(child)
