"""What an API server refuses an object with becomes what a person should know and do."""

from bot.cluster.errors import Cause, ClusterRefused
from bot.helm.records import LARGEST
from bot.masking import Masker
from bot.planning.refusals import SURELY, insecure, level_of, refusal, too_large, untriable
from bot.planning.trial import Refusal
from bot.rollout.causes_helm import SPLIT

SAID = Masker(["hunter2hunter2"]).mask_text


def test_a_secret_in_the_servers_words_is_masked() -> None:
    error = ClusterRefused('admission webhook "w" denied the request: not hunter2hunter2', 403, "Forbidden")
    found = refusal("Deployment shop", error, SAID)
    assert found.words == "Policy w refused it"
    assert "hunter2" not in found.quote


def test_of_an_immutable_field_the_name_is_said_and_not_the_value() -> None:
    causes = [
        Cause("spec.template", "FieldValueInvalid", 'Invalid value: {"image":"x"}: field is immutable'),
        Cause("spec.completions", "FieldValueInvalid", "Invalid value: 3: field is immutable"),
    ]
    words = 'Job.batch "j" is invalid: [spec.template: Invalid value: {"image":"x"}: field is immutable, ...]'
    found = refusal("Job j", ClusterRefused(words, 422, "Invalid", causes), SAID)
    assert found.words == "spec.template, spec.completions cannot change in place"
    assert found.quote == ""


def test_what_nobody_knows_is_quoted() -> None:
    found = refusal("Thing x", ClusterRefused("the weather is bad", 418), SAID)
    assert (found.words, found.quote) == ("The API server refuses it", "the weather is bad")
    assert not found.heals


def test_a_webhook_without_dry_runs_says_nothing_of_the_change() -> None:
    words = 'admission webhook "old.example.org" does not support dry run'
    assert untriable(ClusterRefused(words, 400, "BadRequest")) == "old.example.org"
    assert untriable(ClusterRefused('admission webhook "w" denied the request: no', 400)) == ""


def test_a_quota_may_have_room_again_in_a_moment() -> None:
    words = 'pods "x" is forbidden: exceeded quota: few, requested: pods=1, used: pods=2, limited: pods=2'
    assert refusal("Pod x", ClusterRefused(words, 403, "Forbidden"), SAID).heals


def test_where_no_cause_is_given_the_field_is_read_from_the_words() -> None:
    words = 'Job.batch "j" is invalid: spec.template: Invalid value: 1: field is immutable'
    assert refusal("Job j", ClusterRefused(words, 422, "Invalid"), SAID) == Refusal(
        "Job j",
        "spec.template cannot change in place",
        "Recreate the object, which interrupts it: ask first",
    )


def test_of_several_causes_those_that_are_fixed_are_named_once() -> None:
    causes = [
        Cause("spec.a", "x", "field is immutable"),
        Cause("spec.a", "x", "Forbidden: updates are not allowed"),
        Cause("spec.b", "x", "may not change once set"),
        Cause("spec.c", "x", "Required value"),
    ]
    words = 'Job.batch "j" is invalid: spec.a: field is immutable'
    found = refusal("Job j", ClusterRefused(words, 422, "Invalid", causes), SAID)
    assert found.words == "spec.a, spec.b cannot change in place"


def test_what_nobody_knows_is_cut_and_advised_upon() -> None:
    found = refusal("Thing x", ClusterRefused("x" * 300, 418), SAID)
    assert found.advice == "Mend the chart, or its values"
    assert len(found.quote) <= 200


def test_a_record_that_fits_is_no_refusal() -> None:
    assert too_large(0) == too_large(LARGEST) == too_large(int(LARGEST / SURELY)) == ()


def test_a_record_that_helm_could_not_keep_is_told_with_its_size() -> None:
    (found,) = too_large(2 * LARGEST)
    assert found.sentence == (
        "Helm's record of it: 2.0 MiB packed, and the Secret that it goes into may have 1 MiB"
    )
    assert found.advice == SPLIT
    assert not found.heals
    assert too_large(int(LARGEST / SURELY) + 2) != ()


def test_the_level_that_pods_would_violate_is_read_from_a_warning() -> None:
    assert level_of(WARNING) == ("restricted", "latest")
    assert level_of("v1beta1 is deprecated") is None


def test_pods_that_the_namespace_will_not_let_in_are_a_refusal() -> None:
    found = insecure("Deployment shop", WARNING)
    assert found.what == "Deployment shop"
    assert found.words == "The namespace forbids its settings: allowPrivilegeEscalation"
    assert found.advice == "Set the securityContext that it asks for"
    assert found.quote.startswith("would violate PodSecurity")
    assert len(insecure("Deployment shop", WARNING + "x" * 300).quote) <= 200
    assert insecure("Deployment shop", "no pods").words == "The namespace forbids its pods"


WARNING = (
    'would violate PodSecurity "restricted:latest": allowPrivilegeEscalation != false '
    '(container "web" must set securityContext.allowPrivilegeEscalation=false)'
)
