"""`seavoice-vessel serve`: runs the box until it is told to stop."""

from protocol.provisioning import BearerKind
from vessel_client.commands.terminal import Surroundings, say
from vessel_client.lean import leave_out_compiled_lists, leave_out_tls
from vessel_client.settings import Settings
from vessel_client.store.peek import stored_urls


def run(surroundings: Surroundings) -> None:
    """Run the service.

    Raises: NotInitialised, StoreFailed, PortInUse.
    """
    leave_out_compiled_lists()
    if not needs_tls(surroundings.settings):
        leave_out_tls()
    # Only now: these load asyncio and aiohttp, which would load what was left out.
    import asyncio

    from vessel_client.app import serve
    from vessel_client.log import start_logging

    start_logging()
    asyncio.run(serve(surroundings.settings, lambda url: say(f"ready: {url}")))


def needs_tls(settings: Settings) -> bool:
    """Return whether the box serves phones by TLS, or reaches its relay by TLS, or might."""
    if settings.serves_phones():
        return True
    chosen = settings.bearer(BearerKind.WEBSOCKET)
    if not chosen.enabled:
        return False
    urls = stored_urls(settings.data_dir)
    if urls is None:
        return True
    return (chosen.url or urls.get(BearerKind.WEBSOCKET.value, "")).startswith("wss:")
