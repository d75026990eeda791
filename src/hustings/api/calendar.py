"""A Space's calendar file, for anybody."""

from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response

from hustings.api.services import Town
from hustings.spaces.calendar import calendar_of
from hustings.square.principal import NOBODY

router = APIRouter(tags=["calendar"])


@router.get("/spaces/{space_id}/calendar.ics")
async def calendar(space_id: str, request: Request, town: Town) -> Response:
    view = await town.spaces.view(space_id, NOBODY)
    base = town.base(request)
    body = calendar_of(
        view.space, f"{base}/spaces/{space_id}", urlsplit(base).hostname or "localhost", town.clock.now()
    )
    headers = {"content-disposition": f'attachment; filename="{space_id}.ics"', "cache-control": "max-age=60"}
    return Response(body, media_type="text/calendar; charset=utf-8", headers=headers)
