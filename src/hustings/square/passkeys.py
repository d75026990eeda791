"""Passkeys by py_webauthn: making one, and signing in without naming oneself first (discoverable credentials).

The attack: an answer played again, or made for another site. A challenge is used once and lives five minutes; the
site's own origin and id are checked by the library.
"""

import json
from typing import Any

import msgspec
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from hustings.base.clock import Clock
from hustings.base.errors import NotFound
from hustings.base.ids import new_id
from hustings.square.errors import PasskeyRefused
from hustings.store.store import Store, Work
from hustings.store.values import Account, Challenge, Passkey

CHALLENGE_AGE = 300.0  # seconds
MAKE, SIGN_IN = "make", "sign-in"
REFUSED = "The passkey was not accepted. Try again, or sign in with your password."


class NoSuchPasskey(NotFound):
    code = "no_such_passkey"


class Site(msgspec.Struct, frozen=True):
    """Where the browser believes it is: `host` without port is WebAuthn's RP id."""

    host: str
    origin: str


class Passkeys:
    """The two ceremonies, and the list."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    async def options_to_make(self, account: Account, site: Site) -> dict[str, Any]:
        async with self._store.write() as work:
            known = await work.passkeys.of(account.id)
            options = generate_registration_options(
                rp_id=site.host,
                rp_name="Hustings",
                user_id=account.id.encode(),
                user_name=account.name,
                user_display_name=account.display_name,
                exclude_credentials=[PublicKeyCredentialDescriptor(id=key.credential_id) for key in known],
                authenticator_selection=AuthenticatorSelectionCriteria(
                    resident_key=ResidentKeyRequirement.REQUIRED,
                    user_verification=UserVerificationRequirement.PREFERRED,
                ),
            )
            await self._remember(work, options.challenge, MAKE, account.id)
        return dict(json.loads(options_to_json(options)))

    async def make(self, account: Account, credential: dict[str, Any], label: str, site: Site) -> Passkey:
        challenge = await self._challenge(credential, MAKE)
        if challenge.account_id != account.id:
            raise PasskeyRefused(REFUSED)
        try:
            verified = verify_registration_response(
                credential=credential,
                expected_challenge=base64url_to_bytes(challenge.id),
                expected_rp_id=site.host,
                expected_origin=site.origin,
            )
        except WebAuthnException as error:
            raise PasskeyRefused(REFUSED) from error
        now = self._clock.now()
        passkey = Passkey(
            new_id(now), account.id, verified.credential_id, verified.credential_public_key, verified.sign_count,
            label.strip()[:80] or "Passkey", now,
        )  # fmt: skip
        async with self._store.write() as work:
            return await work.passkeys.add(passkey)

    async def options_to_sign_in(self, site: Site) -> dict[str, Any]:
        options = generate_authentication_options(rp_id=site.host)
        async with self._store.write() as work:
            await self._remember(work, options.challenge, SIGN_IN, None)
        return dict(json.loads(options_to_json(options)))

    async def sign_in(self, credential: dict[str, Any], site: Site) -> Account:
        challenge = await self._challenge(credential, SIGN_IN)
        async with self._store.read() as work:
            passkey = await work.passkeys.by_credential(_credential_id(credential))
            account = await work.accounts.get(passkey.account_id) if passkey else None
        if passkey is None or account is None:
            raise PasskeyRefused("This passkey is not known here. It may have been removed; sign in another way.")
        try:
            verified = verify_authentication_response(
                credential=credential,
                expected_challenge=base64url_to_bytes(challenge.id),
                expected_rp_id=site.host,
                expected_origin=site.origin,
                credential_public_key=passkey.public_key,
                credential_current_sign_count=passkey.sign_count,
            )
        except WebAuthnException as error:
            raise PasskeyRefused(REFUSED) from error
        used = msgspec.structs.replace(passkey, sign_count=verified.new_sign_count, last_used_at=self._clock.now())
        async with self._store.write() as work:
            await work.passkeys.put(used)
        return account

    async def of(self, account: Account) -> tuple[Passkey, ...]:
        async with self._store.read() as work:
            return await work.passkeys.of(account.id)

    async def remove(self, account: Account, passkey_id: str) -> None:
        async with self._store.write() as work:
            passkey = await work.passkeys.get(passkey_id)
            if passkey is None or passkey.account_id != account.id:
                raise NoSuchPasskey("You have no such passkey; it may be removed already.")
            await work.passkeys.remove(passkey_id)

    async def _remember(self, work: Work, challenge: bytes, purpose: str, account_id: str | None) -> None:
        now = self._clock.now()
        await work.challenges.forget_old(now)
        await work.challenges.add(Challenge(bytes_to_base64url(challenge), purpose, now + CHALLENGE_AGE, account_id))

    async def _challenge(self, credential: dict[str, Any], purpose: str) -> Challenge:
        async with self._store.write() as work:
            challenge = await work.challenges.take(_challenge_of(credential))
        if challenge is None or challenge.purpose != purpose or challenge.expires_at <= self._clock.now():
            raise PasskeyRefused("That took too long, or was answered already. Try again.")
        return challenge


def _challenge_of(credential: dict[str, Any]) -> str:
    try:
        client_data = json.loads(base64url_to_bytes(credential["response"]["clientDataJSON"]))
        return str(client_data["challenge"])
    except (KeyError, TypeError, ValueError) as error:
        raise PasskeyRefused(REFUSED) from error


def _credential_id(credential: dict[str, Any]) -> bytes:
    try:
        return base64url_to_bytes(credential["id"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise PasskeyRefused(REFUSED) from error
