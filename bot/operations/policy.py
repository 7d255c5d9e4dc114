"""How an environment wants its releases changed: frozen with each operation, so that a reload changes none."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Policy(BaseModel):
    """Times in seconds."""

    model_config = ConfigDict(frozen=True)

    on_failure: Literal["rollback", "leave"] = "leave"
    timeout: float = 300.0
    crash_restarts: int = 3
    image_grace: float = 60.0
    settle: float = 5.0
    history_max: int = 10
    create_namespace: bool = False
    tests: bool = False
    announces: bool = False
