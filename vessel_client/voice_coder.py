"""Codes one voice note and ends: `python -m vessel_client.voice_coder encode 16000 <samples >frames`.

The service starts it for the box's own screen, so that the sound libraries are in memory only while somebody
needs them, and the sound is in a process that ends. It writes nothing but its answer.
"""

import sys
from collections.abc import Callable

from protocol.errors import ProtocolError
from vessel_client.coder_answers import EXIT_REFUSED, VOICE_MISSING


def main(arguments: list[str], data: bytes) -> bytes:
    """Return coded frames for `encode RATE`, samples for `decode`; both as plain bytes.

    Raises: ProtocolError.
    """
    # Loaded here, so that a box without these libraries gets a sentence instead of a failed import.
    from protocol.speech.denoise import denoise
    from protocol.speech.sound import pcm_of, require_audible, sound_of_pcm
    from protocol.speech.thin import FRAME_BYTES, decode_thin, encode_thin

    if arguments[0] == "decode":
        frames = [data[at : at + FRAME_BYTES] for at in range(0, len(data), FRAME_BYTES)]
        return pcm_of(decode_thin(frames))
    sound = sound_of_pcm(data, int(arguments[1]))
    require_audible(sound)
    return b"".join(encode_thin(denoise(sound)))


def _run(code: Callable[[list[str], bytes], bytes]) -> int:
    try:
        sys.stdout.buffer.write(code(sys.argv[1:], sys.stdin.buffer.read()))
    except ProtocolError as reason:
        sys.stderr.write(f"{reason.code} {reason}\n")
        return EXIT_REFUSED
    except ImportError:
        sys.stderr.write(f"{VOICE_MISSING} The sound libraries are not installed on this box.\n")
        return EXIT_REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(_run(main))
