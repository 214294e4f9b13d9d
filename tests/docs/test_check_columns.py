"""A misspelt column is found before it can decide anything."""

import polars as pl

from tools.check_columns import finding_columns, frame_problems, named_columns, undeclared


def written(tmp_path, code):
    path = tmp_path / "a.py"
    path.write_text(code, encoding="utf-8")
    return path


def test_declared_column_is_fine(tmp_path):
    path = written(tmp_path, 'pl.col("finding.mcv", "finding.mcv.unit", "finding.pregnant.na")')
    assert undeclared(path, set(finding_columns())) == []


def test_misspelt_column_gets_a_suggestion(tmp_path):
    found = undeclared(written(tmp_path, 'x = 1\npl.col("finding.haemoglobinn")'), set(finding_columns()))
    assert [(one.what, one.remedy) for one in found] == [
        ("the column finding.haemoglobinn is not declared.", "Did you mean finding.haemoglobin?")
    ]
    assert found[0].where.endswith(":2")


def test_name_put_together_is_not_judged(tmp_path):
    assert named_columns(written(tmp_path, 'f"finding.{name}.unit"')) == []


def test_sentence_and_file_name_are_no_columns(tmp_path):
    code = '"""See finding.mcv here."""\nopen("cause.yaml")\nx = "finding."'
    assert named_columns(written(tmp_path, code)) == []


def test_mask_exists_only_where_the_catalogue_says_when_it_applies():
    columns = finding_columns()
    assert "finding.pregnant.na" in columns
    assert "finding.metformin.na" not in columns


def test_undeclared_and_missing_columns_of_a_frame_are_named():
    frame = pl.DataFrame({"patient_id": ["p"], "finding.invented": [True]})
    words = [one.what for one in frame_problems(frame)]
    assert "finding.invented is not in the catalogue." in words
    assert "finding.mcv is missing." in words


def test_column_of_the_wrong_type_is_named():
    frame = pl.DataFrame({"finding.metformin": [1.0]})
    assert "finding.metformin is Float64, not Boolean." in [one.what for one in frame_problems(frame)]
