import { containerOptions } from "./container-options.ts";
import type { Option } from "./option.ts";
import { runOptions } from "./run-options.ts";
import { serveOptions } from "./serve-options.ts";
import { surroundingOptions } from "./surrounding-options.ts";

/** The one table of settings, by a name for the code; the order is that of --help and of the documentation. */
export const options = { ...runOptions, ...containerOptions, ...serveOptions, ...surroundingOptions };

/** The table's rows. */
export const optionList: readonly Option<unknown>[] = Object.values(options);
