"""Making a passkey, and signing in with one. What a vote needs is not here: the rules see to that.

A sign-in is checked by the same function as a vote, over words that no vote can have. A registration is read by a
library; where the device comes from is not asked, because whom it belongs to is known by the link.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from webauthn import verify_registration_response
from webauthn.helpers import decode_credential_public_key
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.decoded_public_key_to_cryptography import decoded_public_key_to_cryptography
from webauthn.helpers.exceptions import WebAuthnException

from cli.answers import Exit, Refusal
from tidegate import keys, passkey
from tidegate.models.person import Passkey

if TYPE_CHECKING:
    from collections.abc import Iterable

    from desk.settings import Settings

_ALGORITHMS = [
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
"""Those that the rules can verify."""
_PATIENCE = 120_000
"""Milliseconds that a browser waits for somebody to find their key."""
_ID = re.compile(r"^[A-Za-z0-9_-]{16,1400}$")


def spelled(said: bytes) -> str:
    """Write bytes as base64url, as browsers do."""
    return base64.urlsafe_b64encode(said).decode().rstrip("=")


def creation(settings: Settings, person: str, name: str, challenge: bytes, have: Iterable[Passkey]) -> dict[str, Any]:
    """Return what a browser is asked to make."""
    handle = hashlib.sha256(f"tidegate-desk\0{settings.site}\0{person}".encode()).digest()
    return {
        "challenge": spelled(challenge),
        "rp": {"id": settings.site, "name": "Tidegate review desk"},
        "user": {"id": spelled(handle), "name": person, "displayName": name},
        "pubKeyCredParams": [{"type": "public-key", "alg": int(one)} for one in _ALGORITHMS],
        "authenticatorSelection": {"userVerification": "required", "residentKey": "preferred"},
        "excludeCredentials": [{"type": "public-key", "id": one.id} for one in have],
        "attestation": "none",
        "timeout": _PATIENCE,
    }


def asking(settings: Settings, challenge: bytes, allowed: Iterable[str] = ()) -> dict[str, Any]:
    """Return what a browser is asked to sign, and with which passkeys; none named lets the person choose."""
    return {
        "challenge": spelled(challenge),
        "rpId": settings.site,
        "userVerification": "required",
        "allowCredentials": [{"type": "public-key", "id": one} for one in allowed],
        "timeout": _PATIENCE,
    }


def made(settings: Settings, challenge: bytes, said: str) -> Passkey:
    """Return the passkey that a browser has made; raise Refusal if it has made none that could be signed with."""
    try:
        seen = verify_registration_response(
            credential=said,
            expected_challenge=challenge,
            expected_rp_id=settings.site,
            expected_origin=settings.origin,
            require_user_verification=True,
            supported_pub_key_algs=_ALGORITHMS,
        )
        public = decoded_public_key_to_cryptography(decode_credential_public_key(seen.credential_public_key))
        key = spelled(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
        return Passkey(id=spelled(seen.credential_id), key=key, site=settings.site)
    except (WebAuthnException, ValueError, KeyError, TypeError, RecursionError) as error:
        raise Refusal(
            f"what the browser sent is no passkey that can be signed with here ({type(error).__name__})",
            "Open the link again, and let the device ask for your fingerprint, face or PIN.",
            Exit.NO,
        ) from None


def sign_in(nonce: str) -> bytes:
    """Return the words that somebody signs to come in; no vote is ever spelled like that."""
    return f"tidegate-desk/sign-in\n{nonce}\n".encode()


def came_in(settings: Settings, proof: str, key: Passkey, nonce: str) -> bool:
    """Whether somebody has signed in with this passkey, at this very desk."""
    return passkey.verifies(proof, key, sign_in(nonce)) and _origin(proof) == settings.origin


def credential(proof: str) -> str:
    """Return which passkey an assertion says that it was made with; nothing if it says none."""
    try:
        found = passkey.credential(proof)
    except (ValueError, RecursionError):
        return ""
    return found if _ID.match(found) else ""


def _origin(proof: str) -> str:
    return str(json.loads(keys.unpadded(json.loads(proof)["client"])).get("origin"))
