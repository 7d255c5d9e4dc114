"""A bare echo bot, as python-telegram-bot's documentation has it: what an update costs without all that we do with it.

`TELEGRAM_TOKEN=… TELEGRAM_URL=… python -m bench.echo`
"""

import os

from telegram import Update
from telegram.ext import Application, ContextTypes, MessageHandler, filters


async def echo(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    """Say what was said."""
    if update.message is not None and update.message.text is not None:
        await update.message.reply_text(update.message.text)


def main() -> None:
    """Poll until stopped."""
    url = os.environ["TELEGRAM_URL"]
    application = Application.builder().token(os.environ["TELEGRAM_TOKEN"]).base_url(f"{url}/bot").build()
    application.add_handler(MessageHandler(filters.ALL, echo))
    application.run_polling(allowed_updates=Update.ALL_TYPES)


if __name__ == "__main__":
    main()
