"""How a player gets a file: redirects are followed, and nothing but the whole file is an answer.

It asks once, and neither keeps nor reads what it gets.
"""

import httpx

from hustings.clients.errors import away, refusal


async def fetch(http: httpx.AsyncClient, url: str, within: float) -> httpx.Response:
    """`within`: seconds a server may say nothing. Raises ServerAway, or the error that the status stands for."""
    try:
        response = await http.get(url, follow_redirects=True, timeout=within)
    except httpx.HTTPError as error:
        raise away(error, url) from error
    if response.status_code != 200:
        raise refusal(response)
    return response
