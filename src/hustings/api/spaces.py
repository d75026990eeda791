"""Spaces: making, showing, moving through their life, deleting."""

from fastapi import APIRouter, Request

from hustings.api import models, uploads, views
from hustings.api.auth import Who
from hustings.api.services import Town
from hustings.base.errors import HustingsError
from hustings.spaces.permissions import Action
from hustings.spaces.spaces import Draft

router = APIRouter(prefix="/api/v1/spaces", tags=["spaces"])


@router.post("", status_code=201)
async def create(body: models.NewSpace, request: Request, town: Town, who: Who) -> views.Json:
    draft = Draft(body.title, body.description, body.starts_at, body.record)
    return views.space(await town.spaces.create(who, draft, body.speakers), town.base(request))


@router.get("")
async def overview(request: Request, town: Town) -> views.Json:
    base = town.base(request)
    return {
        kind: [views.space(view, base) for view in found] for kind, found in (await town.spaces.overview()).items()
    }


@router.get("/{space_id}")
async def show(space_id: str, request: Request, town: Town, who: Who) -> views.Json:
    return views.space(await town.spaces.view(space_id, who), town.base(request))


@router.patch("/{space_id}")
async def edit(space_id: str, body: models.SpaceChange, request: Request, town: Town, who: Who) -> views.Json:
    draft = Draft(body.title, body.description, body.starts_at, body.record, body.delay, body.mute_echo)
    return views.space(await town.spaces.edit(space_id, who, draft), town.base(request))


@router.delete("/{space_id}", status_code=204)
async def delete(space_id: str, town: Town, who: Who) -> None:
    await uploads.discard(town.uploads, await town.spaces.delete(space_id, who))


@router.post("/{space_id}/doors")
async def doors(space_id: str, request: Request, town: Town, who: Who) -> views.Json:
    return views.space(await town.spaces.step(space_id, who, Action.DOORS), town.base(request))


@router.post("/{space_id}/live")
async def live(space_id: str, request: Request, town: Town, who: Who) -> views.Json:
    return views.space(await town.spaces.step(space_id, who, Action.LIVE), town.base(request))


@router.post("/{space_id}/end")
async def end(space_id: str, request: Request, town: Town, who: Who) -> views.Json:
    return views.space(await town.spaces.step(space_id, who, Action.END), town.base(request))


@router.post("/{space_id}/cancel")
async def cancel(space_id: str, request: Request, town: Town, who: Who) -> views.Json:
    return views.space(await town.spaces.step(space_id, who, Action.CANCEL), town.base(request))


@router.post("/{space_id}/hold")
async def hold(space_id: str, body: models.Switch, request: Request, town: Town, who: Who) -> views.Json:
    return views.space(await town.spaces.hold(space_id, who, on=body.on), town.base(request))


@router.post("/{space_id}/silence")
async def silence(space_id: str, body: models.Switch, request: Request, town: Town, who: Who) -> views.Json:
    """On: a silence is intended and is heard. Off: after 15 s of it the hold sound comes."""
    return views.space(await town.spaces.silence(space_id, who, intended=body.on), town.base(request))


@router.patch("/{space_id}/replay")
async def replay(space_id: str, body: models.ReplayChange, request: Request, town: Town, who: Who) -> views.Json:
    view = await town.spaces.trim_replay(space_id, who, trim_start=body.trim_start)
    return views.space(view, town.base(request))


@router.post("/{space_id}/preshow")
async def preshow(space_id: str, request: Request, town: Town, who: Who) -> views.Json:
    """Music for the time between doors and start: multipart, field `file`, up to 100 MB."""
    await town.spaces.may_upload(space_id, who)
    name = await uploads.receive(request, town.uploads, space_id, town.clock.now())
    try:
        view, before = await town.spaces.set_preshow(space_id, who, name)
    except HustingsError:
        await uploads.discard(town.uploads, name)
        raise
    await uploads.discard(town.uploads, before)
    return views.space(view, town.base(request))


@router.delete("/{space_id}/preshow")
async def no_preshow(space_id: str, request: Request, town: Town, who: Who) -> views.Json:
    view, before = await town.spaces.set_preshow(space_id, who, None)
    await uploads.discard(town.uploads, before)
    return views.space(view, town.base(request))
