"""Keys for targets that sign. They never change, so that an input that was found can be tried again."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPrivateNumbers, RSAPublicNumbers

_EXPONENT = 65_537
_P = int(
    "e88123669ab90fb51c79e487e7083ecd3f9669ecdd4eedd727d6361c274a0c07"
    "b7add9a6e1bbebc797f5f5164beab757f29b761b2ae20b776f0218a8e62458ed"
    "2d941005091c202406036a13457f0a38f31534f8d5b31ca57a867dcf9cf90cd6"
    "643cbe5ee01bb794911a131d1ffd2125bb3ca4dd6c7c7f9b035605454e273663",
    16,
)
_Q = int(
    "dca93fbd9ab491ae77c952c4a4593f3d3b191a463b95462a2b874a64b6b6c867"
    "a3aa9af40057a37b3dd33c9657d97001da0b04f13fac9e57dee3277289c17cd1"
    "d2369bfd7d64817b8e4cdc5c84383f1c308cfd454f84040f1bfcde8ddfff30b4"
    "4af7bf3bb77ab33e152c7ba8aad527e4f1fb5d0c99229546f15f6a2f75cfc135",
    16,
)


def rsa_key() -> RSAPrivateKey:
    """Return a key of an imagined satellite operator."""
    private = pow(_EXPONENT, -1, (_P - 1) * (_Q - 1))
    return RSAPrivateNumbers(
        p=_P,
        q=_Q,
        d=private,
        dmp1=private % (_P - 1),
        dmq1=private % (_Q - 1),
        iqmp=pow(_Q, -1, _P),
        public_numbers=RSAPublicNumbers(e=_EXPONENT, n=_P * _Q),
    ).private_key()


def ed25519_key() -> Ed25519PrivateKey:
    """Return a key of an imagined desk."""
    return Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
