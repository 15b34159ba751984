"""The units of systemd, the users they run as, and the program that the screen starts."""

from vessel_client.kiosk.plan import SCREEN_FOLDER, SCREEN_PROGRAM, KioskPlan
from vessel_client.store.names import DATABASE_FILE, SERVICE_FOLDER

_HARDENED = """\
NoNewPrivileges=yes
PrivateTmp=yes
ProtectHome=yes
ProtectControlGroups=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectHostname=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
UMask=0077
"""
"""What neither unit may do. The screen needs namespaces for Chromium's own sandbox, and graphics."""


_SERIAL_PORTS = ("char-ttyUSB", "char-ttyACM", "char-ttyAMA", "char-ttyS")
"""What a satellite modem may be, by the kernel's names for kinds of devices."""


def service_unit(plan: KioskPlan) -> str:
    """Return the unit of the box itself, with what this machine needs and no more."""
    devices = _allowed(plan.modem) if plan.modem else "DevicePolicy=closed\nPrivateDevices=yes\n"
    return _service_unit(str(plan.program), plan.service_user, devices, low_port=plan.needs_low_port)


def packaged_unit(program: str, user: str) -> str:
    """Return the unit that the Debian package brings, for modems and phones that may come."""
    return _service_unit(program, user, _allowed(*_SERIAL_PORTS), low_port=True)


def _allowed(*devices: str) -> str:
    lines = "".join(f"DeviceAllow={device} rw\n" for device in devices)
    return f"DevicePolicy=closed\n{lines}SupplementaryGroups=dialout\n"


def _service_unit(program: str, user: str, devices: str, *, low_port: bool) -> str:
    capability = "CAP_NET_BIND_SERVICE" if low_port else ""
    return f"""\
[Unit]
Description=SeaVoice box: keeps sealed messages and carries them when there is a link
After=network.target
# Until `seavoice-vessel init` has made this machine a box there is nothing to run.
ConditionPathExists={SERVICE_FOLDER}/{DATABASE_FILE}
# It never gives up: a box at sea has nobody who would start it again.
StartLimitIntervalSec=0

[Service]
Type=exec
User={user}
Environment=SEAVOICE_VESSEL_DATA={SERVICE_FOLDER}
ExecStart={program} serve
# A new certificate for phones is taken without a stop.
ExecReload=/bin/kill -HUP $MAINPID
Restart=always
RestartSec=3
StateDirectory=seavoice-vessel
StateDirectoryMode=0700
MemoryMax=384M
TasksMax=64
# The browser of the same machine goes first when memory ends: what waits in it is kept sealed.
OOMScoreAdjust=-500
ProtectSystem=strict
{devices}{_HARDENED}ProtectClock=yes
ProtectProc=invisible
ProcSubset=pid
PrivateMounts=yes
PrivateIPC=yes
RemoveIPC=yes
KeyringMode=private
MemoryDenyWriteExecute=yes
RestrictNamespaces=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
CapabilityBoundingSet={capability}
AmbientCapabilities={capability}

[Install]
WantedBy=multi-user.target
"""


def screen_unit(plan: KioskPlan) -> str:
    """Return the unit of the screen."""
    return f"""\
[Unit]
Description=SeaVoice screen: the fisher's page, and nothing else
Wants=seavoice-vessel.service dbus.socket systemd-logind.service
After=seavoice-vessel.service systemd-user-sessions.service dbus.socket systemd-logind.service
After=getty@tty1.service plymouth-quit-wait.service
Conflicts=getty@tty1.service
ConditionPathExists=/dev/tty0
StartLimitIntervalSec=0

[Service]
Type=simple
User={plan.screen_user}
PAMName=login
TTYPath=/dev/tty1
TTYReset=yes
TTYVHangup=yes
TTYVTDisallocate=yes
StandardInput=tty-fail
UtmpIdentifier=tty1
UtmpMode=user
ExecStart=/bin/sh {SCREEN_PROGRAM}
Restart=always
RestartSec=2
StateDirectory=seavoice-screen
StateDirectoryMode=0700
MemoryMax=75%
OOMPolicy=stop
# The page is on this machine, and nothing else concerns the screen.
IPAddressDeny=any
IPAddressAllow=localhost
ProtectSystem=full
{_HARDENED}CapabilityBoundingSet=

[Install]
WantedBy=multi-user.target
"""


def screen_program(plan: KioskPlan) -> str:
    """Return the program of the screen: a profile wiped but for sealed messages, then one page for ever."""
    return f"""\
#!/bin/sh
# Starts the screen with a clean profile. Only what the page keeps sealed stays: recordings that were not
# finished and messages that the box has not taken yet. A power cut in between loses neither.
set -eu
folder="${{STATE_DIRECTORY:-{SCREEN_FOLDER}}}"
profile="$folder/profile"
kept="$folder/kept"
sealed="Default/IndexedDB"
if [ -d "$profile/$sealed" ]; then
    rm -rf "$kept"
    mv "$profile/$sealed" "$kept"
fi
rm -rf "$profile"
mkdir -p "$profile/Default"
if [ -d "$kept" ]; then
    mv "$kept" "$profile/$sealed"
fi
exec cage -d -- chromium \\
    --kiosk --user-data-dir="$profile" --ozone-platform=wayland \\
    --no-first-run --noerrdialogs --disable-infobars --hide-crash-restore-bubble \\
    --password-store=basic --disable-pinch --overscroll-history-navigation=0 \\
    {plan.url}/
"""


def users(plan: KioskPlan) -> str:
    """Return what makes both users, for systemd-sysusers."""
    groups = [(plan.screen_user, group) for group in ("audio", "video", "render", "input")]
    if plan.modem:
        groups.append((plan.service_user, "dialout"))
    members = "".join(f"m {user} {group}\n" for user, group in groups)
    return f"""\
u {plan.service_user} - "SeaVoice box" {SERVICE_FOLDER} -
u {plan.screen_user} - "SeaVoice screen" {SCREEN_FOLDER} -
{members}"""


def name_on_board(plan: KioskPlan) -> str:
    """Return what leads phones to the box: a line of avahi for a name in .local, else one of dnsmasq."""
    if plan.is_certified:
        return f"# Phones on this Wi-Fi are led here.\nhost-record={plan.name},{plan.address}\n"
    return f"{plan.address} {plan.name}\n"
