"""The word that goes to a person whose check-in is due: harmless, whoever reads it over their shoulder."""

from collections.abc import Mapping
from types import MappingProxyType

from protocol.priming import Language

REMINDERS: Mapping[Language, str] = MappingProxyType(
    {
        Language.ENGLISH: "How are you? Please check in when you can.",
        Language.BURMESE: "နေကောင်းလား။ အဆင်ပြေတဲ့အချိန် သတင်းပို့ပေးပါ။",
        Language.KHMER: "សុខសប្បាយទេ? សូមរាយការណ៍ខ្លួនពេលអាចធ្វើបាន។",
        Language.THAI: "สบายดีไหม กรุณารายงานตัวเมื่อสะดวก",
        Language.LAO: "ສະບາຍດີບໍ? ກະລຸນາລາຍງານຕົວເມື່ອສະດວກ.",
        Language.INDONESIAN: "Apa kabar? Tolong beri kabar kalau bisa.",
        Language.FILIPINO: "Kumusta ka? Magbigay ng balita kapag kaya mo.",
        Language.VIETNAMESE: "Bạn có khỏe không? Hãy báo tin khi có thể nhé.",
    }
)
"""Not reviewed by native speakers, except the English."""
