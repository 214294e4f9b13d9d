"""The size check counts lines as a reader does."""

from pathlib import Path

from tools.check_sizes import file_problems, function_problems, functions


def written(path: Path, *lengths: int) -> Path:
    parts = [f"def f{at}():\n" + "    x = 1\n" * (length - 1) for at, length in enumerate(lengths)]
    path.write_text("".join(parts), encoding="utf-8")
    return path


def test_function_of_sixty_lines_is_allowed(tmp_path):
    found = functions(written(tmp_path / "a.py", *[5] * 9, 60))
    assert function_problems(found) == []


def test_function_of_sixty_one_lines_is_named(tmp_path):
    found = functions(written(tmp_path / "a.py", *[5] * 9, 61))
    assert [problem.what for problem in function_problems(found)] == ["f9 has 61 lines, over 60."]


def test_too_many_long_functions_are_named(tmp_path):
    found = functions(written(tmp_path / "a.py", *[5] * 8, 31, 40))
    assert "f9 (40), f8 (31)" in function_problems(found)[0].remedy


def test_method_and_nested_function_are_counted(tmp_path):
    path = tmp_path / "a.py"
    path.write_text("class A:\n    def m(self):\n        def inner():\n            pass\n", encoding="utf-8")
    assert {(one.name, one.lines) for one in functions(path)} == {("m", 3), ("inner", 2)}


def test_file_over_five_hundred_lines_is_named(tmp_path):
    paths = [tmp_path / "a.py", tmp_path / "b.py"]
    paths[0].write_text("x = 1\n" * 500, encoding="utf-8")
    paths[1].write_text("x = 1\n" * 501, encoding="utf-8")
    assert [problem.what for problem in file_problems(paths)] == ["501 lines, over 500."]
