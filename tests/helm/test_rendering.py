import json

import pytest

from bot.helm.charts import FolderChart, fetch
from bot.helm.client import Helm
from bot.helm.errors import ChartInvalid, ValuesInvalid
from tests.helm.writing import Charts, render, text, tgz

SCHEMA = (
    '{"$schema": "http://json-schema.org/draft-07/schema#", "properties": {"replicas": {"type": "integer"}}}'
)


async def test_files_come_by_their_template_and_notes_apart(helm: Helm, charts: Charts) -> None:
    chart = await charts.pack(
        {
            "templates/a.yaml": "kind: {{ .Values.kind }}",
            "templates/NOTES.txt": "Hello {{ .Release.Name }}",
            "charts/sub/Chart.yaml": "apiVersion: v2\nname: sub\nversion: 1.0.0\n",
            "charts/sub/templates/b.yaml": "b: 1",
            "charts/sub/templates/NOTES.txt": "not shown",
            "crds/thing.yaml": "kind: CustomResourceDefinition",
            "values.yaml": "kind: Default",
        }
    )
    rendered = await render(helm, chart, {"kind": "ConfigMap"})
    assert rendered.files == {
        "demo/templates/a.yaml": "kind: ConfigMap",
        "demo/charts/sub/templates/b.yaml": "b: 1",
    }
    assert rendered.notes == "Hello shop"
    assert list(rendered.crds.values()) == ["kind: CustomResourceDefinition"]


async def test_the_cluster_s_version_and_apis_reach_the_templates(helm: Helm, charts: Charts) -> None:
    template = '{{ .Capabilities.KubeVersion.Version }} {{ .Capabilities.APIVersions.Has "example.org/v1" }}'
    assert await text(helm, charts, template) == "v1.31.2 true"


async def test_an_upgrade_is_rendered_as_one(helm: Helm, charts: Charts) -> None:
    template = (
        "{{ .Release.IsUpgrade }} {{ .Release.IsInstall }} {{ .Release.Revision }} {{ .Release.Namespace }}"
    )
    assert await text(helm, charts, template, is_upgrade=True, revision=7) == "true false 7 shop-staging"
    assert await text(helm, charts, template) == "false true 1 shop-staging"


async def test_versions_given_as_strings_stay_what_they_are(helm: Helm, charts: Charts) -> None:
    template = "{{ .Values.tag }} {{ .Values.commit }} {{ .Values.replicas }}"
    values = {"tag": "1.20", "commit": "1234567", "replicas": 3}
    assert await text(helm, charts, template, values) == "1.20 1234567 3"


@pytest.mark.parametrize(
    ("template", "looks_up"),
    [
        ('{{- $there := lookup "v1" "Secret" "x" "y" }}', True),
        ('{{ (lookup "v1" "Secret" "x" "y").data }}', True),
        ('{{- if not (lookup "v1" "Secret" "x" "y") }}{{ end }}', True),
        ('{{with lookup "v1" "Secret" "x" "y"}}{{end}}', True),
        ("a: a lookup of names", False),
    ],
)
async def test_whether_a_chart_looks_things_up_is_known_from_its_archive(
    charts: Charts, template: str, looks_up: bool
) -> None:
    assert (await charts.template(template)).looks_up is looks_up


async def test_a_packed_subchart_may_look_things_up_too(charts: Charts) -> None:
    about = b"apiVersion: v2\nname: sub\nversion: 1.0.0\n"
    packed = tgz([("sub/Chart.yaml", about), ("sub/templates/x.yaml", b'{{ lookup "v1" "Pod" "x" "y" }}')])
    folder = charts.write({"templates/a.yaml": "a: 1"})
    (folder / "charts").mkdir()
    (folder / "charts" / "sub-1.0.0.tgz").write_bytes(packed)
    assert (await fetch(FolderChart(folder))).looks_up


@pytest.mark.parametrize(
    ("template", "line", "words"),
    [
        ('a: 1\nb: {{ fail "choose a colour" }}', 2, "choose a colour"),
        ('a: 1\n\nb: {{ required "tell me who" .Values.who }}', 3, "tell me who"),
        ("a: {{ .Values.x.y.z }}", 1, "nil pointer evaluating"),
        ("a: 1\nb: {{ if }}", 2, "missing value for if"),
        ('a: {{ include "nowhere" . }}', 1, 'no template "nowhere"'),
    ],
)
async def test_a_template_that_fails_is_told_with_file_line_and_its_words(
    helm: Helm, charts: Charts, template: str, line: int, words: str
) -> None:
    with pytest.raises(ChartInvalid) as caught:
        await text(helm, charts, template)
    assert (caught.value.file, caught.value.line) == ("demo/templates/x.yaml", line)
    assert words in caught.value.words


async def test_a_template_that_includes_itself_is_an_error_of_bounded_length(
    helm: Helm, charts: Charts
) -> None:
    with pytest.raises(ChartInvalid) as caught:
        await text(helm, charts, '{{ define "f" }}{{ include "f" . }}{{ end }}{{ include "f" . }}')
    assert len(caught.value.words) <= 4000


async def test_values_that_break_the_schema_are_named(helm: Helm, charts: Charts) -> None:
    chart = await charts.pack({"values.schema.json": SCHEMA})
    with pytest.raises(ValuesInvalid, match="replicas"):
        await render(helm, chart, {"replicas": "three"})


async def test_a_schema_that_refers_in_circles_however_long_is_told_in_bounded_words(
    helm: Helm, charts: Charts
) -> None:
    links = 10_000
    chain = {f"a{n}": {"$ref": f"#/definitions/a{(n + 1) % links}"} for n in range(links)}
    for schema in ({"$ref": "#"}, {"$ref": "#/definitions/a0", "definitions": chain}):
        chart = await charts.pack({"values.schema.json": json.dumps(schema)})
        with pytest.raises(ValuesInvalid, match="break the schema") as caught:
            await render(helm, chart, {"a": 1})
        assert len(str(caught.value)) <= 5000


async def test_values_that_are_no_json_are_refused(helm: Helm, charts: Charts) -> None:
    with pytest.raises(ValuesInvalid):
        await text(helm, charts, "x", {"ratio": float("nan")})


async def test_merged_values_are_what_templates_see(helm: Helm, charts: Charts) -> None:
    chart = await charts.pack({"values.yaml": "image: {repository: r, tag: v1}\nreplicas: 2"})
    merged = await helm.merged_values(chart, {"image": {"tag": "v2"}})
    assert merged == {"image": {"repository": "r", "tag": "v2"}, "replicas": 2}


async def test_lint_reports_problems_as_data(helm: Helm, charts: Charts) -> None:
    chart = await charts.template("a: [")
    messages = await helm.lint(chart, {}, namespace="n", kube_version="v1.31.0")
    assert any("unable to parse YAML" in message.words for message in messages), messages


async def test_a_chart_of_200_objects_renders(helm: Helm, charts: Charts) -> None:
    template = "{{ range $i := until 200 }}\n---\nkind: ConfigMap\nmetadata: {name: c{{ $i }}}\n{{ end }}"
    assert (await text(helm, charts, template)).count("---") == 200


async def test_a_chart_that_renders_to_too_much_is_told_so(helm: Helm, charts: Charts) -> None:
    with pytest.raises(ChartInvalid, match="MiB are more than"):
        await text(helm, charts, '{{ range until 25 }}{{ repeat 1000000 "x" }}{{ end }}')
