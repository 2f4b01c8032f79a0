// What timers can count.

/** The most milliseconds that a timer counts, in Node and in browsers: with more it would be over at once. */
export const MAX_TIMER_MS: number = 2 ** 31 - 1;
