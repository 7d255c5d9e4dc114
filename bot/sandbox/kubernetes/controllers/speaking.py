"""What the sandbox's containers write: plain lines of a small web service or of a task."""

from bot.sandbox.kubernetes.behaviour import Behaviour
from bot.sandbox.kubernetes.controllers.pulling import full_reference
from bot.sandbox.kubernetes.storage import Object

TRACEBACK = """Traceback (most recent call last):
  File "/app/main.py", line 42, in <module>
    main()
  File "/app/main.py", line 31, in main
    settings = load_settings(os.environ)
  File "/app/settings.py", line 12, in load_settings
    database_url = environ["DATABASE_URL"]
  File "<frozen os>", line 714, in __getitem__
KeyError: 'DATABASE_URL'"""


def start_lines(container: Object, behaviour: Behaviour, *, task: bool) -> list[str]:
    """What it says when its process starts; a `task` ends by itself."""
    name, version = _what(container)
    lines = [f"INFO  starting {name} {version}", "INFO  loading configuration"]
    if task or behaviour in ("crash", "oom"):
        return lines
    lines.append("INFO  connecting to the database")
    if behaviour == "slow":
        return [*lines, "INFO  warming the cache, not accepting requests yet"]
    return [*lines, f"INFO  listening on 0.0.0.0:{port_of(container)}"]


def end_lines(behaviour: Behaviour) -> list[str]:
    """What it says just before it exits by itself."""
    if behaviour == "crash":
        return TRACEBACK.splitlines()
    if behaviour == "oom":
        return ["INFO  loading the catalogue into memory", "WARN  memory use is high: 97% of the limit"]
    return ["INFO  work to do: 3 steps", "INFO  step 1 of 3 done", "INFO  step 2 of 3 done", "INFO  done"]


def ready_lines(container: Object, behaviour: Behaviour) -> list[str]:
    """What it says once it answers requests."""
    if behaviour == "slow":
        return ["INFO  the cache is warm", f"INFO  listening on 0.0.0.0:{port_of(container)}"]
    return ['INFO  "GET /healthz HTTP/1.1" 200']


def port_of(container: Object) -> int:
    """The port it listens on: its first, else the probe's, else 8080."""
    ports = container.get("ports") or ()
    return int(ports[0]["containerPort"]) if ports else 8080


def _what(container: Object) -> tuple[str, str]:
    reference = full_reference(container.get("image", "")).partition("@")[0]
    name, _, tag = reference.rpartition("/")[2].partition(":")
    return name, tag or "by digest"
