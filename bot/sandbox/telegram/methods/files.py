"""getFile: where a document or photo can be downloaded from."""

from __future__ import annotations

from bot.sandbox.telegram.errors import bad
from bot.sandbox.telegram.methods.calls import Call, method


@method("getFile")
def get_file(call: Call) -> object:
    """The path of a file below /file/bot<token>/."""
    file_id = call.parameters.text("file_id")
    if not file_id:
        raise bad("file_id not specified")
    file = call.state.files.get(file_id)
    if file is None:
        raise bad("invalid file_id")
    if len(file.content) > call.state.limits.download_bytes:
        raise bad("file is too big")
    return {
        "file_id": file.id,
        "file_unique_id": file.unique_id,
        "file_size": len(file.content),
        "file_path": file.path,
    }
