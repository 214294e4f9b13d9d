"""The lock pins everything by hash and says nothing of where it came from."""

from tools.check_lock import LOCK, lock_problems, wanted_by
from tools.problems import ROOT

PINNED = "polars==2.1.0 \\\n    --hash=sha256:aa\nruamel-yaml==0.19.1 \\\n    --hash=sha256:bb\n"


def test_lock_covers_what_the_project_asks_for():
    assert lock_problems(LOCK.read_text(encoding="utf-8"), wanted_by(ROOT / "pyproject.toml")) == []


def test_forgotten_dependency_is_named():
    assert [one.what for one in lock_problems(PINNED, ["polars>=2", "scipy>=1"])] == ["scipy is not pinned."]


def test_spelling_of_a_name_does_not_matter():
    assert lock_problems(PINNED, ["ruamel.yaml>=0.18"]) == []


def test_package_without_hash_is_named():
    assert "rich==1 has no hash." in [one.what for one in lock_problems(PINNED + "rich==1\n", [])]


def test_address_in_the_lock_is_refused():
    text = "--index-url https" + "://example.invalid\n" + PINNED
    assert "names an address." in [one.what for one in lock_problems(text, [])]
