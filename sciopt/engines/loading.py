"""litellm as it is loaded here: without what it would do unasked, and led to no other address.

It is imported when it is first needed, and only here.
"""

from __future__ import annotations

import os
import threading
from typing import Any

_lock = threading.Lock()


def load_litellm() -> Any:
    """litellm, without what it would do unasked: at import it fetches a price table and reads `.env`; it prints
    tracebacks; to count tokens it downloads a tokenizer; it goes wherever a server points."""
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    os.environ.setdefault("LITELLM_MODE", "PRODUCTION")
    os.environ.setdefault("LITELLM_LOG", "CRITICAL")
    with _lock:
        import litellm

        litellm.suppress_debug_info = True
        litellm.telemetry = False
        litellm.disable_hf_tokenizer_download = True
        _follow_no_redirect(litellm)
    return litellm


def _follow_no_redirect(litellm: Any) -> None:
    """A redirect would carry the prompt to a machine that nobody named, and the key with it: httpx keeps back a header
    `Authorization` only, no `x-api-key`; one counted request would be up to 21.

    litellm has two ways to send. To OpenAI's clients it gives a session, which may be named; its own handlers of HTTP
    have a setting that no caller reaches.
    """
    from litellm.llms.custom_httpx.http_handler import HTTPHandler
    from litellm.llms.openai.common_utils import BaseOpenAILLM

    if litellm.client_session is None:
        session = BaseOpenAILLM._get_sync_http_client()
        session.follow_redirects = False
        litellm.client_session = session
    HTTPHandler.follow_redirects = property(_never, _ignore)


def _never(handler: object) -> bool:
    return False


def _ignore(handler: object, wanted: bool) -> None:
    """The handler's constructor sets it."""
