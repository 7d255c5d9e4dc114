"""A values file that leads out of its folder is not read (security.md, row 20)."""

from pathlib import Path

from tests.security.acting import reconfigured
from tests.security.bombs import values_of
from tests.worlds import World


async def test_a_values_file_that_became_a_link_out_of_its_folder_is_not_read(
    world: World, tmp_path: Path
) -> None:
    outside = tmp_path.parent / "outside.yaml"
    outside.write_text("canary: outside-canary\n", encoding="utf-8")
    (tmp_path / "folder").mkdir()
    for name in ("plain.yaml", "template.yaml.j2", "folder/deep.yaml"):
        (tmp_path / name).write_text("config: {a: b}\n", encoding="utf-8")
    await reconfigured(world, apps=values_of(world, "plain.yaml", "template.yaml.j2", "folder/deep.yaml"))
    world.kim.says("/values shop staging", "private")
    await world.sees("values", chat="private kim")
    for name in ("plain.yaml", "template.yaml.j2"):
        kept = (tmp_path / name).read_text(encoding="utf-8")
        (tmp_path / name).unlink()
        (tmp_path / name).symlink_to(outside)
        await is_refused(world)
        (tmp_path / name).unlink()
        (tmp_path / name).write_text(kept, encoding="utf-8")
    (tmp_path / "folder").rename(tmp_path / "kept")
    (tmp_path.parent / "elsewhere").mkdir()
    (tmp_path.parent / "elsewhere" / "deep.yaml").write_text("canary: outside-canary\n", encoding="utf-8")
    (tmp_path / "folder").symlink_to(tmp_path.parent / "elsewhere")
    await is_refused(world)


async def is_refused(world: World) -> None:
    for command in ("/values shop staging", "/render shop v1.2 staging", "/deploy shop v1.2 staging"):
        world.kim.says(command, "private")
        seen = await world.sees("A values file leads out of its folder", chat="private kim")
        assert "outside-canary" not in seen.text
        assert seen.document is None
