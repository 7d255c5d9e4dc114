"""Values that can't be decrypted, and a key that others can read, are told before the first deploy."""

from pathlib import Path

from tests.checking.conftest import Checked
from tests.sops import PROGRAM, encrypted, new_key


async def test_values_that_can_not_be_opened_are_told(checked: Checked, tmp_path: Path) -> None:
    key, other = new_key(tmp_path / "age.txt"), new_key(tmp_path / "other.txt")
    secrets = tmp_path / "secrets.yaml"
    secrets.write_text(
        await encrypted({"secrets": {"A": "canary-1", "B": "canary-2"}}, key), encoding="utf-8"
    )
    apps = {"apps": {"shop": {"values": [str(secrets)]}}}

    refused = await checked(apps)
    assert refused.code == 1
    assert "is encrypted by SOPS" in refused.line(str(secrets), "wrong")

    good = await checked({**apps, "sops": {"program": PROGRAM, "age_key_file": str(key.file)}})
    assert (good.code, good.line(str(secrets))) == (0, "readable, 2 secrets")
    assert good.line("key of the store") == "for the bot's user alone"

    for store_key in tmp_path.rglob("store.key"):
        store_key.chmod(0o640)
    sops = {"program": PROGRAM, "age_key_file": str(other.file), "variables": ["AWS_NO_SUCH"]}
    wrong = await checked({**apps, "sops": sops})
    assert "others on this machine can read it: chmod 600" in wrong.line("key of the store", "note")
    assert "AWS_NO_SUCH is not set" in wrong.line("variables of sops", "wrong")
    del sops["variables"]
    wrong = await checked({**apps, "sops": sops})
    assert "No key that sops has opens a values file" in wrong.line(str(secrets), "wrong")
    assert "canary" not in wrong.text
    assert other.text not in wrong.text
