"""What people see of a build: its steps, why it failed, who waits for whom, and that a cancel ends it."""

from pathlib import Path

from tests.builds.conftest import Workshop

SHELL = 'FROM scratch\nCOPY busybox /bin/busybox\nRUN ["/bin/busybox", "--install", "/bin"]\n'


async def test_the_instruction_that_failed_is_shown_with_its_last_lines(workshop: Workshop) -> None:
    run = "RUN for i in $(seq 30); do echo line $i; done; echo no such module: stripe; exit 3\n"
    workshop.repository.commit({"Dockerfile": SHELL + run}, "Pay with stripe")
    world = workshop.world
    world.lee.says("/build shop main")
    failed = await world.sees(r"❌ build shop main · ", buttons=["Whole log", "Build again"])
    assert "Failed at step 4 of 4: Exit 3" in failed.text
    assert "no such module: stripe" in failed.text
    assert "line 30" in failed.text
    assert "line 3\n" not in failed.text
    await world.sees("❌ Lee: build shop main failed")
    await world.lee.presses("Whole log")
    document = await world.sees("build shop main")
    assert document.document is not None
    assert document.document.name == "shop-main.log"
    assert b"line 1\n" in document.document.content


async def test_a_secret_of_the_build_is_nowhere_to_be_read(workshop: Workshop) -> None:
    run = "RUN --mount=type=secret,id=pip cat /run/secrets/pip && exit 1\n"
    workshop.repository.commit({"Dockerfile": SHELL + run}, "Print it")
    world = workshop.world
    world.lee.says("/build shop main")
    failed = await world.sees(r"❌ build shop main · ")
    await world.lee.presses("Whole log")
    document = await world.sees("build shop main")
    assert document.document is not None
    secret = world.sandbox.secrets["SHOP_DB_PASSWORD"]
    assert secret not in failed.text
    assert secret.encode() not in document.document.content


async def test_one_build_waits_for_another_and_a_cancel_ends_all_of_its_processes(
    workshop: Workshop, tmp_path: Path
) -> None:
    world = workshop.world
    workshop.repository.commit({"Dockerfile": SHELL + "RUN echo begun && sleep 98765.4321\n"}, "Take long")
    workshop.repository.git("branch", "feature/cart")
    world.lee.says("/build shop main")
    await world.sees("begun", buttons=["Log", "Cancel build"])
    world.lee.says("/build shop feature/cart")
    await world.sees("⏳ build shop feature/cart waits\n1 build before it", buttons=["Cancel build"])
    world.lee.says("/cancel")
    await world.sees("Cancel", buttons=["shop: build main"])
    world.clock.move(seconds=3)  # past what counts as a double tap on the build's own button
    await world.lee.presses("shop: build main")
    await world.sees("⏹ build shop main cancelled")
    assert not [each for each in processes() if b"98765.4321" in each]
    await world.sees("begun")
    world.lee.says("/cancel")
    await world.sees("⏹ build shop feature/cart cancelled")
    assert not list((tmp_path / "builds" / "rooms").iterdir())


async def test_a_commit_that_was_built_is_not_built_again_unless_asked(workshop: Workshop) -> None:
    world = workshop.world
    world.lee.says("/build shop main")
    await world.sees("✅ build shop main · ")
    workshop.repository.git("tag", "--annotate", "--message", "first", "v3.0")
    world.lee.says("/build shop main")
    await world.sees("✅ build shop main: was there", buttons=["Deploy to staging", "Build anew"])
    await world.lee.presses("Build anew")
    await world.sees("✅ build shop main · ")
    world.lee.says("/build shop v3.0")
    done = await world.sees("✅ build shop v3.0 · ")
    assert "\nv3.0 · " in done.text.replace("\u00a0", " ")


async def test_what_cannot_be_built_is_said_at_once(workshop: Workshop) -> None:
    world = workshop.world
    world.lee.says("/build blog main")
    await world.sees("blog can't be built\nThe configuration of blog has no build")
    world.lee.says("/build shop nowhere")
    await world.sees("🚫 .* has no tag, branch or commit nowhere")
    world.lee.says("/build shop mian")
    await world.sees("The nearest is main", buttons=["/build shop main"])
    world.lee.says("/build shop 0123abcd")
    await world.sees("❌ build shop 0123abcd")
    world.lee.says("/build shop ../../etc")
    await world.sees("is no branch, tag or commit")
    world.vic.says("/build shop main")
    await world.sees("Refused")
    world.lee.says("/build shop")
    await world.sees("Which branch?", buttons=["main"])


def processes() -> list[bytes]:
    """The command lines of all processes that run."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdecimal():
            try:
                found.append((process / "cmdline").read_bytes())
            except OSError:
                continue
    return found
