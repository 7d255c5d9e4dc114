"""What an API server refuses an object with becomes what a person should know and do."""

from bot.cluster.errors import Cause, ClusterRefused
from bot.masking import Masker
from bot.planning.refusals import refusal, untriable

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
