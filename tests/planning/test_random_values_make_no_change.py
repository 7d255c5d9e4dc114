from typing import Any

from bot.masking import Masker
from bot.planning.comparing import Comparison, compared
from tests.planning.objects import deployment, objects


def secret(token: str, other: str = "a") -> str:
    data = f"{{token: {token}, other: {other}}}"
    return f"---\napiVersion: v1\nkind: Secret\nmetadata: {{name: shop}}\nstringData: {data}\n"


def comparison(
    old: str, new: str, again: str | None = None, known: tuple[str, ...] = (), **more: Any
) -> Comparison:
    return compared(
        objects(old),
        objects(new),
        mask=Masker(known).mask_object,
        again=objects(again) if again is not None else None,
        **more,
    )


def texts(found: Comparison) -> list[str]:
    return [line.text for line in found.lines]


def test_a_value_that_is_random_at_every_render_is_marked_and_no_change() -> None:
    found = comparison(secret("one"), secret("two"), secret("three"))
    assert found.unchanged
    assert found.lines == ()
    assert found.notes == ("Secret shop: stringData.token random at every render",)


def test_a_real_change_beside_a_random_value_is_counted_alone() -> None:
    found = comparison(secret("one", "a"), secret("two", "b"), secret("three", "b"))
    assert not found.unchanged
    assert texts(found) == ["Secret shop: 1 key"]


def test_pods_that_restart_for_a_random_value_are_noted() -> None:
    def pods(checksum: str) -> str:
        labels = "labels: {app: shop}"
        return deployment().replace(labels, f"{labels}, annotations: {{checksum/secret: {checksum}}}")

    found = comparison(pods("a1"), pods("b2"), pods("c3"))
    assert found.unchanged
    assert found.notes == ("Deployment shop restarts at every deploy: its chart makes random values",)


def test_a_random_name_is_noted() -> None:
    def job(name: str) -> str:
        return f"apiVersion: batch/v1\nkind: Job\nmetadata: {{name: load-{name}}}\n"

    found = comparison(job("x1"), job("y2"), job("z3"))
    assert found.notes == ("Job load-y2 has a random name",)
    assert not found.unchanged


def test_two_equal_renderings_have_no_notes() -> None:
    assert comparison(secret("a"), secret("b"), secret("b")).notes == ()


def test_a_changed_secret_is_a_change_whose_value_is_nowhere() -> None:
    found = comparison(secret("canary-old"), secret("canary-new"))
    assert texts(found) == ["Secret shop: 1 key"]
    assert not found.unchanged
    assert "canary" not in found.diff
    assert (found.added, found.removed) == (1, 1)


def test_a_secret_value_elsewhere_is_a_change_though_it_is_hidden_on_both_sides() -> None:
    def custom(password: str) -> str:
        return (
            f"apiVersion: db.example/v1\nkind: Postgres\nmetadata: {{name: db}}\nspec: {{auth: {password}}}\n"
        )

    found = comparison(custom("hunter2-old"), custom("hunter2-new"), known=("hunter2-old", "hunter2-new"))
    assert not found.unchanged
    assert texts(found) == ["Postgres db: auth ••• → •••"]
    assert "hunter2" not in found.diff


def test_secrets_in_added_and_removed_objects_are_hidden() -> None:
    for old, new, lines in ((secret("canary"), "", (0, 7)), ("", secret("canary"), (7, 0))):
        found = comparison(old, new)
        assert "canary" not in found.diff
        assert (found.added, found.removed) == lines


def test_a_first_install_is_never_unchanged() -> None:
    assert not comparison("", "").unchanged
    assert texts(comparison("", deployment())) == ["Deployment shop added"]


def test_hooks_are_told_though_nothing_else_changes() -> None:
    hook = """
        apiVersion: batch/v1
        kind: Job
        metadata: {name: migrate, annotations: {helm.sh/hook: pre-upgrade}}
    """
    found = comparison(deployment(), deployment(), hooks=objects(hook))
    assert found.unchanged
    assert texts(found) == ["Job migrate runs first"]


def test_a_hidden_value_that_comes_or_goes_is_told_as_such() -> None:
    def custom(spec: str) -> str:
        return f"apiVersion: db.example/v1\nkind: Postgres\nmetadata: {{name: db}}\nspec: {spec}\n"

    with_it, without = custom("{auth: hunter2-old, x: 1}"), custom("{x: 1}")
    assert texts(comparison(without, with_it, known=("hunter2-old",))) == ["Postgres db: auth none → •••"]
    assert texts(comparison(with_it, without, known=("hunter2-old",))) == ["Postgres db: auth ••• → none"]


def test_several_random_values_are_noted_in_one_line() -> None:
    found = comparison(secret("1", "a"), secret("2", "b"), secret("3", "c"))
    assert found.notes == ("Secret shop: stringData.other, stringData.token random at every render",)

    def deep(value: str) -> str:
        spec = f"{{a: {{b: {{c: {value}}}}}}}"
        return f"apiVersion: db.example/v1\nkind: Postgres\nmetadata: {{name: db}}\nspec: {spec}\n"

    assert comparison(deep("x"), deep("y"), deep("z")).notes == ("Postgres db: b.c random at every render",)
