"""Chromium's managed policy: one page, a microphone for it, and nothing else."""

from protocol.documents import Json

_OFF = 2
"""What Chromium's enumerated policies call "never", where 1 is "always" and 3 is "ask"."""


def chromium_policy(url: str) -> dict[str, Json]:
    """Return the policy for a screen that shows what is under `url`, an origin without a slash at its end."""
    return {
        "URLBlocklist": ["*", "chrome://*", "file://*", "view-source:*"],
        "URLAllowlist": [url],
        "AudioCaptureAllowed": False,
        "AudioCaptureAllowedUrls": [url],
        "VideoCaptureAllowed": False,
        "ScreenCaptureAllowed": False,
        "AutoplayAllowed": True,
        **_NOTHING_IS_KEPT,
        **_NOTHING_IS_REACHED,
        **_NOTHING_IS_OFFERED,
    }


_NOTHING_IS_KEPT: dict[str, Json] = {
    "PasswordManagerEnabled": False,
    "AutofillAddressEnabled": False,
    "AutofillCreditCardEnabled": False,
    "PaymentMethodQueryEnabled": False,
    "SavingBrowserHistoryDisabled": True,
    "BlockThirdPartyCookies": True,
    # Downloads: none at all. A file dialogue would show the disk.
    "DownloadRestrictions": 3,
    "AllowFileSelectionDialogs": False,
    "PrintingEnabled": False,
    "RestoreOnStartup": 5,
}

_NOTHING_IS_REACHED: dict[str, Json] = {
    "SyncDisabled": True,
    "BrowserSignin": 0,
    "MetricsReportingEnabled": False,
    "SafeBrowsingProtectionLevel": 0,
    "ComponentUpdatesEnabled": False,
    "SearchSuggestEnabled": False,
    "DefaultSearchProviderEnabled": False,
    "NetworkPredictionOptions": _OFF,
    "DnsOverHttpsMode": "off",
    "DomainReliabilityAllowed": False,
    "BackgroundModeEnabled": False,
    "DefaultGeolocationSetting": _OFF,
    "DefaultNotificationsSetting": _OFF,
    "DefaultPopupsSetting": _OFF,
    "DefaultWebUsbGuardSetting": _OFF,
    "DefaultWebBluetoothGuardSetting": _OFF,
    "DefaultSerialGuardSetting": _OFF,
    "DefaultWebHidGuardSetting": _OFF,
    "DefaultFileSystemReadGuardSetting": _OFF,
}

_NOTHING_IS_OFFERED: dict[str, Json] = {
    "DeveloperToolsAvailability": _OFF,
    "RemoteDebuggingAllowed": False,
    "IncognitoModeAvailability": 1,
    "BrowserGuestModeEnabled": False,
    "BrowserAddPersonEnabled": False,
    "ExtensionInstallBlocklist": ["*"],
    "TaskManagerEndProcessEnabled": False,
    "BookmarkBarEnabled": False,
    "EditBookmarksEnabled": False,
    "DefaultBrowserSettingEnabled": False,
    "PromotionsEnabled": False,
    "TranslateEnabled": False,
    "SpellcheckEnabled": False,
    "UserFeedbackAllowed": False,
    "LensRegionSearchEnabled": False,
    "GenAiDefaultSettings": _OFF,
}
