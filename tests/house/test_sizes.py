"""Modules and functions are short enough to be read."""

import ast

from tests.house.tree import place, python_files

LINES_OF_A_MODULE = 400
LINES_OF_A_FUNCTION = 60


def test_a_module_has_at_most_400_lines() -> None:
    lengths = {place(path): len(path.read_text("utf-8").splitlines()) for path in python_files()}
    assert {name: n for name, n in lengths.items() if n > LINES_OF_A_MODULE} == {}


def test_a_function_has_at_most_60_lines() -> None:
    too_long = [
        place(path, node.lineno)
        for path in python_files()
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > LINES_OF_A_FUNCTION
    ]
    assert too_long == []
