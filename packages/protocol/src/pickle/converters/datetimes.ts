// All of the datetime module.

import type { RegisteredClass } from "../classes.js";
import { date } from "./date.js";
import { dateTime } from "./datetime.js";
import { time } from "./time.js";
import { timeDelta } from "./timedelta.js";
import { timeZone } from "./timezone.js";

/** The classes of Python's `datetime` module: datetime, date, time, timedelta and timezone. */
export const datetimes: readonly RegisteredClass[] = [dateTime, date, time, timeDelta, timeZone];
