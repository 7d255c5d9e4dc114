"""What keeps the keys: the modules whose every branch is walked and whose every change must be noticed.

Beside each, the tests that notice: those alone run on its mutants, so that one costs about a second. `()` is a
module whose tests need a world with a bot, or in which there is nothing to change: its branches are counted, and it
is not mutated.
"""

from collections.abc import Mapping, Sequence
from typing import Final

PERMISSIONS: Final[Mapping[str, Sequence[str]]] = {"bot/permissions.py": ("tests/permissions",)}

_BUTTONS = (
    "tests/commands/test_buttons_fit_a_phone.py",
    "tests/planning/test_a_plan_has_the_buttons_it_needs.py",
    "tests/planning/test_a_second_tap_means_nothing.py",
)
BUTTONS: Final[Mapping[str, Sequence[str]]] = {
    "bot/commands/choices.py": _BUTTONS,
    "bot/commands/confirming.py": (),
    "bot/commands/dispatching.py": (),
    "bot/commands/plan_buttons.py": _BUTTONS,
    "bot/commands/tapping.py": _BUTTONS,
    "bot/telegram/buttons.py": ("tests/telegram/test_buttons.py",),
}

_LOCKS = ("tests/operations/test_holds.py", "tests/operations/test_lease.py")
LOCKS: Final[Mapping[str, Sequence[str]]] = {
    "bot/operations/desk.py": (),
    "bot/operations/engine.py": (),
    "bot/operations/holds.py": _LOCKS,
    "bot/operations/lease.py": _LOCKS,
    "bot/operations/turn.py": (),
    "bot/store/holds.py": _LOCKS,
}

_HERE = "tests/planning/test_"

PLANNING: Final[Mapping[str, Sequence[str]]] = {
    "bot/planning/adopting.py": (f"{_HERE}values_given_by_hand_are_named.py",),
    "bot/planning/authorship.py": (
        f"{_HERE}who_wrote_a_field_is_known.py",
        f"{_HERE}changes_by_hand_are_told.py",
    ),
    "bot/planning/claims.py": (f"{_HERE}what_is_anothers_is_left_alone.py",),
    "bot/planning/comparing.py": (
        f"{_HERE}random_values_make_no_change.py",
        f"{_HERE}charts_are_summarised_as_helm_renders_them.py",
    ),
    "bot/planning/decrypting.py": (f"{_HERE}sops_is_asked.py",),
    "bot/planning/definitions.py": (f"{_HERE}definitions_that_helm_leaves_alone.py",),
    "bot/planning/differences.py": (f"{_HERE}differences_are_found_field_by_field.py",),
    "bot/planning/documents.py": (
        f"{_HERE}manifests_become_objects.py",
        f"{_HERE}yaml_is_read_as_helm_reads_it.py",
    ),
    "bot/planning/drafting.py": (f"{_HERE}a_plan_is_drafted_from_what_is_known.py",),
    "bot/planning/drift.py": (
        f"{_HERE}changes_by_hand_are_told.py",
        f"{_HERE}each_change_has_its_words_and_its_fate.py",
    ),
    "bot/planning/errors.py": (f"{_HERE}a_plan_knows_more_than_its_message.py",),
    "bot/planning/foreign.py": (f"{_HERE}values_given_by_hand_are_named.py",),
    "bot/planning/going_back.py": (
        f"{_HERE}the_way_back_is_told.py",
        f"{_HERE}releases_are_read_once.py",
    ),
    "bot/planning/hiding.py": (
        f"{_HERE}secret_values_are_traced.py",
        f"{_HERE}what_is_secret_is_known_beforehand.py",
    ),
    "bot/planning/image_moves.py": (f"{_HERE}what_cannot_change_in_place.py",),
    "bot/planning/immutable.py": (f"{_HERE}what_cannot_change_in_place.py",),
    "bot/planning/inspecting.py": (f"{_HERE}what_is_there_is_shown_without_a_plan.py",),
    "bot/planning/layers.py": (
        f"{_HERE}a_values_file_is_read_or_refused.py",
        f"{_HERE}encrypted_values.py",
    ),
    "bot/planning/live.py": (
        f"{_HERE}what_is_known_of_a_release.py",
        f"{_HERE}releases_are_read_once.py",
    ),
    "bot/planning/losing.py": (f"{_HERE}what_is_lost_is_named.py",),
    "bot/planning/manifests.py": (f"{_HERE}manifests_become_objects.py",),
    "bot/planning/owners.py": (f"{_HERE}owners_are_known_by_their_marks.py",),
    "bot/planning/paths.py": (f"{_HERE}dotted_paths.py",),
    "bot/planning/plan.py": (
        f"{_HERE}a_plan_is_confirmed_by_its_digest.py",
        f"{_HERE}a_plan_knows_more_than_its_message.py",
    ),
    "bot/planning/planner.py": (),
    "bot/planning/proving.py": (f"{_HERE}what_is_proven_is_offered.py",),
    "bot/planning/refusals.py": (f"{_HERE}refusals_are_put_into_words.py",),
    "bot/planning/releases.py": (
        f"{_HERE}what_is_known_of_a_release.py",
        f"{_HERE}releases_are_read_once.py",
    ),
    "bot/planning/rendering.py": (f"{_HERE}a_chart_is_rendered_for_a_plan.py",),
    "bot/planning/restarting.py": (f"{_HERE}a_restart_says_what_goes_down.py",),
    "bot/planning/scaling.py": (f"{_HERE}replicas_of_an_autoscaler.py",),
    "bot/planning/sending.py": (f"{_HERE}the_same_is_tried_that_helm_sends.py",),
    "bot/planning/site.py": (),
    "bot/planning/sites.py": (f"{_HERE}two_names_may_be_one_cluster.py",),
    "bot/planning/straying.py": (
        f"{_HERE}fields_that_strayed_are_found.py",
        f"{_HERE}values_are_the_same_to_the_server.py",
    ),
    "bot/planning/summary.py": (f"{_HERE}changes_are_told_in_words.py",),
    "bot/planning/surveying.py": (f"{_HERE}what_is_there_is_looked_at.py",),
    "bot/planning/telling.py": (f"{_HERE}a_plan_says_what_it_cannot_promise.py",),
    "bot/planning/tracing.py": (f"{_HERE}secret_values_are_traced.py",),
    "bot/planning/trial.py": (f"{_HERE}a_trial_is_put_into_words.py",),
    "bot/planning/trying.py": (),
    "bot/planning/values.py": (
        f"{_HERE}values_are_layered.py",
        f"{_HERE}what_is_secret_is_known_beforehand.py",
    ),
    "bot/planning/versions.py": (f"{_HERE}a_version_is_a_tag_and_its_digest.py",),
    "bot/planning/weighing.py": (f"{_HERE}both_sides_are_weighed.py",),
    "bot/planning/wording.py": (
        f"{_HERE}changes_are_told_in_words.py",
        f"{_HERE}one_field_is_said_in_few_words.py",
    ),
}

MODULES: Final = {**PERMISSIONS, **BUTTONS, **LOCKS, **PLANNING}

COVERING: Final[Sequence[str]] = (
    "tests/permissions",
    "tests/planning",
    "tests/operations",
    "tests/telegram/test_buttons.py",
    "tests/commands",
    "tests/holds",
    "tests/deploy",
    "tests/drift",
    "tests/dry_run",
    "tests/looking",
    "tests/conversations",
    "tests/faults",
    "tests/people",
    "tests/security",
)
"""The folders whose tests reach them."""
