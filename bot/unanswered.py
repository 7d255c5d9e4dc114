"""Why a server gave no answer, in words for people."""

from ssl import SSLCertVerificationError

import aiohttp

LONGEST = 120
"""Characters of a library's own words, which are the last resort."""


def reason(error: BaseException) -> str:
    """Words such as "its name is not known"; aiohttp's own may quote proxies and addresses with their passwords."""
    match error:
        case TimeoutError():
            return "no answer in time"
        case aiohttp.ClientConnectorCertificateError(certificate_error=SSLCertVerificationError() as found):
            return f"its certificate is not trusted: {found.verify_message} (`ca_file` names the authority)"
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientConnectorSSLError():
            return "its certificate is not trusted (`ca_file` names the authority) or it speaks no TLS"
        case aiohttp.ClientProxyConnectionError() | aiohttp.ClientHttpProxyError():
            return "the proxy does not let us through"
        case aiohttp.ClientConnectorDNSError():
            return "its name is not known"
        case aiohttp.ClientConnectorError(os_error=ConnectionRefusedError()):
            return f"nothing listens at {error.host}:{error.port}"
        case aiohttp.ClientConnectorError():
            return error.os_error.strerror or "it does not let us connect"
        case aiohttp.ServerDisconnectedError() | ConnectionResetError():
            return "it closed the connection"
        case _:
            words = " ".join(str(error).split())[:LONGEST]
            return words if words and "://" not in words else type(error).__name__
