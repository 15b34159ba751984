// @ts-check
/** The weather page by itself, loaded anew after somebody left quickly: it knows nothing of a visit. */

import { showCover } from "./cover.js";
import { forgetLanguage } from "./i18n.js";

void forgetLanguage().then(showCover);
